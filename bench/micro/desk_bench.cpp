#include "actors/board.hpp"
#include "actors/matchmaker.hpp"
#include "bench/micro/life.hpp"

#include <benchmark/benchmark.h>

/// What grows with the number of tickets: who gets which, and the lists that people look at.
using namespace troupe;
using namespace troupe::bench;

namespace {

constexpr time_point noon{duration{1'750'000'000'000}};

matchmaker office(int agents, int capacity = 64) {
  matchmaker who{std::chrono::seconds{30}};
  for (int i = 0; i < agents; ++i) {
    agent_spec spec;
    spec.name = "bench.dev-" + std::to_string(i);
    spec.role = "dev";
    spec.engine = engine_kind::daemon;
    spec.profile = "command";
    spec.capacity = capacity;
    auto data =
        json::to(agent::event{agent::hired{project_id{"bench"}, spec, agent::status::idle}});
    data.as_object().erase("type");
    stored_event e;
    e.stream = {tenant_id{"default"}, entity_kind::agent, spec.name};
    e.event.type = "agent.hired";
    e.event.data = json::canonical(data);
    (void)who.learn(e);
  }
  who.present(daemon_id{"d1"}, true, 100'000, {{"command", "", 100'000}}, {"*"});
  return who;
}

void want(matchmaker& who, int number) {
  offer o;
  o.project = project_id{"bench"};
  o.role = "dev";
  o.stage = "develop";
  o.repository = "none";
  auto const ref = ticket_ref(number);
  o.ticket = ticket_id{ref.id};
  who.offered(ref, "offer:0:develop", std::move(o));
}

/// So many offers, all of which get their lease, from as many agents as they need.
void match_offers(benchmark::State& state) {
  auto const offers = static_cast<int>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    auto who = office(offers / 64 + 1);
    for (int i = 0; i < offers; ++i)
      want(who, i);
    state.ResumeTiming();
    auto const granted = who.match(noon);
    if (granted.size() != static_cast<std::size_t>(offers))
      state.SkipWithError("not every offer was matched");
  }
  state.SetItemsProcessed(state.iterations() * offers);
}

/// So many wait for the one place that there is, and it becomes free.
void match_one_of_many(benchmark::State& state) {
  auto const offers = static_cast<int>(state.range(0));
  auto who = office(1, 1);
  for (int i = 0; i < offers; ++i)
    want(who, i);
  int next = offers;
  for (auto _ : state) {
    auto const granted = who.match(noon);
    if (granted.size() != 1) {
      state.SkipWithError("not one offer was matched");
      return;
    }
    who.withdrawn(granted.front().ticket, granted.front().key);
    who.give_back(granted.front().ticket);
    want(who, next++);
  }
  state.SetItemsProcessed(state.iterations());
}

/// A page of the board by status, as the list of tickets asks for it: nothing of it matches but the
/// last, so that all are looked at.
void filter_the_board(benchmark::State& state) {
  auto const tickets = static_cast<int>(state.range(0));
  board view{200'000, false};
  std::map<std::uint32_t, std::uint64_t> heads;
  for (int i = 0; i < tickets; ++i) {
    auto batch = ledger_of(ticket_ref(i));
    if (i == 0)
      batch.resize(1); // the oldest change; only this one is not DONE
    for (auto& e : batch) {
      e.seq = ++heads[e.shard];
      e.event.event_id += std::to_string(i);
    }
    view.feed(std::make_shared<std::vector<stored_event> const>(std::move(batch)));
  }
  view.settle();
  auto const open = [](state_view const& s) { return !s.has("is", "DONE"); };
  for (auto _ : state) {
    auto const page = view.page(tenant_id{"default"}, entity_kind::ticket, open,
                                std::numeric_limits<std::uint64_t>::max(), 0, 50);
    if (page.states.size() != 1)
      state.SkipWithError("the board does not show what it was fed");
  }
  state.SetItemsProcessed(state.iterations() * tickets);
}

} // namespace

BENCHMARK(match_offers)->Arg(100)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK(match_one_of_many)->Arg(1)->Arg(100)->Arg(10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(filter_the_board)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK_MAIN();
