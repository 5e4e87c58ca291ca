#include "gateway/client/http_client.hpp"
#include "protocol/json.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace troupe;
using namespace troupe::test;
using std::chrono::milliseconds;

TEST_CASE("client: a request and its answer", "[gateway]") {
  edge_lab lab;
  lab.start();
  auto const url = lab.server->url();
  auto const r = http_request("POST", url + "/echo?x=1", {{"Content-Type", "application/json"}},
                              R"({"a":[1,2]})");
  REQUIRE(r.has_value());
  CHECK(r->status == 200);
  CHECK(r->headers.at("content-type") == "application/json");
  CHECK(json::parse(r->body)->at("json").at("a").as_array().size() == 2);
  CHECK(http_request("GET", url + "/nothing", {}, "")->status == 404);
  CHECK(http_request("HEAD", url + "/hello", {}, "")->status == 200);
  CHECK(http_request("GET", url, {}, "")->status == 404);
}

TEST_CASE("client: an early refusal of a large body is the answer", "[gateway]") {
  edge_lab lab;
  lab.start();
  auto const r = http_request("POST", lab.server->url() + "/echo",
                              {{"Content-Type", "application/json"}}, std::string(20'000'000, 'x'));
  REQUIRE(r.has_value());
  CHECK(r->status == 413);
}

TEST_CASE("client: nobody there says what to do", "[gateway]") {
  std::string url;
  {
    edge_lab lab;
    lab.start();
    url = lab.server->url();
  }
  auto const r = http_request("GET", url + "/hello", {}, "");
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::unavailable);
  CHECK(r.error().message == "no server at " + url + "; start one with `troupe serve`");
  CHECK(http_request("GET", "nonsense", {}, "").error().code == errc::invalid_argument);
  CHECK(http_request("GET", "ftp://localhost/", {}, "").error().code == errc::invalid_argument);
}

TEST_CASE("client: a silent server is a timeout", "[gateway]") {
  reply kept; // outlives the server, whose threads assign it
  edge_lab lab;
  lab.json("GET", "/never", [&](request const&, reply answer) { kept = std::move(answer); });
  lab.start();
  auto const r = http_request("GET", lab.server->url() + "/never", {}, "", milliseconds{100});
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::timeout);
}

TEST_CASE("client: events are followed over reconnections", "[gateway]") {
  edge_lab lab;
  std::atomic<int> connections{0};
  lab.sse("/events", [&](request const& r, std::shared_ptr<event_stream> const& s) {
    ++connections;
    auto const last = std::string{r.headers.get("Last-Event-ID")};
    int const from = last.empty() ? 1 : std::stoi(last) + 1;
    for (int i = from; i < from + 3; ++i)
      s->send(std::to_string(i), "tick", "line one\nline " + std::to_string(i));
    s->close("rotate", true);
  });
  lab.start();
  std::atomic<bool> stop{false};
  std::vector<stream_event> got;
  auto const done = stream_events(
      lab.server->url() + "/events", {},
      [&](stream_event const& e) {
        if (e.event == "tick")
          got.push_back(e);
        if (got.size() == 9)
          stop = true;
      },
      stop);
  CHECK(done.has_value());
  REQUIRE(got.size() == 9);
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].id == std::to_string(i + 1));
    CHECK(got[i].data == "line one\nline " + std::to_string(i + 1));
  }
  CHECK(connections == 3);
}

TEST_CASE("client: a refused stream is an error and not repeated", "[gateway]") {
  edge_lab lab;
  lab.sse(
      "/events", [](request const&, std::shared_ptr<event_stream> const& s) { s->open(); },
      role::viewer);
  lab.start();
  std::atomic<bool> stop{false};
  auto const r = stream_events(
      lab.server->url() + "/events", {}, [](stream_event const&) {}, stop);
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::unauthorized);
}

TEST_CASE("client: stop ends a quiet stream", "[gateway]") {
  edge_lab lab;
  lab.sse("/events", [](request const&, std::shared_ptr<event_stream> const& s) { s->open(); });
  lab.start();
  std::atomic<bool> stop{false};
  std::thread follower{[&] {
    (void)stream_events(
        lab.server->url() + "/events", {}, [](stream_event const&) {}, stop);
  }};
  CHECK(eventually([&] { return lab.server->now().streams == 1; }));
  stop = true;
  follower.join();
  CHECK(eventually([&] { return lab.server->now().streams == 0; }));
}

TEST_CASE("tls: requests, streams and strangers", "[gateway]") {
  certificate_files files;
  edge_lab lab;
  lab.settings.tls_certificate = files.certificate;
  lab.settings.tls_key = files.key;
  lab.sse("/events", [](request const&, std::shared_ptr<event_stream> const& s) {
    s->send("1", "tick", "secure");
    s->close("done", false);
  });
  lab.start();
  auto const url = lab.server->url();
  CHECK(url.substr(0, 8) == "https://");

  ::unsetenv("SSL_CERT_FILE");
  auto const stranger = http_request("GET", url + "/hello", {}, "");
  REQUIRE(stranger.has_error());
  CHECK(stranger.error().message.find("not trusted") != std::string::npos);

  ::setenv("SSL_CERT_FILE", files.certificate.c_str(), 1);
  auto const known = http_request("GET", url + "/hello", {}, "");
  REQUIRE(known.has_value());
  CHECK(known->status == 200);
  CHECK(known->headers.count("strict-transport-security") == 1);

  auto const large = http_request("POST", url + "/raw", {}, std::string(900'000, 'x'));
  REQUIRE(large.has_value());
  CHECK(json::parse(large->body)->at("bytes").as_int64() == 900'000);

  std::atomic<bool> stop{false};
  std::string data;
  CHECK(stream_events(
            url + "/events", {},
            [&](stream_event const& e) {
              if (e.event == "tick")
                data = e.data;
              stop = true;
            },
            stop)
            .has_value());
  CHECK(data == "secure");
  ::unsetenv("SSL_CERT_FILE");

  // Plain HTTP to a TLS port: no crash, no answer in the clear.
  raw_connection plain{lab.port()};
  plain.send(lab.get("/hello"));
  CHECK(plain.read_to_end());
  CHECK(plain.pending().find("HTTP/1.1 200") == std::string::npos);

  // Old protocol versions are refused; curl says so with exit code 35.
  auto const old = "curl -s -k --tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 " + url +
                   "/hello >/dev/null 2>&1";
  CHECK(WEXITSTATUS(std::system(old.c_str())) == 35); // NOLINT(concurrency-mt-unsafe): test's own
  auto const curl = "curl -s --cacert " + files.certificate + " " + url + "/hello >/dev/null";
  CHECK(std::system(curl.c_str()) == 0); // NOLINT(concurrency-mt-unsafe): test's own
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
}
