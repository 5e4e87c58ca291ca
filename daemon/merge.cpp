#include "daemon/merge.hpp"

#include "daemon/output_tail.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/redact.hpp"

namespace troupe::local {

namespace {

constexpr int merge_rounds = 6;

/// Removes the worktree of a merge, whatever came of it. Nothing in it is anybody's work.
class passing_workspace {
public:
  passing_workspace(repository& where, workspace w) : where_(where), w_(std::move(w)) {}
  ~passing_workspace() {
    git const g{w_.directory};
    [[maybe_unused]] auto const aborted = g.run({"merge", "--abort"});
    [[maybe_unused]] auto const reset = g.run({"reset", "--quiet", "--hard"});
    std::lock_guard const lock{where_.lock()};
    [[maybe_unused]] auto const removed =
        where_.bare().run({"worktree", "remove", "--force", "--force", w_.directory.string()});
  }
  passing_workspace(passing_workspace const&) = delete;
  passing_workspace& operator=(passing_workspace const&) = delete;
  [[nodiscard]] workspace const& get() const { return w_; }

private:
  repository& where_;
  workspace w_;
};

merge_report stopped(tool_control const& control) {
  merge_report out;
  bool const draining = control.stopped() == stop_cause::draining;
  out.how = draining ? link::outcome::failed : link::outcome::cancelled;
  out.why = draining ? reason::daemon_lost : reason::none;
  return out;
}

/// One try. `moved` tells that somebody else pushed first.
result<merge_report> try_merge(executor_settings const& settings, link::order const& o,
                               repository& where, workspaces& rooms, tool_control& control,
                               bool& moved) {
  moved = false;
  if (auto r = where.fetch(); !r)
    return r.error();
  auto const bare = where.bare();
  auto const target_ref = where.origin_branch(o.target_branch);
  auto const target = bare.commit(target_ref);
  auto const head =
      bare.commit(o.expected_head.empty() ? where.origin_branch(o.branch) : o.expected_head);
  if (target.empty())
    return fail(errc::not_found, "the repository has no branch " + o.target_branch);
  if (head.empty())
    return fail(errc::not_found, "commit " + o.expected_head + " is not on the origin");

  merge_report out;
  auto there = merged_as(bare, head, target);
  if (!there)
    return there.error();
  auto const forked = bare.run({"merge-base", target, head});
  auto const base = forked && forked->ok() ? forked->out : target;
  if (!there->empty()) {
    // Already in: the fork point is seen from before the merge.
    auto const before = bare.commit(*there + "^1");
    auto const old = before.empty() || *there == head ? fail(errc::not_found, "")
                                                      : bare.out({"merge-base", before, head});
    auto proof = collect_evidence(bare, o, old ? *old : head, head);
    if (!proof)
      return proof.error();
    out.proof = std::move(*proof);
    out.merged = *there;
    out.summary = "already merged";
    return out;
  }
  auto proof = collect_evidence(bare, o, base, head);
  if (!proof)
    return proof.error();
  out.proof = std::move(*proof);

  auto room = rooms.prepare_detached(o, target);
  if (!room)
    return room.error();
  passing_workspace const holder{where, std::move(*room)};
  auto const& w = holder.get();
  git const g{w.directory, author_of(settings, o)};
  auto const title = one_line(o.item->title, 160);
  auto const message = "Merge " + safe_name(o.ticket.value) + (title.empty() ? "" : ": " + title) +
                       "\n\n" + trailers_of(o);
  auto merged =
      g.run({"merge", "--quiet", "--no-ff", "--no-edit", "--no-verify", "-m", message, head});
  if (!merged)
    return merged.error();
  if (!merged->ok()) {
    auto const files = g.out({"diff", "--name-only", "-z", "--diff-filter=U"});
    if (!files || files->empty())
      return fail(errc::unavailable, "git merge failed: " + one_line(redact(merged->err), 200));
    out.how = link::outcome::conflict;
    out.proof.files = fields_of(*files);
    out.summary = "The branch is in conflict with " + o.target_branch + ".";
    return out;
  }
  auto const commit = g.commit("HEAD");
  if (to_be_run(o.test_command)) {
    workspace ready = w;
    if (auto r = rooms.equip(ready, o.recipe); !r)
      return r.error();
    if (!o.recipe.setup.empty()) {
      auto const end = run_shell(
          settings, o.recipe.setup, ready.directory, attempt_environment(settings, o, ready),
          attempt_folder(settings, o) / "setup.log", settings.setup_timeout, control);
      if (end.how == tool_how::stopped)
        return stopped(control);
      if (!conclusive(end))
        return fail(errc::unavailable, "the setup command could not be run: " + end.message);
      if (end.exit_code != 0)
        return fail(errc::invalid_argument,
                    "the setup command failed; " +
                        place_of_log(attempt_folder(settings, o) / "setup.log"));
    }
    auto tested = out.proof;
    tested.head = commit;
    auto const ran = add_test_run(tested, settings, o, ready, control);
    if (!ran)
      return ran.error();
    if (!*ran)
      return stopped(control);
    out.proof.command = tested.command;
    out.proof.exit_code = tested.exit_code;
    out.proof.log_digest = tested.log_digest;
    out.proof.log_bytes = tested.log_bytes;
    if (tested.exit_code != 0) {
      // Each side is fine alone; together they are not. The author has to look.
      out.how = link::outcome::changes_requested;
      out.why = reason::gate_failed;
      out.proof.files.clear();
      out.summary = "The tests fail after the merge with " + o.target_branch + " (exit code " +
                    std::to_string(tested.exit_code) + "; " +
                    place_of_log(attempt_folder(settings, o) / "tests.log") + ").";
      return out;
    }
  }
  if (control.stopped() != stop_cause::none)
    return stopped(control);
  TROUPE_CRASH_POINT(48, "merge: before the push");
  auto pushed = where.push({commit + ":refs/heads/" + o.target_branch},
                           {"--force-with-lease=refs/heads/" + o.target_branch + ":" + target});
  if (!pushed) {
    if (pushed.error().code != errc::conflict)
      return pushed.error();
    moved = true;
    out.summary = pushed.error().message;
    return out;
  }
  TROUPE_CRASH_POINT(49, "merge: pushed, not reported");
  out.merged = commit;
  out.summary = "merged into " + o.target_branch;
  return out;
}

} // namespace

result<std::string> merged_as(git const& g, std::string const& head, std::string const& target) {
  if (!g.succeeds({"merge-base", "--is-ancestor", head, target}))
    return std::string{};
  // The first merge on the target's own line that has it, oldest first.
  auto merges = g.out(
      {"rev-list", "--reverse", "--merges", "--first-parent", "--parents", head + ".." + target});
  if (!merges)
    return merges.error();
  for (auto const& row : lines_of(*merges)) {
    auto const space = row.find(' ');
    auto const commit = row.substr(0, space);
    for (auto rest = row.substr(space + 1); !rest.empty();) {
      auto const end = rest.find(' ');
      if (rest.substr(0, end) == head)
        return commit;
      rest = end == std::string::npos ? std::string{} : rest.substr(end + 1);
    }
  }
  return head;
}

result<merge_report> merge_ticket(executor_settings const& settings, link::order const& o,
                                  repository& where, workspaces& rooms, tool_control& control,
                                  reader_events const& events) {
  std::lock_guard const alone{where.merging()};
  std::string last;
  for (int round = 0; round < merge_rounds; ++round) {
    if (control.stopped() != stop_cause::none)
      return stopped(control);
    if (events.progress)
      events.progress("merges into " + o.target_branch);
    bool moved = false;
    auto done = try_merge(settings, o, where, rooms, control, moved);
    if (!done || !moved)
      return done;
    last = done->summary;
  }
  return fail(errc::busy, last);
}

} // namespace troupe::local
