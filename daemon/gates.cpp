#include "daemon/gates.hpp"

#include "daemon/outgoing_text.hpp"
#include "daemon/output_tail.hpp"
#include "daemon/secret_scan.hpp"
#include "protocol/redact.hpp"

#include <fnmatch.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::local {

namespace {

/// What the gates of one order share.
struct bench {
  executor_settings const& settings;
  link::order const& order;
  workspace const& where;
  tool_control& control;
  git g;
  evidence change; ///< from the fork point to the head
};

/// The first few of a list, for a sentence.
std::string some(std::vector<std::string> const& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size() && i < 5; ++i)
    out += (i == 0 ? "" : "; ") + items[i];
  if (items.size() > 5)
    out += "; and " + std::to_string(items.size() - 5) + " more";
  return out;
}

std::string const& command_of(link::order const& o, gate_spec const& spec) {
  return spec.command.empty() && spec.kind == gate_kind::tests ? o.test_command : spec.command;
}

result<void> command_gate(bench& b, gate_spec const& spec, gate_result& out, bool& stopped) {
  auto const& command = command_of(b.order, spec);
  if (command.empty()) {
    // To pass would be to say that something was looked at.
    out.message = "nothing was run: there is no command for it";
    return {};
  }
  if (!to_be_run(command)) {
    out.passed = true;
    out.message = "nothing was run: the project says `" + command + "`, that there is nothing";
    return {};
  }
  auto const log = attempt_folder(b.settings, b.order) / ("gate-" + safe_name(spec.name) + ".log");
  auto const end = run_shell(b.settings, command, b.where.directory,
                             attempt_environment(b.settings, b.order, b.where), log,
                             b.settings.test_timeout, b.control);
  stopped = end.how == tool_how::stopped;
  if (!conclusive(end))
    return fail(errc::unavailable, "gate " + spec.name + " could not be run: " + end.message);
  out.passed = end.how == tool_how::exited && end.exit_code == 0;
  out.proof.command = redact(command);
  out.proof.exit_code = end.exit_code;
  out.proof.log_digest = end.log_digest;
  out.proof.log_bytes = end.log_bytes;
  out.message = end.how == tool_how::timed_out ? std::string{"did not end in time"}
                                               : "exit code " + std::to_string(end.exit_code);
  if (!out.passed && !stopped) {
    auto said = last_lines(end.error_end);
    for (auto& line : last_lines(end.output_end))
      said.push_back(std::move(line));
    auto const told = outgoing_text(joined_lines(said, " / "), tail_limit, true);
    // Here everything may be read; the server gets what tests print only from a project that also
    // sends its diffs, for tests quote the source.
    spdlog::info("gate failed ticket={} gate={} exit={} log={} said=\"{}\"", b.order.ticket.value,
                 spec.name, end.exit_code, log.string(), told);
    if (b.order.send_diffs && !told.empty())
      out.message += ": " + told;
    out.message += "; " + place_of_log(log);
  }
  // The next gate looks at the commit, not at what this one left behind.
  [[maybe_unused]] auto const reset = b.g.run({"reset", "--quiet", "--hard", b.where.start});
  [[maybe_unused]] auto const clean = b.g.run({"clean", "--quiet", "-ffd"}, b.where.variables);
  return {};
}

void size_gate(bench& b, gate_spec const& spec, gate_result& out) {
  auto const limit = spec.limit > 0 ? spec.limit : std::int64_t{b.order.patch_lines};
  auto const lines = b.change.insertions + b.change.deletions;
  out.passed = lines <= limit;
  out.message = std::to_string(lines) + (lines == 1 ? " changed line" : " changed lines") +
                ", at most " + std::to_string(limit);
}

result<void> paths_gate(bench& b, gate_spec const& spec, gate_result& out) {
  auto patterns = spec.patterns;
  patterns.insert(patterns.end(), b.order.forbidden_paths.begin(), b.order.forbidden_paths.end());
  // Every file, also those that are too many for the evidence.
  auto names = b.g.out(
      {"diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", b.where.base, b.where.start});
  if (!names)
    return names.error();
  std::vector<std::string> found;
  for (auto const& name : fields_of(*names))
    for (auto const& pattern : patterns)
      if (matches_path(pattern, name)) {
        found.push_back(one_line(redact(name), 200) + " (" + pattern + ")");
        break;
      }
  out.passed = found.empty();
  out.message = found.empty() ? "no forbidden path is changed" : "changed: " + some(found);
  return {};
}

