#include "daemon/evidence_collector.hpp"

#include "daemon/secret_scan.hpp"
#include "protocol/redact.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>

namespace troupe::local {

namespace {

std::int64_t number(std::string_view text) {
  std::int64_t n = 0; // stays 0 for `-`, which numstat prints for binary files
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

/// The commits on the way from `base` to `head`, as Git has them; whatever was said about them.
result<void> list_commits(evidence& out, git const& g) {
  auto const range = out.base + ".." + out.head;
  auto newest = g.out(
      {"rev-list", "--topo-order", "--max-count=" + std::to_string(evidence::max_commits), range});
  if (!newest)
    return newest.error();
  out.commits = lines_of(*newest);
  std::reverse(out.commits.begin(), out.commits.end());
  if (out.commits.size() < evidence::max_commits)
    return {};
  auto const all = g.out({"rev-list", "--count", range});
  if (!all)
    return all.error();
  out.commits_left_out = number(*all) - static_cast<std::int64_t>(out.commits.size());
  return {};
}

} // namespace

std::string trailers_of(link::order const& o) {
  std::string out = "Troupe-Ticket: " + safe_name(o.ticket.value) + '\n';
  if (auto const dash = o.ticket.value.rfind('-'); dash != std::string::npos && dash > 0)
    out += "Troupe-Brief: " + safe_name(o.ticket.value.substr(0, dash)) + '\n';
  if (!o.attempt.empty())
    out += "Troupe-Attempt: " + safe_name(o.attempt) + '\n';
  return out;
}

result<evidence> collect_evidence(git const& g, link::order const& o, std::string const& base,
                                  std::string const& head) {
  evidence out;
  out.branch = o.branch;
  out.base = base;
  out.head = head;
  auto stat = g.out({"diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", base, head});
  if (!stat)
    return stat.error();
  for (auto const& row : fields_of(*stat)) {
    auto const first = row.find('\t');
    auto const second = row.find('\t', first + 1);
    if (second == std::string::npos)
      continue;
    out.insertions += number(std::string_view{row}.substr(0, first));
    out.deletions += number(std::string_view{row}.substr(first + 1, second - first - 1));
    if (out.files.size() < evidence_files_limit)
      out.files.push_back(one_line(redact(row.substr(second + 1)), 400));
  }
  if (auto r = list_commits(out, g); !r)
    return r.error();
  if (o.send_diffs) {
    auto diff = g.out({"diff", "--no-color", "--no-ext-diff", "--no-textconv", base, head});
    if (!diff)
      return diff.error();
    out.diff = redact(*diff);
    if (out.diff.size() > evidence_diff_limit) {
      out.diff.resize(out.diff.rfind('\n', evidence_diff_limit));
      out.diff += "\n[cut]\n";
    }
  }
  return out;
}

void without_commits(evidence& proof) {
  proof.commits.clear();
  proof.commits_left_out = 0;
}

bool to_be_run(std::string const& command) {
  return !command.empty() && command != no_command;
}

bool conclusive(tool_end const& end) {
  return end.how != tool_how::not_started &&
         (end.how != tool_how::signalled || end.exit_code != 128 + SIGKILL);
}

result<bool> add_test_run(evidence& proof, executor_settings const& settings, link::order const& o,
                          workspace const& w, tool_control& control) {
  if (!to_be_run(o.test_command))
    return true;
  auto const end =
      run_shell(settings, o.test_command, w.directory, attempt_environment(settings, o, w),
                attempt_folder(settings, o) / "tests.log", settings.test_timeout, control);
  if (!conclusive(end))
    return fail(errc::unavailable, "the tests could not be run: " + end.message);
  proof.command = redact(o.test_command);
  proof.exit_code = end.exit_code;
  proof.log_digest = end.log_digest;
  proof.log_bytes = end.log_bytes;
  // Everything of the agent is committed by now, so what differs was written by the tests.
  git const g{w.directory};
  [[maybe_unused]] auto const reset = g.run({"reset", "--quiet", "--hard", proof.head});
  [[maybe_unused]] auto const clean = g.run({"clean", "--quiet", "-ffd"}, w.variables);
  return end.how != tool_how::stopped;
}

result<bool> commit_leftovers(executor_settings const& settings, link::order const& o,
                              workspace const& w) {
  git const g{w.directory, author_of(settings, o)};
  if (auto r = g.must({"add", "--all", "--", "."}, w.variables); !r)
    return r.error();
  if (g.succeeds({"diff", "--cached", "--quiet", "--no-ext-diff"}))
    return false;
  auto const title =
      one_line(o.item->title.empty() ? "Work on " + o.ticket.value : o.item->title, 200);
  auto const message = title + "\n\n" + trailers_of(o);
  auto env = attempt_environment(settings, o, w); // for the hooks
  auto done =
      g.run({"commit", "--quiet", "--file=-", "--cleanup=whitespace"}, std::move(env), message);
  if (!done)
    return done.error();
  if (!done->ok())
    return fail(errc::unavailable, "a commit hook refused the changes (exit code " +
                                       std::to_string(done->exit_code) + ")");
  return true;
}

result<bool> fold_secret_history(executor_settings const& settings, link::order const& o,
                                 workspace const& w, std::string const& base) {
  git const g{w.directory, author_of(settings, o)};
  auto const head = g.commit("HEAD");
  if (head == base)
    return false;
  auto hits = scan_commits(g, base, head);
  if (!hits)
    return hits.error();
  if (hits->empty())
    return false;
  auto left = scan_difference(g, base, head);
  if (!left)
    return left.error();
  if (!left->empty())
    return false; // the gate will say so, and the agent has to mend it
  auto const kept =
      "refs/troupe/snapshots/" + safe_name(o.ticket.value) + "/unfolded-" + head.substr(0, 12);
  if (auto r = g.must({"update-ref", kept, head}); !r)
    return r.error();
  auto const title =
      one_line(o.item->title.empty() ? "Work on " + o.ticket.value : o.item->title, 200);
  auto made =
      g.out({"commit-tree", head + "^{tree}", "-p", base, "-m", title, "-m", trailers_of(o)});
  if (!made)
    return made.error();
  if (auto r = g.must({"reset", "--quiet", "--hard", *made}); !r)
    return r.error();
  return true;
}

} // namespace troupe::local
