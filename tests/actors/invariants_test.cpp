#include "actors/domain/kinds.hpp"
#include "actors/instant_runner.hpp"
#include "persistence/memory/memory_store.hpp"

#include <catch2/catch.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

using namespace troupe;

namespace {

entity_ref const purse{tenant_id{"default"}, entity_kind::budget, "project:tally"};

new_event an_event(int version, budget::event const& what, std::string const& previous) {
  auto data = json::to(what);
  data.as_object().erase("type");
  new_event e;
  e.event_id = "01900000-0000-7000-8000-00000000000" + std::to_string(version);
  e.type = "budget." + std::string{json::name_of(what)};
  e.at = time_point{duration{1'750'000'000'000}};
  e.principal = "human:mallory";
  e.cause = "c1";
  e.data = json::canonical(data);
  e.hash = chain_hash(previous, purse, static_cast<std::uint64_t>(version), e);
  return e;
}

/// What no `decide` would answer: more is reserved than was granted.
unit overdrawn(std::uint64_t epoch) {
  unit u;
  u.shard = shard_of(purse);
  u.epoch = epoch;
  u.tenant = purse.tenant;
  budget::granted g;
  g.scope = purse.id;
  g.amount = 10;
  auto first = an_event(1, g, std::string{no_hash()});
  budget::reserved r;
  r.id = "r1";
  r.scope = purse.id;
  r.amount = 50;
  auto second = an_event(2, r, first.hash);
  u.writes.push_back({purse, 0, {std::move(first), std::move(second)}, std::nullopt});
  return u;
}

/// What is logged while it lives.
class overheard {
public:
  overheard() : before_(spdlog::default_logger()) {
    auto const sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_, true);
    sink->set_pattern("%l %v");
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("overheard", sink));
  }
  ~overheard() { spdlog::set_default_logger(before_); }
  [[nodiscard]] std::string text() const { return text_.str(); }

private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

node_settings settings(bool check) {
  node_settings s;
  s.owner = "test";
  s.check_invariants = check;
  return s;
}

constexpr char const* told =
    "warning invariant violated event=01900000-0000-7000-8000-000000000002";

} // namespace

TEST_CASE("invariants: one that is broken while the server runs is counted and logged",
          "[actors]") {
  auto const factory = open_memory_store();
  instant_runner runner;
  bool const check = GENERATE(true, false);
  overheard log;
  auto started = node::start(settings(check), factory, runner);
  REQUIRE(started.has_value());
  auto& n = **started;
  CHECK(n.counts().invariant_violations == 0);
  auto const epoch = (*(*factory())->shards())[shard_of(purse)].epoch;
  // Past every entity: nobody decided on it.
  n.log().append(overdrawn(epoch), {1, {}, true, nullptr});
  auto const limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (n.view().last() < 2 && std::chrono::steady_clock::now() < limit)
    std::this_thread::yield();
  n.view().settle();
  REQUIRE(n.view().last() == 2);
  CHECK(n.counts().invariant_violations == (check ? 1 : 0));
  CHECK(n.stop(std::chrono::seconds{5}));
  if (check) {
    CHECK(log.text().find(told) != std::string::npos);
    CHECK(log.text().find("invariant 3: scope project:tally has more reserved") !=
          std::string::npos);
  } else {
    CHECK(log.text().find("invariant") == std::string::npos);
  }
}

TEST_CASE("invariants: one that stands in the ledger is counted at the start", "[actors]") {
  auto const factory = open_memory_store();
  auto const store = factory();
  REQUIRE(store.has_value());
  auto const epoch = (*store)->claim(shard_of(purse), "mallory");
  REQUIRE(epoch.has_value());
  auto const planted = overdrawn(*epoch);
  REQUIRE((*store)->append(std::span{&planted, 1})->front().status == unit_status::ok);
  instant_runner runner;
  overheard log;
  auto started = node::start(settings(true), factory, runner);
  REQUIRE(started.has_value());
  CHECK((*started)->counts().invariant_violations == 1);
  CHECK((*started)->stop(std::chrono::seconds{5}));
  CHECK(log.text().find(told) != std::string::npos);
}