result<void> secrets_gate(bench& b, gate_result& out) {
  auto whole = scan_difference(b.g, b.where.base, b.where.start);
  if (!whole)
    return whole.error();
  auto places = std::move(*whole);
  auto each = scan_commits(b.g, b.where.base, b.where.start);
  if (!each)
    return each.error();
  // What is still there was named with its line above; from the history only what is not.
  for (auto& p : *each)
    if (std::none_of(places.begin(), places.end(), [&](auto const& known) {
          return known.rule == p.rule && known.file == p.file && !known.file.empty();
        }))
      places.push_back(std::move(p));
  std::vector<std::string> found;
  for (auto const& p : places)
    found.push_back(describe(p));
  out.passed = found.empty();
  out.message = found.empty() ? "nothing secret-shaped in the change" : some(found);
  return {};
}

} // namespace

std::string missing_commands(link::order const& o) {
  std::string names;
  bool tests = false;
  for (auto const& spec : o.gates) {
    bool const runs = spec.kind == gate_kind::tests || spec.kind == gate_kind::lint;
    if (!runs || !command_of(o, spec).empty())
      continue;
    names += (names.empty() ? "" : ", ") + spec.name;
    tests = tests || spec.kind == gate_kind::tests;
  }
  if (names.empty())
    return {};
  return "There is no command to run for: " + names + ". " +
         (tests ? std::string{"Set the project's test_command"}
                : std::string{"Give the gate a command"}) +
         "; where there is nothing to run, say so with the command `" + std::string{no_command} +
         "`, or take the gate out of the process.";
}

bool matches_path(std::string const& pattern, std::string const& path) {
  std::string p = pattern.starts_with('/') ? pattern.substr(1) : pattern;
  if (p.empty())
    return false;
  if (p.ends_with('/'))
    p += '*';
  if (::fnmatch(p.c_str(), path.c_str(), 0) == 0)
    return true;
  // `**/` also stands for no folder at all.
  if (p.starts_with("**/") && ::fnmatch(p.c_str() + 3, path.c_str(), 0) == 0)
    return true;
  if (p.find('/') != std::string::npos)
    return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    auto const end = std::min(path.find('/', begin), path.size());
    if (::fnmatch(p.c_str(), path.substr(begin, end - begin).c_str(), 0) == 0)
      return true;
    begin = end + 1;
  }
  return false;
}

result<std::vector<gate_result>> run_gates(executor_settings const& settings, link::order const& o,
                                           workspace const& w, tool_control& control,
                                           reader_events const& events) {
  git const g{w.directory};
  auto change = collect_evidence(g, o, w.base, w.start);
  if (!change)
    return change.error();
  change->diff.clear(); // once with the work is enough
  without_commits(*change);
  bench b{settings, o, w, control, g, std::move(*change)};
  std::vector<gate_result> out;
  for (auto const& spec : o.gates) {
    if (events.progress)
      events.progress("gate " + spec.name);
    gate_result r;
    r.gate = spec.name;
    r.proof = b.change;
    bool stopped = control.stopped() != stop_cause::none;
    result<void> done{};
    switch (spec.kind) {
    case gate_kind::tests:
    case gate_kind::lint:
      if (!stopped)
        done = command_gate(b, spec, r, stopped);
      break;
    case gate_kind::patch_size:
      size_gate(b, spec, r);
      break;
    case gate_kind::forbidden_paths:
      done = paths_gate(b, spec, r);
      break;
    case gate_kind::secrets:
      done = secrets_gate(b, r);
      break;
    }
    if (stopped)
      return std::vector<gate_result>{};
    if (!done)
      return done.error();
    out.push_back(std::move(r));
  }
  return out;
}

} // namespace troupe::local
