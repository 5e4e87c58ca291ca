#include "actors/tap/encode.hpp"
#include "actors/tap/rings.hpp"
#include "actors/tap/sieve.hpp"
#include "actors/tap/tap.hpp"

#include <benchmark/benchmark.h>

/// What the tap costs where messages pass: while nobody watches, and for each record of a watch.
using namespace troupe;
using namespace troupe::traffic;

namespace {

/// What a choke point does: asks, and only then prepares anything.
void pass(std::string_view from, std::string_view to) {
  if (!wants(category::send))
    return;
  header h{category::send, direction::out};
  h.set(field::tenant, "acme");
  h.set(field::kind, "question");
  h.between(from, to);
  h.within("k3f9q2mx");
  h.how = outcome::ok;
  record(h);
}

void asking_while_nobody_watches(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(wants(category::send));
}

/// The same loop without the question, to be taken off.
void not_asking(benchmark::State& state) {
  bool answer = false;
  for (auto _ : state)
    benchmark::DoNotOptimize(answer);
}

void passing_while_nobody_watches(benchmark::State& state) {
  for (auto _ : state)
    pass("agent:tally.pm", "agent:tally.dev-ada");
}

/// With a reader that takes them off in the same thread, 1024 at a time.
void recording(benchmark::State& state) {
  auto& all = rings::of_process();
  if (!all.claim()) {
    state.SkipWithError("somebody watches");
    return;
  }
  all.want(every_category, nullptr);
  std::vector<header> taken;
  taken.reserve(1024);
  int n = 0;
  for (auto _ : state) {
    pass("agent:tally.pm", "agent:tally.dev-ada");
    if (++n == 1024) {
      state.PauseTiming();
      n = 0;
      taken.clear();
      benchmark::DoNotOptimize(all.drain(taken, 1024));
      state.ResumeTiming();
    }
  }
  all.release();
}

/// What a producer pays once its ring is full.
void recording_without_room(benchmark::State& state) {
  auto& all = rings::of_process();
  if (!all.claim()) {
    state.SkipWithError("somebody watches");
    return;
  }
  all.want(every_category, nullptr);
  for (std::size_t i = 0; i < 2 * ring::default_capacity; ++i)
    pass("agent:tally.pm", "agent:tally.dev-ada");
  for (auto _ : state)
    pass("agent:tally.pm", "agent:tally.dev-ada");
  all.release();
}

header a_record() {
  header h{category::send, direction::out};
  h.set(field::tenant, "acme");
  h.set(field::kind, "question");
  h.between("agent:tally.pm", "agent:tally.dev-ada");
  h.within("k3f9q2mx");
  return h;
}

void filtering(benchmark::State& state) {
  auto const f =
      filter::parse("project=tally and kind in (verdict, bug, question) and not errors").value();
  auto const h = a_record();
  for (auto _ : state)
    benchmark::DoNotOptimize(f.matches(h));
}

void writing_a_line(benchmark::State& state) {
  line_encoder e;
  auto const h = a_record();
  for (auto _ : state)
    benchmark::DoNotOptimize(e.record(h, nullptr, false));
}

} // namespace

BENCHMARK(not_asking);
BENCHMARK(asking_while_nobody_watches);
BENCHMARK(passing_while_nobody_watches);
BENCHMARK(recording);
BENCHMARK(recording_without_room);
BENCHMARK(filtering);
BENCHMARK(writing_a_line);

BENCHMARK_MAIN();
