#include "bench/micro/life.hpp"
#include "protocol/redact_json.hpp"

#include <benchmark/benchmark.h>

/// What each event of a ticket's life costs before it is stored, and when it is read again.
using namespace troupe;
using namespace troupe::bench;

namespace {

std::vector<stored_event> const& ledger() {
  static auto const all = ledger_of(ticket_ref(1));
  return all;
}

std::vector<json::value> const& documents() {
  static auto const all = [] {
    std::vector<json::value> out;
    for (auto const& e : ledger())
      out.push_back(json::parse(e.event.data).value());
    return out;
  }();
  return all;
}

void per_event(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(ledger().size()));
}

void decide_and_evolve_a_life(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(live(ticket_ref(1), [](auto const&, auto const&, auto const*) {}));
  per_event(state);
}

void chain_hash_of_events(benchmark::State& state) {
  std::string const before{no_hash()};
  for (auto _ : state) {
    for (auto const& e : ledger())
      benchmark::DoNotOptimize(chain_hash(before, e.stream, e.version, e.event));
  }
  per_event(state);
}

void canonical_json_of_events(benchmark::State& state) {
  for (auto _ : state) {
    for (auto const& d : documents())
      benchmark::DoNotOptimize(json::canonical(d));
  }
  per_event(state);
}

/// With the copy that redacting in place needs; `copy_events` is to be taken off.
void redact_events(benchmark::State& state) {
  for (auto _ : state) {
    for (auto const& d : documents()) {
      auto copy = d;
      benchmark::DoNotOptimize(redact_json(copy));
    }
  }
  per_event(state);
}

void copy_events(benchmark::State& state) {
  for (auto _ : state) {
    for (auto const& d : documents()) {
      auto copy = d;
      benchmark::DoNotOptimize(copy);
    }
  }
  per_event(state);
}

void decode_events(benchmark::State& state) {
  for (auto _ : state) {
    for (auto const& e : ledger()) {
      auto const name = std::string_view{e.event.type}.substr(sizeof "ticket." - 1);
      benchmark::DoNotOptimize(
          json::from_named<ticket::event>(name, json::parse(e.event.data).value()));
    }
  }
  per_event(state);
}

} // namespace

BENCHMARK(decide_and_evolve_a_life);
BENCHMARK(chain_hash_of_events);
BENCHMARK(canonical_json_of_events);
BENCHMARK(redact_events);
BENCHMARK(copy_events);
BENCHMARK(decode_events);
