#include "daemon/link_client.hpp"
#include "tests/daemon/lab.hpp"
#include "tests/daemon/link_server.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <thread>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

/// A link client on a thread of its own, with a real spool.
class linked {
public:
  linked(std::string const& server, fs::path const& folder, fs::path const& ca = {},
         std::string token = "trp_test")
      : reports_(spool::open(folder).value()) {
    link_settings s;
    s.who = {daemon_id{"d-test1234"}, std::move(token), server, "ada-laptop"};
    s.slots = 3;
    s.runners = {{"command", "", 3}};
    s.repositories = {"*"};
    s.ca_file = ca;
    s.first_backoff = duration{5};
    s.last_backoff = duration{40};
    link_events e;
    e.order = [this](link::order o) { note([&] { orders_.push_back(std::move(o)); }); };
    e.stop = [this](link::stop x) { note([&] { stops_.push_back(std::move(x)); }); };
    e.answer = [this](link::answer x) { note([&] { answers_.push_back(std::move(x)); }); };
    e.release = [this](link::release x) { note([&] { releases_.push_back(std::move(x)); }); };
    e.held = [] { return std::vector<link::held>{{ticket_id{"b1-7"}, 4}}; };
    e.free_slots = [] { return 2; };
    client_ = std::make_unique<link_client>(std::move(s), *reports_, std::move(e));
    thread_ = std::thread{[this] {
      end_ = client_->run();
      ended_ = true;
    }};
  }
  ~linked() {
    client_->stop();
    if (thread_.joinable())
      thread_.join();
  }
  void report(std::int64_t n) {
    link::started s;
    s.ticket = ticket_id{"b1-1"};
    s.token = n;
    REQUIRE(reports_->append(s).has_value());
    client_->notify();
  }
  [[nodiscard]] std::vector<link::order> orders() {
    std::lock_guard const lock{mutex_};
    return orders_;
  }
  [[nodiscard]] std::size_t others() {
    std::lock_guard const lock{mutex_};
    return stops_.size() + answers_.size() + releases_.size();
  }
  spool& reports() { return *reports_; }
  link_client& client() { return *client_; }
  [[nodiscard]] bool ended() const { return ended_; }
  link_end end() {
    thread_.join();
    return end_;
  }

private:
  void note(std::function<void()> const& what) {
    std::lock_guard const lock{mutex_};
    what();
  }
  std::unique_ptr<spool> reports_;
  std::unique_ptr<link_client> client_;
  std::mutex mutex_;
  std::vector<link::order> orders_;
  std::vector<link::stop> stops_;
  std::vector<link::answer> answers_;
  std::vector<link::release> releases_;
  std::thread thread_;
  std::atomic<bool> ended_{false};
  link_end end_ = link_end::stopped;
};

link::order order(int n, std::int64_t token = 1) {
  link::order o;
  o.ticket = ticket_id{"b1-" + std::to_string(n)};
  o.token = token;
  return o;
}

std::vector<std::int64_t> tokens(link_server const& s) {
  std::vector<std::int64_t> out;
  for (auto const& r : s.all<link::started>())
    out.push_back(r.token);
  return out;
}

std::vector<std::int64_t> up_to(std::int64_t n) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = 1; i <= n; ++i)
    out.push_back(i);
  return out;
}

} // namespace

TEST_CASE("link: says hello, reports, renews by heartbeat, and takes what comes", "[daemon]") {
  scratch const s;
  link_server server;
  linked d{server.url(), s.path()};
  REQUIRE(eventually([&] { return server.connected(); }));
  auto const hello = server.hellos().at(0);
  CHECK(hello.version == link::protocol_version);
  CHECK(hello.daemon.value == "d-test1234");
  CHECK(hello.name == "ada-laptop");
  CHECK(hello.stream == d.reports().stream());
  CHECK(hello.slots == 3);
  CHECK(hello.runners.at(0).profile == "command");
  CHECK(hello.attempts.at(0).token == 4);
  d.report(1);
  server.send(order(1));
  server.send(link::release{ticket_id{"b1-9"}, "DONE"});
  server.send(link::answer{ticket_id{"b1-1"}, 1, {}});
  server.send(link::stop{ticket_id{"b1-1"}, 1, "cancelled"});
  server.send_once(link::stop{ticket_id{"b1-2"}, 1, "the lease is over"});
  CHECK(eventually([&] { return d.orders().size() == 1 && d.others() == 4; }));
  CHECK(eventually([&] { return server.unacknowledged() == 0; }));
  CHECK(eventually([&] { return d.reports().waiting() == 0; }));
  CHECK(tokens(server) == up_to(1));
  REQUIRE(eventually([&] { return server.heartbeats().size() >= 3; }));
  CHECK(server.heartbeats().at(0).attempts.at(0).ticket.value == "b1-7");
  CHECK(server.heartbeats().at(0).free_slots == 2);
  d.client().send_lossy(link::progress{ticket_id{"b1-1"}, 1, "reading"});
  CHECK(eventually([&] { return server.progress().size() == 1; }));
}

