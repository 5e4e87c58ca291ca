#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A self-signed certificate for this machine, made by the program that people use for it.
struct certificate {
  explicit certificate(std::filesystem::path const& folder)
      : chain((folder / "cert.pem").string()), key((folder / "key.pem").string()) {
    auto const r = run_program(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", chain},
        {{"PATH", "/usr/bin:/bin"}}, {}, folder);
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
  }
  std::string chain, key;
};

} // namespace

TEST_CASE("tls: a daemon enrols and links over wss, and strangers' certificates stop it", "[api]") {
  temporary_folder home;
  certificate const files{home.path()};
  auto const data = home.path() / "data";
  auto const port = free_port();
  background server{{"serve", "--data", data.string(), "--port", std::to_string(port),
                     "--tls-certificate", files.chain, "--tls-key", files.key},
                    home.path(),
                    home.path() / "server.log"};
  auto const url = "https://localhost:" + std::to_string(port);
  std::map<std::string, std::string> const trusting{
      {"SSL_CERT_FILE", files.chain},
      {"TROUPE_SERVER", url},
      {"TROUPE_TOKEN_FILE", (data / "admin.token").string()}};
  auto const ask = [&](std::vector<std::string> words) {
    return run_troupe(std::move(words), home.path(), trusting);
  };
  REQUIRE(eventually([&] { return ask({"project", "list"}).exit_code == 0; }));

  auto const code = [&] {
    auto const r = ask({"daemon", "code", "--json"});
    REQUIRE(r.exit_code == 0);
    auto const v = json::parse(r.out);
    REQUIRE(v.has_value());
    return text_at(*v, "code");
  };
  auto const machine = (home.path() / "machine").string();
  auto const trust = "daemon.ca_file=" + files.chain;

  // Without the authority nothing is sent, so that the code is still good.
  auto const given = code();
  auto const stranger = run_troupe(
      {"daemon", "enroll", "--data", machine, "--server", url, "--code", given}, home.path());
  CHECK(stranger.exit_code != 0);
  auto const enrolled = run_troupe(
      {"daemon", "enroll", "--data", machine, "--server", url, "--code", given, "--set", trust},
      home.path());
  INFO(enrolled.err);
  REQUIRE(enrolled.exit_code == 0);

  auto const status = [&](std::string const& wanted) {
    return eventually([&] {
      auto const v = json::parse(ask({"daemon", "list", "--json"}).out);
      if (!v || !v->is_object() || v->at("items").as_array().empty())
        return false;
      return text_at(v->at("items").as_array().front(), "status") == wanted;
    });
  };
  {
    background daemon{{"daemon", "run", "--data", machine, "--command", "true", "--set", trust},
                      home.path(),
                      home.path() / "daemon.log"};
    INFO(text_of(home.path() / "daemon.log"));
    CHECK(status("online")); // hello and welcome went through: both ways, over TLS
    CHECK(daemon.stop() == 0);
  }
  CHECK((status("offline") || status("suspect")));
  CHECK(server.stop() == 0);
}
