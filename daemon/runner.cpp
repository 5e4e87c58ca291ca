#include "daemon/runner.hpp"

#include "daemon/output_tail.hpp"
#include "daemon/prompt.hpp"

#include <fstream>

namespace troupe::local {

namespace fs = std::filesystem;

namespace {

/// What every child may see of our environment. Everything else (cloud keys, tokens, our own
/// secrets) stays out unless a profile or the operator names it.
std::vector<std::string> const base_variables{"PATH", "HOME", "LANG", "TERM", "TMPDIR"};

result<void> write_private(fs::path const& file, std::string_view text) {
  std::error_code ec;
  fs::create_directories(file.parent_path(), ec);
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, ec);
  out << text;
  out.close();
  if (!out)
    return fail(errc::unavailable, "cannot write " + file.string());
  return {};
}

/// `Edit,Bash(npm test:*)`, as coding CLIs take lists.
std::string joined(std::vector<std::string> const& items) {
  std::string out;
  for (auto const& item : items)
    out += (out.empty() ? "" : ",") + item;
  return out;
}

/// `tally.dev-ada` is `dev-ada` to people.
std::string short_name(agent_id const& agent) {
  auto const dot = agent.value.rfind('.');
  return dot == std::string::npos ? agent.value : agent.value.substr(dot + 1);
}

} // namespace

fs::path attempt_folder(executor_settings const& settings, link::order const& o) {
  return settings.data / "attempts" / (safe_name(o.ticket.value) + "-" + std::to_string(o.token));
}

git_author author_of(executor_settings const& settings, link::order const& o) {
  auto name = short_name(o.agent);
  if (name.empty())
    name = o.role.empty() ? "agent" : o.role;
  std::map<std::string, std::string> const values{{"agent", safe_name(name)}};
  return {one_line(fill_in(settings.author_name, values), 100),
          one_line(fill_in(settings.author_email, values), 100)};
}

environment attempt_environment(executor_settings const& settings, link::order const& o,
                                workspace const& w) {
  auto env = allowed_environment(base_variables);
  env.merge(allowed_environment(settings.environment));
  env.merge(git{w.directory, author_of(settings, o)}.author_environment());
  for (auto const& [name, value] : w.variables)
    env[name] = value;
  auto const folder = attempt_folder(settings, o);
  environment const ours{{"TROUPE_TICKET", o.ticket.value},
                         {"TROUPE_TITLE", o.item->title},
                         {"TROUPE_ROLE", o.role},
                         {"TROUPE_AGENT", o.agent.value},
                         {"TROUPE_PROJECT", o.project.value},
                         {"TROUPE_REPOSITORY", o.repository},
                         {"TROUPE_BRANCH", o.branch},
                         {"TROUPE_TARGET_BRANCH", o.target_branch},
                         {"TROUPE_KIND", o.kind == link::order_kind::review ? "review" : "work"},
                         {"TROUPE_STAGE", o.stage},
                         {"TROUPE_ROUND", std::to_string(o.round)},
                         {"TROUPE_ATTEMPT", std::to_string(o.attempt_number)},
                         {"TROUPE_PROMPT_FILE", (folder / "prompt.md").string()},
                         {"TROUPE_ORDER_FILE", (folder / "order.json").string()},
                         {"TROUPE_TOOLS", joined(o.tools)},
                         {"TROUPE_BASE", w.base},
                         {"TROUPE_HEAD", w.start}};
  for (auto const& [name, value] : ours)
    env[name] = value.substr(0, value.find('\0'));
  if (!o.trace.empty()) // where OpenTelemetry's own tools look for it
    env["TRACEPARENT"] = o.trace;
  return env;
}

result<runner_profile> profile_of(executor_settings const& settings, link::order const& o) {
  runner_profile out;
  if (o.engine == engine_kind::process) {
    if (!settings.allow_process)
      return fail(errc::forbidden, "this daemon runs no command lines of the server");
    auto const shipped = settings.profiles.find("command");
    if (shipped != settings.profiles.end())
      out.exit_codes = shipped->second.exit_codes;
    out.name = "process";
    out.format = output_format::jsonl;
    out.answers = true;
    out.command = o.command;
  } else {
    auto const name = !o.profile.empty()                  ? o.profile
                      : o.engine == engine_kind::scripted ? std::string{"scripted"}
                                                          : std::string{"command"};
    auto const found = settings.profiles.find(name);
    if (found == settings.profiles.end())
      return fail(errc::not_found, "this daemon has no runner profile " + one_line(name, 60));
    out = found->second;
    if (out.program.empty() && out.command.empty()) {
      out.command = settings.command;
      if (out.command.empty() && settings.allow_process)
        out.command = o.command;
    }
  }
  if (out.program.empty() && out.command.empty())
    return fail(errc::invalid_argument, "the profile " + out.name +
                                            " has no command to run; start the daemon with "
                                            "`troupe daemon run --command 'your script'`");
  if (out.exit_codes.empty())
    out.exit_codes = {{0, "done"}, {2, "changes_requested"}};
  return out;
}