TEST_CASE("link: no report is lost, repeated with effect or out of order, however often the "
          "connection is cut",
          "[daemon]") {
  scratch const s;
  link_server::options o;
  o.cut_percent = 8;
  o.seed = GENERATE(1U, 2U, 3U);
  o.heartbeat = duration{15};
  link_server server{o};
  constexpr int reports = 150;
  constexpr int orders = 40;
  {
    linked d{server.url(), s.path()};
    for (int i = 1; i <= reports; ++i) {
      d.report(i);
      if (i <= orders)
        server.send(order(i));
    }
    CHECK(eventually([&] { return tokens(server).size() == reports; }, std::chrono::seconds{60}));
    CHECK(eventually([&] { return d.orders().size() == orders; }, std::chrono::seconds{60}));
    server.set_cut_percent(0);
    CHECK(eventually([&] { return d.reports().waiting() == 0; }));
    CHECK(eventually([&] { return server.unacknowledged() == 0; }));
    auto const got = d.orders();
    REQUIRE(got.size() == orders);
    for (int i = 0; i < orders; ++i)
      CHECK(got[static_cast<std::size_t>(i)].ticket.value == "b1-" + std::to_string(i + 1));
  }
  CHECK(tokens(server) == up_to(reports));
  CHECK(server.gaps() == 0);
  CHECK(server.links() > 5);
}

TEST_CASE("link: a restarted server sends open orders again, and they are taken once", "[daemon]") {
  scratch const s;
  link_server server;
  linked d{server.url(), s.path()};
  server.send(order(1));
  server.send(order(2));
  REQUIRE(eventually([&] { return d.orders().size() == 2; }));
  server.restart({order(1), order(2), order(3)});
  REQUIRE(eventually([&] { return d.orders().size() == 3; }));
  CHECK(eventually([&] { return server.unacknowledged() == 0; }));
  CHECK(d.orders().at(2).ticket.value == "b1-3");
  server.restart({order(3), order(3, 2)});
  REQUIRE(eventually([&] { return d.orders().size() == 4; }));
  CHECK(d.orders().at(3).token == 2);
}

TEST_CASE("link: reports made while the server is away come when it is back, also after a restart "
          "of the daemon",
          "[daemon]") {
  scratch const s;
  {
    linked d{"http://127.0.0.1:1", s.path()}; // nobody listens there
    for (int i = 1; i <= 20; ++i)
      d.report(i);
    CHECK(d.reports().waiting() == 20);
  }
  link_server server;
  linked d{server.url(), s.path()};
  CHECK(eventually([&] { return tokens(server) == up_to(20); }));
  CHECK(eventually([&] { return d.reports().waiting() == 0; }));
}

TEST_CASE("link: what the server has not acknowledged is kept and sent again", "[daemon]") {
  scratch const s;
  link_server::options o;
  o.acknowledge = false;
  link_server server{o};
  linked d{server.url(), s.path()};
  for (int i = 1; i <= 5; ++i)
    d.report(i);
  REQUIRE(eventually([&] { return tokens(server).size() == 5; }));
  CHECK(d.reports().waiting() == 5);
  // The welcome of the next connection says what is durable there.
  server.cut();
  CHECK(eventually([&] { return d.reports().waiting() == 0; }));
  CHECK(server.gaps() == 0);
}

