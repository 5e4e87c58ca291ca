#include "actors/supervision.hpp"
#include "persistence/memory/faulty_store.hpp"
#include "tests/actors/asker.hpp"
#include "tests/actors/stage.hpp"

#include <caf/event_based_actor.hpp>
#include <catch2/catch.hpp>

#include <condition_variable>

using namespace troupe;

namespace {

envelope note(std::string from, std::string to) {
  envelope e;
  e.id = "m1";
  e.from = principal_id{std::move(from)};
  e.to = principal_id{std::move(to)};
  e.parts.push_back(text_part("hello"));
  return e;
}

} // namespace

TEST_CASE("send point: a message never wakes the principal that sent it", "[actors]") {
  auto const r = send_point(tenant_id{"t"}, note("agent:a.pm", "agent:a.pm"));
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::conflict);
}

TEST_CASE("send point: a conversation ends at the hop limit", "[actors]") {
  auto m = note("agent:a.pm", "agent:a.dev");
  m.hops = hop_limit;
  CHECK(send_point(tenant_id{"t"}, m).has_value());
  ++m.hops;
  REQUIRE(send_point(tenant_id{"t"}, m).has_error());
  m.kind = message_kind::question; // its answer is the last message
  m.hops = hop_limit - 1;
  CHECK(send_point(tenant_id{"t"}, m).has_value());
  ++m.hops;
  CHECK(send_point(tenant_id{"t"}, m).has_error());
}

TEST_CASE("send point: empty messages and unknown receivers are refused", "[actors]") {
  auto empty = note("agent:a.pm", "agent:a.dev");
  empty.parts.clear();
  CHECK(send_point(tenant_id{"t"}, empty).has_error());
  CHECK(send_point(tenant_id{"t"}, note("agent:a.pm", "nobody")).has_error());
  CHECK(send_point(tenant_id{"t"}, note("agent:a.pm", "run:b.r1")).has_error());
}

TEST_CASE("supervision: the intensity is bounded and forgets after a quiet window", "[actors]") {
  restart_policy const policy{3, std::chrono::minutes{10}, duration{200}, std::chrono::seconds{30}};
  restart_budget b{policy};
  time_point now{};
  duration delay{0};
  for (int i = 0; i < 3; ++i)
    CHECK(b.may_restart(now, 0.5, delay));
  CHECK_FALSE(b.may_restart(now, 0.5, delay));
  now += std::chrono::minutes{11};
  CHECK(b.may_restart(now, 0.5, delay));
}

TEST_CASE("supervision: the backoff doubles up to its cap, with full jitter", "[actors]") {
  restart_budget b{{20, std::chrono::hours{1}, duration{200}, duration{1000}}};
  duration delay{0};
  std::vector<duration> seen;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(b.may_restart(time_point{}, 0.999, delay));
    seen.push_back(delay);
  }
  CHECK(seen[0] < duration{200});
  CHECK(seen[1] > seen[0]);
  CHECK(seen[4] < duration{1000});
  REQUIRE(b.may_restart(time_point{}, 0.0, delay));
  CHECK(delay == duration{0});
}

namespace {

unit one_event(entity_ref const& ref, std::uint64_t epoch, int n) {
  unit u;
  u.shard = shard_of(ref);
  u.epoch = epoch;
  u.tenant = ref.tenant;
  new_event e;
  e.event_id = "01900000-0000-7000-8000-" + std::string(11, '0') + std::to_string(n);
  e.type = "principal.issued";
  e.principal = "human:ada";
  e.cause = "x";
  e.data = "{}";
  e.hash = std::string(64, '0');
  u.writes.push_back({ref, static_cast<std::uint64_t>(n), {std::move(e)}, std::nullopt});
  return u;
}

} // namespace

TEST_CASE("journal: an unknown outcome is asked again with the same ids until it is definite",
          "[actors]") {
  auto const memory = open_memory_store();
  auto const epochs = *(*memory())->claim_all("test");
  int opened = 0;
  store_factory const flaky = [&]() -> result<std::unique_ptr<event_store>> {
    auto handle = memory();
    if (!handle || opened++ != 0) // the writer's handle is the first
      return handle;
    fault_plan plan;
    plan.choose = [](std::string_view call, std::uint64_t n) {
      if (call != "append" || n > 3)
        return fault::none;
      return n == 2 ? fault::before : fault::after;
    };
    return make_faulty(std::move(*handle), plan);
  };
  journal_settings settings;
  settings.retry = duration{1};
  auto j = journal::open(flaky, settings);
  REQUIRE(j.has_value());
  std::size_t committed = 0;
  (*j)->observe([&](committed_ptr const& c) { committed += c->size(); });

  std::mutex m;
  std::condition_variable cv;
  std::vector<unit_status> answers;
  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
  auto const a = system.spawn<test::asker>([&](appended const& x) {
    std::lock_guard lock{m};
    REQUIRE(x.outcome.has_value());
    answers.push_back(x.outcome->status);
    cv.notify_one();
  });
  entity_ref const ref{tenant_id{"default"}, entity_kind::principal, "p1"};
  (*j)->append(one_event(ref, epochs[shard_of(ref)], 0), {1, a, false, nullptr});
  {
    std::unique_lock lock{m};
    REQUIRE(cv.wait_for(lock, std::chrono::seconds{10}, [&] { return answers.size() == 1; }));
  }
  CHECK(answers[0] == unit_status::duplicate); // stored by the first try, whose answer was lost
  CHECK((*memory())->stream(ref)->version == 1);
  CHECK((*j)->counters().unknown >= 1);
  (*j)->stop(std::chrono::seconds{5});
  CHECK(committed == 1);
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}