result<runner_report> run_runner(executor_settings const& settings, link::order const& o,
                                 workspace const& w, tool_control& control, reader_events events) {
  auto profile = profile_of(settings, o);
  if (!profile)
    return profile.error();
  auto const folder = attempt_folder(settings, o);
  auto const prompt = prompt_of(o, w.base, w.start);
  if (auto r = write_private(folder / "prompt.md", prompt); !r)
    return r.error();
  if (auto r = write_private(folder / "order.json", json::canonical(json::to(o))); !r)
    return r.error();

  tool_command command;
  if (profile->program.empty()) {
    command.argv = {"/bin/sh", "-c", profile->command};
  } else {
    std::map<std::string, std::string> const values{
        {"prompt", prompt},
        {"prompt_file", (folder / "prompt.md").string()},
        {"order_file", (folder / "order.json").string()},
        {"session", o.session},
        {"title", o.item->title},
        {"ticket", o.ticket.value},
        {"role", o.role},
        {"tools", joined(o.tools)},
        {"branch", o.branch},
        {"worktree", w.directory.string()}};
    bool const resumes = !o.session.empty();
    std::vector<std::string> arguments;
    if (resumes && !profile->resume_arguments.empty()) {
      arguments = profile->resume_arguments;
    } else {
      if (resumes)
        arguments = profile->resume;
      arguments.insert(arguments.end(), profile->arguments.begin(), profile->arguments.end());
    }
    if (!o.tools.empty())
      arguments.insert(arguments.begin(), profile->tools.begin(), profile->tools.end());
    command.argv.push_back(profile->program);
    for (auto const& a : arguments)
      command.argv.push_back(fill_in(a, values));
  }
  command.env = attempt_environment(settings, o, w);
  command.env.merge(allowed_environment(profile->environment));
  for (auto const& [name, value] : profile->set)
    command.env[name] = value;
  command.directory = w.directory;
  command.log = folder / "output.log";
  command.timeout = o.timeout;
  command.stall = o.stall;
  command.grace = settings.grace;
  command.keep_input = profile->answers;
  if (!profile->answers)
    // Nobody would hear the answer: what it asks is good to know, and does not hold it up.
    events.said = [said = std::move(events.said)](tool_message m) {
      if (m.kind == message_kind::question)
        m.kind = message_kind::note;
      said(std::move(m));
    };

  auto reader = make_reader(*profile, std::move(events));
  runner_report out;
  auto const begun = std::chrono::steady_clock::now();
  out.end = run_tool(settings.guard, command, control,
                     [&](std::string_view line) { reader->line(line); });
  out.said = reader->end(out.end.exit_code, o.kind);
  out.said.used.wall =
      std::chrono::duration_cast<duration>(std::chrono::steady_clock::now() - begun);
  if (out.said.session.empty())
    out.said.session = o.session;
  out.log = command.log;
  std::vector<std::string> const trees{w.start, w.base};
  // What went wrong is said on standard error, what was done on standard output.
  auto const meant =
      out.said.how == link::outcome::done || out.said.how == link::outcome::changes_requested;
  bool const well = out.end.how == tool_how::exited && meant;
  if (!well)
    out.last_words = lines_without_source(out.end.error_end, w.directory, trees);
  if (out.last_words.empty() && out.said.summary.empty())
    out.last_words = lines_without_source(out.end.output_end, w.directory, trees);
  switch (out.end.how) {
  case tool_how::exited:
    break;
  case tool_how::not_started:
    out.said.how = link::outcome::failed;
    out.said.why = reason::missing_tool;
    break;
  case tool_how::signalled:
    // Somebody or the kernel ended the tool; that says nothing about the ticket.
    out.said.how = link::outcome::failed;
    out.said.why = reason::daemon_lost;
    break;
  case tool_how::timed_out:
    out.said.how = link::outcome::timed_out;
    out.said.why = reason::none;
    break;
  case tool_how::stalled:
    out.said.how = link::outcome::stalled;
    out.said.why = reason::none;
    break;
  case tool_how::stopped:
    out.said.how = control.stopped() == stop_cause::draining ? link::outcome::failed
                                                             : link::outcome::cancelled;
    out.said.why = control.stopped() == stop_cause::draining ? reason::daemon_lost : reason::none;
    break;
  }
  return out;
}

tool_end run_shell(executor_settings const& settings, std::string const& command,
                   fs::path const& directory, environment env, fs::path const& log,
                   duration timeout, tool_control& control) {
  std::error_code ec;
  fs::create_directories(log.parent_path(), ec);
  tool_command c;
  c.argv = {"/bin/sh", "-c", command};
  c.env = std::move(env);
  c.directory = directory;
  c.log = log;
  c.timeout = timeout;
  c.grace = settings.grace;
  return run_tool(settings.guard, c, control);
}

} // namespace troupe::local
