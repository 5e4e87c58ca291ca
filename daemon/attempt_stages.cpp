#include "daemon/attempt.hpp"
#include "daemon/gates.hpp"
#include "daemon/merge.hpp"
#include "protocol/crash_point.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

// What each of the four kinds of an order is; what they have in common is in attempt.cpp.
namespace troupe::local {

result<link::finished> attempt::work(repository& where, workspaces& rooms) {
  auto prepared = rooms.prepare_work(order_);
  if (!prepared)
    return prepared.error();
  auto& w = *prepared;
  if (auto r = make_ready(rooms, w); !r)
    return r.error();
  if (control_.stopped() != stop_cause::none)
    return stopped();
  begin(w.start);
  TROUPE_CRASH_POINT(44, "attempt: workspace ready, tool not started");
  auto ran = run_runner(settings_, order_, w, control_, reading());
  TROUPE_CRASH_POINT(45, "attempt: tool ended, nothing collected");
  if (!ran)
    return ran.error();
  auto out = report_of(*ran);
  // What the tool left running was killed with it, perhaps in the middle of a commit.
  rooms.unlock(w.directory, order_.ticket.value);

  bool const ended = out.how == link::outcome::done || out.how == link::outcome::changes_requested;
  if (ended) {
    progress("collects evidence");
    if (auto r = commit_leftovers(settings_, order_, w); !r) {
      out.how = link::outcome::failed;
      out.why = reason::none;
      out.summary = r.error().message;
    }
  }
  auto const g = where.at(w.directory);
  // Told apart from "no commit": what git could not say now may be said at the next try.
  auto named = g.out({"rev-parse", "--verify", "HEAD^{commit}"});
  if (!named)
    return named.error();
  auto head = *named;
  // From the fork point, not from where this attempt began: what an attempt committed that was
  // killed before its report is work of the ticket, too.
  auto const forked = fork_point(g, where.origin_branch(order_.target_branch), head);
  if (!forked)
    return forked.error();
  auto const& base = forked->empty() ? w.base : *forked;
  if (out.how == link::outcome::done) {
    auto folded = fold_secret_history(settings_, order_, w, base);
    if (!folded)
      return folded.error();
    named = g.out({"rev-parse", "--verify", "HEAD^{commit}"});
    if (!named)
      return named.error();
    head = *named;
  }
  auto proof = collect_evidence(g, order_, base, head);
  if (!proof)
    return proof.error();
  out.proof = std::move(*proof);
  TROUPE_CRASH_POINT(46, "attempt: evidence collected, work not pushed");
  // Pushed before the tests run: they may take long, and the work is safe sooner.
  if (head != w.start || head != base) {
    auto const published = out.how == link::outcome::cancelled
                               ? where.publish_apart(order_.ticket, order_.token, head)
                               : where.publish(order_.ticket, order_.token, head);
    if (!published) {
      spdlog::warn("publish ticket={} token={} error=\"{}\"", order_.ticket.value, order_.token,
                   published.error().message);
      if (out.how == link::outcome::done) {
        // Evidence about a commit that nobody else can get would be worthless.
        out.how = published.error().code == errc::fenced ? link::outcome::cancelled
                                                         : link::outcome::failed;
        out.why =
            published.error().code == errc::fenced ? reason::none : reason_of(published.error());
        out.summary = published.error().message;
      }
    }
  }
  TROUPE_CRASH_POINT(47, "attempt: work pushed, not reported");
  if (out.how == link::outcome::done && to_be_run(order_.test_command)) {
    progress("runs the tests");
    auto const tested = add_test_run(out.proof, settings_, order_, w, control_);
    if (!tested)
      return tested.error();
    if (!*tested) {
      auto s = stopped();
      s.proof = std::move(out.proof);
      s.used = out.used;
      s.session = out.session;
      return s;
    }
  }
  if (!ended) {
    auto kept = rooms.snapshot(w.directory, order_.ticket.value, std::to_string(order_.token));
    if (!kept)
      spdlog::warn("snapshot ticket={} error=\"{}\"", order_.ticket.value, kept.error().message);
  }
  return out;
}

result<workspace> attempt::detached_at_head(repository& where, workspaces& rooms) {
  if (auto r = where.fetch(); !r)
    return r.error();
  auto const head =
      order_.expected_head.empty() ? where.origin_branch(order_.branch) : order_.expected_head;
  auto w = rooms.prepare_detached(order_, head);
  if (!w)
    return w;
  if (auto r = make_ready(rooms, *w); !r) {
    [[maybe_unused]] auto const removed =
        rooms.remove(w->directory, order_.ticket.value, std::to_string(order_.token));
    return r.error();
  }
  return w;
}

result<link::finished> attempt::review(repository& where, workspaces& rooms) {
  auto prepared = detached_at_head(where, rooms);
  if (!prepared)
    return prepared.error();
  auto const& w = *prepared;
  auto const g = where.at(w.directory);
  auto const branch = "refs/heads/" + order_.branch;
  auto const branch_before = where.bare().commit(branch);
  begin(w.start);
  auto ran = run_runner(settings_, order_, w, control_, reading());
  if (!ran)
    return ran.error();
  auto out = report_of(*ran);
  auto proof = collect_evidence(g, order_, w.base, w.start);
  if (!proof)
    return proof.error();
  out.proof = std::move(*proof);
  without_commits(out.proof);
  // What the reviewer did is proof of what it says: the log stays here, and can be told by its
  // digest.
  out.proof.exit_code = ran->end.exit_code;
  out.proof.log_digest = ran->end.log_digest;
  out.proof.log_bytes = ran->end.log_bytes;
  // The verdict is about the author's commit; a reviewer that commits has become an author.
  auto const branch_after = where.bare().commit(branch);
  if (branch_after != branch_before && !branch_before.empty()) [[maybe_unused]]
    auto const back = where.bare().run({"update-ref", branch, branch_before, branch_after});
  if (g.commit("HEAD") != w.start || branch_after != branch_before) {
    out.how = link::outcome::failed;
    out.why = reason::policy;
    out.summary = "The reviewer changed the work; a review may only judge it.";
  }
  auto removed =
      rooms.remove(w.directory, order_.ticket.value, "review-" + std::to_string(order_.token));
  if (!removed)
    spdlog::warn("remove worktree={} error=\"{}\"", w.directory.string(), removed.error().message);
  return out;
}

result<link::finished> attempt::gates(repository& where, workspaces& rooms) {
  auto prepared = detached_at_head(where, rooms);
  if (!prepared)
    return prepared.error();
  auto const& w = *prepared;
  begin(w.start);
  auto const begun = std::chrono::steady_clock::now();
  auto results = run_gates(settings_, order_, w, control_, reading());
  auto removed =
      rooms.remove(w.directory, order_.ticket.value, "gates-" + std::to_string(order_.token));
  if (!removed)
    spdlog::warn("remove worktree={} error=\"{}\"", w.directory.string(), removed.error().message);
  if (!results)
    return results.error();
  if (control_.stopped() != stop_cause::none)
    return stopped();
  link::finished out;
  out.gates = std::move(*results);
  bool const passed = std::all_of(out.gates.begin(), out.gates.end(),
                                  [](gate_result const& g) { return g.passed; });
  out.summary = passed ? "All gates passed." : "A gate failed.";
  if (auto missing = missing_commands(order_); !missing.empty()) {
    // Nobody who works on the ticket could mend that.
    out.how = link::outcome::failed;
    out.why = reason::bad_config;
    out.summary = std::move(missing);
  }
  auto proof = collect_evidence(where.bare(), order_, w.base, w.start);
  if (!proof)
    return proof.error();
  out.proof = std::move(*proof);
  out.proof.diff.clear();
  without_commits(out.proof);
  out.used.wall = std::chrono::duration_cast<duration>(std::chrono::steady_clock::now() - begun);
  return out;
}

result<link::finished> attempt::merge(repository& where, workspaces& rooms) {
  if (auto r = where.fetch(); !r)
    return r.error();
  begin(where.bare().commit(where.origin_branch(order_.target_branch)));
  auto done = merge_ticket(settings_, order_, where, rooms, control_, reading());
  if (!done)
    return done.error();
  link::finished out;
  out.how = done->how;
  out.why = done->why;
  out.summary = done->summary;
  out.merged = done->merged;
  out.proof = std::move(done->proof);
  return out;
}

} // namespace troupe::local
