#include "actors/domain/kinds.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/api/inner_node.hpp"
#include "tests/api/puppet.hpp"
#include "tests/api/scrape.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/log_capture.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("log: what is logged of an entity can be found by its conversation", "[api]") {
  log_capture const log;
  {
    inner_node inner{open_memory_store()};
    principal::issue c;
    c.who = principal_id{"human:bob"};
    c.secret_hash = std::string(64, 'a');
    c.roles = {principal::role::viewer};
    for (std::uint64_t crashes = 1; crashes <= 2; ++crashes) {
      submit_options o;
      o.by = principal_id{"human:ada"};
      o.cause = "poison";
      o.correlation = "k3f9";
      inner.n->submit({inner_tenant, entity_kind::principal, "p1"}, principal::command{c}, o,
                      [](command_result const& r) {
                        if (r)
                          throw std::runtime_error("thrown by a test");
                      });
      REQUIRE(eventually([&] { return inner.n->counts().crashes == crashes; }));
    }
  }
  for (auto const* text : {"entity crashed", "dead letter"}) {
    INFO(text);
    auto const lines = log.with(text);
    REQUIRE_FALSE(lines.empty());
    for (auto const& l : lines) {
      INFO(l.text);
      CHECK(l.about == "k3f9");
    }
  }
}

TEST_CASE("log: at debug each request has a line with its trace id", "[api]") {
  api_lab lab{{"--log-format", "json", "--log-level", "debug"}};
  std::string const trace = "0af7651916cd43dd8448eb211c80319c";
  (void)lab.get("/api/tickets/nope", {{"traceparent", "00-" + trace + "-b7ad6b7169203331-01"}});
  lab.stop();
  std::istringstream in{lab.log()};
  std::size_t found = 0;
  for (std::string l; std::getline(in, l);) {
    if (l.find(trace) == std::string::npos)
      continue;
    INFO(l);
    auto const read = json::parse(l);
    REQUIRE(read.has_value());
    CHECK(text_at(*read, "correlation") == trace);
    CHECK(text_at(*read, "message") == "request method=GET path=/api/tickets/nope status=404");
    ++found;
  }
  CHECK(found == 1);
}

TEST_CASE("log: a canary in prompts, headers, addresses and reports is not in it", "[api]") {
  std::string const canary = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  api_lab lab{{"--log-format", "json", "--log-level", "trace"}};
  lab.project();
  (void)lab.source("Ada: the token is " + canary + ", we must print weeks.\n");
  for (auto const& h : {api_lab::headers{{"Authorization", "Bearer " + canary}},
                        api_lab::headers{{"X-Secret", canary}, {"User-Agent", canary}},
                        api_lab::headers{{"traceparent", canary}, {"Cookie", "a=" + canary}}})
    (void)lab.get("/api/tickets/" + canary, h);
  (void)lab.get("/" + canary + "?q=" + canary);
  (void)lab.call(canary, "/" + canary, canary, {{"Idempotency-Key", canary}});
  puppet daemon{lab};
  daemon.connect();
  link::finished late;
  late.ticket = ticket_id{"nope-" + canary};
  late.token = 1;
  late.summary = canary;
  late.proof.command = "TOKEN=" + canary;
  daemon.say(1, late);
  REQUIRE(eventually([&] { return lab.log().find("report refused") != std::string::npos; }));
  auto const m = scraped(lab);
  CHECK(m.text().find(canary) == std::string::npos);
  lab.stop();
  auto const text = lab.log();
  CHECK(text.find(canary) == std::string::npos);
  std::istringstream in{text};
  std::size_t lines = 0;
  for (std::string l; std::getline(in, l);) {
    if (l.empty() || l.front() != '{') // the first start also prints the token and the address
      continue;
    INFO(l);
    auto const read = json::parse(l);
    REQUIRE(read.has_value());
    for (auto const* member : {"time", "level", "message", "logger"})
      CHECK(read->as_object().contains(member));
    if (text_at(*read, "message").find("report refused") != std::string::npos)
      CHECK(text_at(*read, "correlation") == "default/daemon/" + daemon.id());
    ++lines;
  }
  CHECK(lines >= 3);
}
