#include "actors/domain/ticket_rounds.hpp"

namespace troupe::ticket {

namespace {

/// Why the work came back, with the last verdict: where no round is left it is why the ticket
/// failed.
std::string words_for(state const& s, std::string const& at, std::int32_t times,
                      std::int32_t unchanged) {
  auto const found =
      std::find_if(s.stages.begin(), s.stages.end(), [&](stage const& x) { return x.name == at; });
  if (times == 1 && found == s.stages.end())
    return s.why;
  if (unchanged > 0) { // no review saw these
    auto const judged = times - unchanged;
    return "rejected " + (judged == 1 ? std::string{"once"} : std::to_string(judged) + " times") +
           " in " + at + ", reworked " +
           (unchanged == 1 ? std::string{"once"} : std::to_string(unchanged) + " times") +
           " without a new commit; the last: " + s.why;
  }
  auto const n = times == 1 ? std::string{} : " " + std::to_string(times) + " times";
  std::string what = "not merged" + n;
  if (found != s.stages.end())
    what = found->kind == stage_kind::review ? "rejected" + n + " in " + at
           : found->kind == stage_kind::gate ? "gate failed" + n
                                             : "given back" + n + " in " + at;
  return what + (times == 1 ? ": " : "; the last: ") + s.why;
}

/// Where `sent_by` counts the reworks that brought what `stage` had rejected; no stage is so named.
std::string unchanged_of(std::string const& stage) {
  return stage + " unchanged";
}

} // namespace

void another_round(state& s, std::int32_t round, std::string const& stage,
                   std::int32_t next_stage) {
  if (round > s.round) {
    s.round = round;
    auto& sent_by = s.counted.sent_by.change();
    auto const times = ++sent_by[stage];
    auto const known = unchanged_of(stage);
    // Sent back out of the work itself, in the name of a review: it had rejected this very commit.
    bool const review = std::any_of(s.stages.begin(), s.stages.end(), [&](auto const& x) {
      return x.name == stage && x.kind == stage_kind::review;
    });
    if (s.is == status::in_progress && review)
      ++sent_by[known];
    auto const found = sent_by.find(known);
    s.why = words_for(s, stage, times, found == sent_by.end() ? 0 : found->second);
  }
  s.counted.tries = 0;
  s.stage_index = next_stage;
  s.gated_head.clear();
}

} // namespace troupe::ticket
