#include "tests/api/puppet.hpp"
#include "tests/support/postgres_server.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

std::int64_t total(api_lab const& lab, std::string const& path) {
  auto const page = lab.get(path);
  INFO(page.body);
  REQUIRE(page.status == 200);
  return page.json.at("total").to_number<std::int64_t>();
}

/// How often the daemon went offline. Members with their default are left out of events.
std::size_t ends(api_lab const& lab, puppet const& daemon) {
  std::size_t n = 0;
  for (auto const& e : lab.events("&type=daemon.moved&entity=" + daemon.id())) {
    auto const to = text_at(e.at("data"), "to");
    n += to.empty() || to == "offline" ? 1U : 0U;
  }
  return n;
}

std::string lacking(api_lab const& lab, std::string const& ticket) {
  return text_at(lacks_of(lab, "/api/tickets/" + ticket), "for");
}

/// A server that is patient with absent daemons for a moment only.
struct hasty_lab : api_lab {
  explicit hasty_lab(std::string const& grace_ms = "1500") : api_lab({"--grace-ms", grace_ms}) {
    project();
  }
};

} // namespace

TEST_CASE("api: a daemon whose server was killed is not called online, and goes offline once",
          "[api]") {
  hasty_lab lab;
  puppet daemon{lab};
  puppet drained{lab};
  daemon.connect("p1");
  drained.connect("p1");
  REQUIRE(lab.post("/api/daemons/" + drained.id() + "/drain").status == 200);
  REQUIRE(eventually([&] { return daemon.status() == "online"; }));
  CHECK(lab.get("/api/projects/duration").json.at("lacks").as_array().empty());
  (void)lab.quiet_mark();
  lab.crash();
  lab.open();
  // At once: nothing is believed of a daemon that has no link.
  CHECK(daemon.status() != "online");
  CHECK(total(lab, "/api/daemons?status=online") == 0);
  CHECK(lab.get("/api/projects/duration").json.at("lacks").as_array().size() == 1);
  // And soon in the ledger.
  REQUIRE(eventually([&] { return daemon.status() == "offline"; }));
  REQUIRE(eventually([&] { return drained.status() == "offline"; }));
  (void)lab.quiet_mark();
  CHECK(ends(lab, daemon) == 1);
  CHECK(ends(lab, drained) == 1);
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  auto const page = lab.get("/api/tickets?status=ready");
  for (auto const& t : page.json.at("items").as_array())
    CHECK(lacking(lab, text_at(t, "id")) == "daemon");

  // It is not forgotten: it comes back, and what was drained stays so.
  daemon.connect("p1");
  drained.connect("p1");
  CHECK(daemon.status() == "online");
  CHECK(drained.status() == "draining");
  CHECK(total(lab, "/api/daemons?status=online") == 1);
  (void)daemon.hear<link::order>();
}

TEST_CASE("api: a daemon that comes back within the grace keeps what it had", "[api]") {
  hasty_lab lab{"8000"}; // time enough to come back
  puppet lost{lab};
  lost.connect("p1", {"abacus"}); // takes no work
  puppet daemon{lab};
  daemon.connect("p1");
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  auto const order = daemon.hear<link::order>();
  link::started begun;
  begun.ticket = order.ticket;
  begun.token = order.token;
  daemon.say(1, begun);
  (void)daemon.hear<link::ack>();
  auto const ticket = "/api/tickets/" + order.ticket.value;
  REQUIRE(lab.get(ticket).text("status") == "in_progress");
  (void)lab.quiet_mark();
  lab.crash();
  lab.open();
  daemon.connect("p1");
  REQUIRE(eventually([&] { return lost.status() == "offline"; })); // the grace is over
  CHECK(daemon.status() == "online");
  CHECK(ends(lab, daemon) == 0);
  auto const shown = lab.get(ticket);
  CHECK(shown.text("status") == "in_progress");
  auto const& holder = shown.json.at("holder").as_object();
  CHECK(holder.at("token").to_number<std::int64_t>() == order.token);
  CHECK(text_at(shown.json.at("holder"), "is") == "held");
  CHECK(text_at(shown.json.at("holder"), "daemon") == daemon.id());
}

TEST_CASE("api: a link that ends while the store is away is in the ledger afterwards", "[api]") {
  postgres_server db;
  api_lab lab{{"--store", db.new_database()}};
  puppet daemon{lab};
  daemon.connect("p1");
  REQUIRE(eventually([&] { return daemon.status() == "online"; }));
  (void)lab.quiet_mark();
  db.stop();
  // The writer of the daemon's own shard has seen it.
  refused(lab.post("/api/daemons/" + daemon.id() + "/drain"), 503, "unavailable");
  daemon.socket().connection().close();
  CHECK(eventually([&] { return daemon.status() != "online"; }));
  db.start();
  REQUIRE(eventually([&] { return lab.get("/readyz").status == 200; }));
  REQUIRE(eventually([&] { return daemon.status() == "offline"; }));
  (void)lab.quiet_mark();
  CHECK(ends(lab, daemon) == 1);
}