TEST_CASE("link: a token that is not known ends the client, one that is revoked too", "[daemon]") {
  scratch const s;
  link_server server;
  {
    linked wrong{server.url(), s / "a", {}, "trp_wrong"};
    REQUIRE(eventually([&] { return wrong.ended(); }));
    CHECK(wrong.end() == link_end::unauthorized);
  }
  linked d{server.url(), s / "b"};
  REQUIRE(eventually([&] { return server.connected(); }));
  server.revoke();
  REQUIRE(eventually([&] { return d.ended(); }));
  CHECK(d.end() == link_end::unauthorized);
}

TEST_CASE("link: stops promptly, connected or not", "[daemon]") {
  scratch const s;
  auto const begun = std::chrono::steady_clock::now();
  {
    link_server server;
    linked d{server.url(), s / "a"};
    REQUIRE(eventually([&] { return server.connected(); }));
    linked away{"http://127.0.0.1:1", s / "b"};
  }
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{5});
}

TEST_CASE("link: over TLS only to a server whose certificate is trusted and names it", "[daemon]") {
  scratch const s;
  auto const certificate = [&](std::string const& name) {
    auto const pem = s / (name + ".pem");
    auto const made =
        run_captured({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                      "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name, "-keyout",
                      pem.string() + ".key", "-out", pem.string() + ".crt"},
                     allowed_environment({"PATH"}), {}, std::chrono::seconds{30});
    REQUIRE(made.value().exit_code == 0);
    write(pem, read(pem.string() + ".crt") + read(pem.string() + ".key"));
    return pem;
  };
  link_server::options o;
  o.certificate = certificate("localhost");
  link_server server{o};
  fs::path const trusted = o.certificate.string() + ".crt";
  {
    linked d{server.url(), s / "a", trusted};
    REQUIRE(eventually([&] { return server.connected(); }));
    d.report(1);
    CHECK(eventually([&] { return d.reports().waiting() == 0; }));
  }
  auto const links = server.links();
  {
    linked stranger{server.url(), s / "b"}; // does not know the issuer
    stranger.report(1);
    std::this_thread::sleep_for(std::chrono::milliseconds{300}); // several tries
    CHECK(stranger.reports().waiting() == 1);
  }
  link_server::options other;
  other.certificate = certificate("elsewhere.example");
  link_server impostor{other};
  {
    linked d{impostor.url(), s / "c", other.certificate.string() + ".crt"}; // trusted, wrong name
    d.report(1);
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    CHECK(d.reports().waiting() == 1);
  }
  CHECK(server.links() == links);
  CHECK(impostor.links() == 0);
}

TEST_CASE("enroll: a code becomes an identity, and a bad one a clear refusal", "[daemon]") {
  link_server server;
  auto const who = enroll(server.url(), "GOOD-CODE", "ada-laptop", {{"command", "", 2}});
  REQUIRE(who.has_value());
  CHECK(who->daemon.value == "d-test1234");
  CHECK(who->token == "trp_test");
  CHECK(who->server == server.url());
  auto const sent = json::parse(server.everything_received()).value();
  CHECK(sent.at("name").as_string() == "ada-laptop");
  CHECK(sent.at("runners").as_array().size() == 1);
  auto const expired = enroll(server.url(), "OLD-CODE", "ada-laptop", {});
  CHECK(expired.error().code == errc::unauthorized);
  CHECK(expired.error().message == "this code has expired");
  CHECK(enroll("http://127.0.0.1:1", "GOOD-CODE", "x", {}).error().code == errc::unavailable);
  CHECK(enroll("ftp://host", "GOOD-CODE", "x", {}).error().code == errc::invalid_argument);
}

TEST_CASE("link: addresses of servers", "[daemon]") {
  auto const plain = parse_server("http://127.0.0.1:8080/").value();
  CHECK_FALSE(plain.tls);
  CHECK(plain.host == "127.0.0.1");
  CHECK(plain.port == "8080");
  CHECK(plain.base.empty());
  auto const tls = parse_server("https://troupe.example/team").value();
  CHECK(tls.tls);
  CHECK(tls.port == "443");
  CHECK(tls.base == "/team");
  CHECK(parse_server("wss://[::1]:9").value().host == "::1");
  for (auto const* bad :
       {"", "host", "http://", "http://user@host", "http://host:port", "gopher://x"})
    CHECK(parse_server(bad).has_error());
}
