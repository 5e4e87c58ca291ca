#include "daemon/attempt.hpp"

#include "daemon/outgoing_text.hpp"
#include "daemon/output_tail.hpp"
#include "protocol/redact.hpp"

#include <spdlog/spdlog.h>

namespace troupe::local {

reason reason_of(error const& e) {
  switch (e.code) {
  case errc::invalid_argument:
  case errc::not_found:
  case errc::unsupported:
    return reason::bad_config;
  case errc::forbidden:
    return reason::policy;
  default:
    return reason::workspace_busy; // a remote, a disk, a lock: worth another try
  }
}

attempt::attempt(executor_settings const& settings, std::shared_ptr<repository_pool> repositories,
                 link::order what, attempt_events events)
    : settings_(settings), repositories_(std::move(repositories)), order_(std::move(what)),
      events_(std::move(events)) {
  if (order_.branch.empty())
    order_.branch = "agent/" + order_.ticket.value;
}

void attempt::stop(stop_cause cause) {
  control_.stop(cause);
}

void attempt::hurry() {
  control_.hurry();
}

void attempt::answer(envelope const& message) {
  {
    std::lock_guard const lock{mutex_};
    if (open_questions_ == 0 || !answered_.insert(message.id).second)
      return;
    --open_questions_;
  }
  json::object line{{"type", "answer"}, {"text", text_of(message)}, {"from", message.from.value}};
  control_.write(json::canonical(line) + "\n");
  control_.waiting(false);
}

void attempt::progress(std::string_view text) {
  auto clean = one_line(outgoing_text(text, progress_limit, order_.send_diffs), progress_limit);
  if (!clean.empty() && events_.progress)
    events_.progress({order_.ticket, order_.token, std::move(clean)});
}

void attempt::say(tool_message m) {
  auto text = outgoing_text(m.text, said_limit, order_.send_diffs);
  if (text.empty())
    return;
  link::said out;
  out.ticket = order_.ticket;
  out.token = order_.token;
  out.kind = m.kind;
  out.to = one_line(redact(m.to), 80);
  out.text = std::move(text);
  out.engine = engine_name(m.engine);
  bool const question = m.kind == message_kind::question;
  out.key = question ? "q" + std::to_string(++questions_) : "m" + std::to_string(++messages_);
  if (question) {
    {
      std::lock_guard const lock{mutex_};
      ++open_questions_;
    }
    control_.waiting(true); // the tool waits for somebody else; that is no stall
  }
  if (events_.said)
    events_.said(std::move(out));
}

reader_events attempt::reading() {
  return {[this](std::string text) { progress(text); },
          [this](tool_message m) { say(std::move(m)); }};
}

void attempt::begin(std::string const& base) {
  if (events_.started)
    events_.started({order_.ticket, order_.token, base, order_.session});
}

std::string attempt::engine_name(std::string_view said) const {
  // A script says what it is also where its file forgets to.
  if (said.empty() && order_.engine == engine_kind::scripted)
    return "scripted";
  return one_line(redact(said), 40);
}

link::finished attempt::stopped() const {
  link::finished out;
  bool const draining = control_.stopped() == stop_cause::draining;
  out.how = draining ? link::outcome::failed : link::outcome::cancelled;
  out.why = draining ? reason::daemon_lost : reason::none;
  out.summary = draining ? "The daemon was shut down." : "Stopped.";
  return out;
}

link::finished attempt::run() {
  link::finished out;
  try {
    auto done = control_.stopped() != stop_cause::none ? stopped() : perform();
    if (done) {
      out = std::move(*done);
    } else {
      out.how = link::outcome::failed;
      out.why = reason_of(done.error());
      out.summary = done.error().message;
    }
  } catch (std::exception const& e) {
    spdlog::error("attempt ticket={} token={} error=\"{}\"", order_.ticket.value, order_.token,
                  e.what());
    out = {};
    out.how = link::outcome::failed;
    out.why = reason::workspace_busy;
    out.summary = "The daemon could not carry out the order.";
  }
  out.ticket = order_.ticket;
  out.token = order_.token;
  out.summary = outgoing_text(out.summary, note_limit, order_.send_diffs);
  if (out.notes.size() > notes_limit)
    out.notes.resize(notes_limit);
  for (auto& note : out.notes)
    note = outgoing_text(note, note_limit, order_.send_diffs);
  out.engine = engine_name(out.engine);
  out.session = one_line(redact(out.session), 200);
  for (auto& file : out.proof.files)
    file = outgoing_text(file, 400);
  fit(out);
  return out;
}

result<link::finished> attempt::perform() {
  auto where = repositories_->find(order_.repository);
  if (!where)
    return where.error();
  workspaces rooms{*where, settings_.data / "worktrees"};
  switch (order_.kind) {
  case link::order_kind::review:
    return review(**where, rooms);
  case link::order_kind::gates:
    return gates(**where, rooms);
  case link::order_kind::merge:
    return merge(**where, rooms);
  case link::order_kind::work:
    break;
  }
  return work(**where, rooms);
}

result<void> attempt::make_ready(workspaces& rooms, workspace& w) {
  if (auto r = rooms.equip(w, order_.recipe); !r)
    return r;
  if (order_.recipe.setup.empty())
    return {};
  progress("runs the setup command");
  auto const end = run_shell(
      settings_, order_.recipe.setup, w.directory, attempt_environment(settings_, order_, w),
      attempt_folder(settings_, order_) / "setup.log", settings_.setup_timeout, control_);
  if (end.how == tool_how::stopped)
    return {};
  if (!conclusive(end))
    return fail(errc::unavailable, "the setup command could not be run: " + end.message);
  if (end.how != tool_how::exited || end.exit_code != 0)
    return fail(errc::invalid_argument,
                "the setup command failed with exit code " + std::to_string(end.exit_code) + "; " +
                    place_of_log(attempt_folder(settings_, order_) / "setup.log"));
  return rooms.set_apart_untracked(w);
}

link::finished attempt::report_of(runner_report const& r) const {
  link::finished out;
  out.how = r.said.how;
  out.why = r.said.why;
  out.summary = r.said.summary.empty() ? r.end.message : r.said.summary;
  out.notes = r.said.notes;
  out.session = r.said.session;
  out.engine = r.said.engine;
  out.used = r.said.used;
  out.resume_at = r.said.resume_at;
  bool const well = out.how == link::outcome::done || out.how == link::outcome::changes_requested;
  if (out.summary.empty() && well) {
    out.summary = joined_lines(r.last_words, "\n");
    return out;
  }
  bool const said = !r.said.summary.empty(); // it has given its reason itself
  if (out.summary.empty() && out.how == link::outcome::failed)
    out.summary = "exit code " + std::to_string(r.end.exit_code);
  if (out.summary.empty() && out.how == link::outcome::timed_out)
    out.summary = "The attempt took longer than it may.";
  if (out.summary.empty() && out.how == link::outcome::stalled)
    out.summary = "The tool said nothing for too long.";
  // A person who reads this is mostly on another machine, and looks for why.
  if (!well && out.how != link::outcome::cancelled && r.end.how != tool_how::stopped) {
    if (!said && !r.last_words.empty())
      out.summary += ": " + joined_lines(r.last_words, " / ");
    if (r.end.log_bytes > 0)
      out.summary += " (" + place_of_log(r.log) + ")";
  }
  return out;
}

std::optional<link::declined> refusal_of(executor_settings const& settings,
                                         repository_pool& repositories, link::order const& o) {
  if (auto where = repositories.find(o.repository); !where)
    return link::declined{o.ticket, o.token, reason::policy, where.error().message};
  if (o.ticket.empty() || safe_name(o.ticket.value) != o.ticket.value || o.target_branch.empty() ||
      o.target_branch.front() == '-')
    return link::declined{o.ticket, o.token, reason::bad_config,
                          "the order names no usable ticket or target branch"};
  if (o.kind != link::order_kind::work && o.kind != link::order_kind::review)
    return std::nullopt;
  if (auto p = profile_of(settings, o); !p)
    return link::declined{o.ticket, o.token,
                          p.error().code == errc::forbidden ? reason::policy : reason::bad_config,
                          p.error().message};
  return std::nullopt;
}

void fit(link::finished& f) {
  constexpr std::size_t room = link::max_frame_bytes / 2;
  auto const size = [&] { return json::canonical(json::to(f)).size(); };
  if (size() <= room)
    return;
  for (auto& g : f.gates)
    if (g.proof.files.size() > 50)
      g.proof.files.resize(50);
  if (size() > room)
    f.proof.diff.clear();
  while (size() > room && f.proof.files.size() > 50)
    f.proof.files.resize(f.proof.files.size() / 2);
  if (size() > room && f.notes.size() > 5)
    f.notes.resize(5);
}

} // namespace troupe::local
