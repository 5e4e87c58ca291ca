#include "actors/domain/kinds.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/api/crew.hpp"
#include "tests/api/inner_node.hpp"
#include "tests/api/one_man_team.hpp"
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

TEST_CASE("log: at info the main steps of a brief have a line each, found by its id", "[api]") {
  api_lab lab{{"--log-format", "json", "--log-level", "info"}};
  lab.project();
  one_man_team team{lab};
  auto const brief = lab.pending_brief();
  auto const run = lab.running(lab.pending_plan(brief));
  auto const tickets = lab.get("/api/tickets?run=" + run);
  for (auto const& t : tickets.json.at("items").as_array())
    team.finish(text_at(t, "id"));
  REQUIRE(
      eventually([&] { return lab.get("/api/briefs/" + brief).text("status") == "COMPLETED"; }));
  std::vector<std::string> const wanted{"brief submitted brief=" + brief,
                                        "brief ready for approval brief=" + brief,
                                        "brief decided brief=" + brief +
                                            " how=approve by=human:admin",
                                        "plan ready for approval plan=" + brief,
                                        "plan approved plan=" + brief,
                                        "run begun run=" + run,
                                        "ticket leased ticket=" + brief + "-",
                                        "attempt begun ticket=" + brief,
                                        "attempt ended ticket=" + brief,
                                        "verdict ticket=" + brief,
                                        "gate failed ticket=" + brief,
                                        "ticket sent back ticket=" + brief,
                                        "gates passed ticket=" + brief,
                                        "ticket merged ticket=" + brief,
                                        "run ended run=" + run + " status=COMPLETED",
                                        "brief ended brief=" + brief + " status=COMPLETED"};
  auto const log_of_brief = [&] {
    std::vector<std::string> out;
    std::istringstream in{lab.log()};
    for (std::string l; std::getline(in, l);)
      if (auto const read = json::parse(l);
          read && read->is_object() && text_at(*read, "correlation") == brief) {
        CHECK(text_at(*read, "level") == "info");
        out.push_back(text_at(*read, "message"));
      }
    return out;
  };
  REQUIRE(eventually([&] {
    auto const all = log_of_brief();
    return std::any_of(all.begin(), all.end(),
                       [](std::string const& l) { return l.starts_with("brief ended"); });
  }));
  auto const all = log_of_brief();
  INFO(all.size());
  auto at = all.begin();
  for (auto const& w : wanted) {
    INFO(w);
    at = std::find_if(at, all.end(), [&](std::string const& l) { return l.starts_with(w); });
    REQUIRE(at != all.end());
  }
  // Each lease and each attempt has its own.
  auto const count = [&](std::string const& what) {
    return std::count_if(all.begin(), all.end(),
                         [&](std::string const& l) { return l.starts_with(what); });
  };
  CHECK(count("ticket leased") == static_cast<std::ptrdiff_t>(team.orders().size()));
  CHECK(count("attempt begun") == count("ticket leased"));
  CHECK(count("attempt ended") == count("ticket leased"));
}

TEST_CASE("log: whatever a daemon logs of a ticket is found by the conversation", "[api]") {
  crew c{2};
  c.does("dev", {"echo 1 > done.txt; git add .; git commit -qm one"});
  c.does("tech-lead", {"echo Fine."});
  c.start_daemon();
  auto const ticket = c.ticket("Count to one");
  c.await(ticket, "DONE");
  // Its run was made for it by hand, and is what the server has for a conversation.
  auto const run = c.s.lab.get("/api/tickets/" + ticket).text("run");
  for (auto const& e : c.s.lab.events("&ticket=" + ticket))
    CHECK(text_at(e, "correlation") == run);
  auto const of_ticket = [&] {
    auto all = lines(text_of(c.log()));
    std::erase_if(
        all, [&](std::string const& l) { return l.find("ticket=" + ticket) == std::string::npos; });
    return all;
  };
  // Work, review, gates and merge, each begun and ended.
  REQUIRE(eventually([&] { return of_ticket().size() >= 8; }));
  for (auto const& l : of_ticket()) {
    INFO(l);
    CHECK(l.ends_with(" correlation=" + run));
  }
}

namespace {

/// Checks that each line of a log is one JSON object that says when, how bad, what, and about what;
/// the messages.
std::vector<std::string> checked_lines(std::string const& log) {
  std::vector<std::string> messages;
  for (auto const& l : lines(log)) {
    INFO(l);
    auto const read = json::parse(l);
    CHECK((read && read->is_object()));
    if (!read || !read->is_object())
      continue;
    for (auto const* member : {"time", "level", "message", "correlation"}) {
      INFO(member);
      CHECK_FALSE(text_at(*read, member).empty());
    }
    messages.push_back(text_at(*read, "message"));
  }
  return messages;
}

bool says(std::vector<std::string> const& messages, std::string const& text) {
  return std::any_of(messages.begin(), messages.end(),
                     [&](std::string const& m) { return m.find(text) != std::string::npos; });
}

} // namespace

TEST_CASE("log: every line of server and daemon is one object with a correlation id", "[api]") {
  crew c{2};
  auto& lab = c.s.lab;
  // Its first start printed the token, and its log was text.
  lab.stop();
  std::filesystem::remove(lab.home() / "server.log");
  lab.more({"--log-format", "json", "--log-level", "debug"});
  lab.open();
  c.does("dev", {"echo 1 > done.txt; git add .; git commit -qm one"});
  c.does("tech-lead", {"echo Fine."});
  c.start_daemon({"--set", "log.format=json", "--set", "log.level=debug"});

  stream_reader watch{lab, "", {}, {}, "/api/watch"};
  REQUIRE(watch.opens());
  auto const ticket = c.ticket("Count to one");
  c.await(ticket, "DONE");
  (void)lab.get("/api/tickets/nope");
  (void)lab.get("/api/tickets", api_lab::as("trp_wrong"));
  (void)lab.post("/api/tickets", "{");
  (void)lab.get("/nothing/here");
  (void)lab.post("/api/tickets", R"({"project":"none","title":"x"})");

  lab.stop();
  lab.open();
  // The daemon comes back by itself.
  REQUIRE(eventually([&] {
    auto const all = lines(text_of(c.log()));
    return std::count_if(all.begin(), all.end(), [](std::string const& l) {
             return l.find("up=true") != std::string::npos;
           }) == 2;
  }));
  CHECK(c.stop_daemon() == 0);
  lab.stop();

  auto log = lab.log();
  // What a command answers goes to standard output, which is the same file here.
  for (std::string const answer = "Troupe serves at "; log.find(answer) != std::string::npos;) {
    auto const at = log.find(answer);
    log.erase(at, log.find('\n', at) + 1 - at);
  }
  auto const server = checked_lines(log);
  for (auto const* text :
       {"serving url=", "ticket leased", "ticket merged", "path=/api/tickets/nope status=404",
        "path=/api/tickets status=401", "path=/api/tickets status=400",
        "path=/nothing/here status=404", "path=/api/watch status=200",
        "path=/api/daemon/link status=101", "stopping signal=", "stopped"}) {
    INFO(text);
    CHECK(says(server, text));
  }
  auto const daemon = checked_lines(text_of(c.log()));
  for (auto const& text : {"started ticket=" + ticket, "ended ticket=" + ticket}) {
    INFO(text);
    CHECK(says(daemon, text));
  }
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
