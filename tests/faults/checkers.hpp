#pragma once

#include "persistence/event_store.hpp"
#include "tests/faults/history.hpp"

#include <iosfwd>

namespace troupe::faults {

/// One run of an agent's tool, as the tool itself wrote it down. Wall clock, milliseconds.
struct tool_run {
  std::string ticket;
  std::int64_t token = 0;
  std::int64_t begun_ms = 0;
  std::int64_t ended_ms = 0; ///< 0: killed, or still there
};

/// What a server process took of the machine.
struct gauge {
  std::int64_t rss_kb = 0;
  std::int64_t fds = 0;
};

/// An entity as the API shows it, alone and in its list.
struct served {
  entity_ref entity;
  json::object whole;
  json::object listed; ///< empty: not looked up
};

/// All that a run leaves behind to be judged: what the clients saw, what the ledger holds, what
/// happened outside, and what the server says at the end.
struct evidence_of_run {
  history seen;
  std::vector<stored_event> events; ///< in order of (shard, seq)
  std::vector<shard_info> shards;
  std::vector<inbox_row> answers;
  std::vector<std::pair<std::uint32_t, outbox_row>> outbox;
  std::vector<tool_run> tools;
  std::vector<std::string> merges; ///< the ticket of each merge on the target branch
  std::vector<served> shown;
  std::vector<gauge> gauges; ///< of one process: at rest before and after; else empty
  tenant_id tenant{"default"};
  bool clocks_agree = true; ///< the ledger's times and the tools' are of one clock
};

/// Reads what `troupe export` wrote into the ledger's part.
/// Errors: corrupt.
[[nodiscard]] result<void> read_ledger(std::istream& in, evidence_of_run& into);

/// Sentences, each about one thing that is wrong; none: passed.
using findings = std::vector<std::string>;

struct tally {
  std::int64_t acknowledged = 0;
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;
  std::int64_t unknown = 0;          ///< writes without a definite answer in the end
  std::int64_t longest_recovery = 0; ///< microseconds from the end of a strike to the next answer
  friend tally& operator+=(tally& a, tally const& b);
};

/// C1: every acknowledged command is in the ledger exactly once, a refused one not at all, one of
/// unknown end at most once; and the stored answer names the entity that the client was told.
[[nodiscard]] findings acknowledged_once(evidence_of_run const& e, tally& count);
/// C2: versions contiguous from 1 per stream, seq contiguous from 1 per shard, epochs never back.
[[nodiscard]] findings contiguous(evidence_of_run const& e);
/// C3: nothing happened twice outside: one merge for each ticket that is merged in the ledger and
/// none for others; no tool succeeded twice under one token; no effect id twice.
[[nodiscard]] findings effects_once(evidence_of_run const& e);
/// C4: the state by replay is what the API shows, alone and in lists.
[[nodiscard]] findings replay_is_served(evidence_of_run const& e);
/// C5: no tool began under a token that was not leased, was used already, or was superseded.
[[nodiscard]] findings one_holder(evidence_of_run const& e);
/// C6: after the faults every ticket came to its end, and clients were answered again.
[[nodiscard]] findings all_ended(evidence_of_run const& e, tally& count);
/// C7: nothing is left running.
[[nodiscard]] findings nothing_stuck(evidence_of_run const& e);
/// C8: no row of another tenant.
[[nodiscard]] findings one_tenant(evidence_of_run const& e);
/// C9: what a client is told of an entity never goes back.
[[nodiscard]] findings monotonic(evidence_of_run const& e);
/// C10: memory and file descriptors are back.
[[nodiscard]] findings back_to_rest(evidence_of_run const& e);

/// All of them; each sentence begins with the checker's name.
[[nodiscard]] findings judge(evidence_of_run const& e, tally& count);

} // namespace troupe::faults
