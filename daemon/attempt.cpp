#include "daemon/attempt.hpp"

#include "daemon/gates.hpp"
#include "daemon/merge.hpp"
#include "daemon/outgoing_text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::local {

namespace {

/// What an error of ours means for the ticket.
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

} // namespace

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
  out.to = one_line(m.to, 80);
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
  return one_line(said, 40);
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
  out.session = one_line(out.session, 200);
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
  if (end.how != tool_how::exited || end.exit_code != 0)
    return fail(errc::invalid_argument, "the setup command failed with exit code " +
                                            std::to_string(end.exit_code) +
                                            "; its output is in the daemon's log folder");
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
  if (out.summary.empty() && out.how == link::outcome::failed)
    out.summary = "exit code " + std::to_string(r.end.exit_code);
  if (out.summary.empty() && out.how == link::outcome::timed_out)
    out.summary = "The attempt took longer than it may.";
  if (out.summary.empty() && out.how == link::outcome::stalled)
    out.summary = "The tool said nothing for too long.";
  return out;
}

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
  auto ran = run_runner(settings_, order_, w, control_, reading());
  if (!ran)
    return ran.error();
  auto out = report_of(*ran);

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
  auto head = g.commit("HEAD");
  auto const target = where.origin_branch(order_.target_branch);
  auto const forked = g.run({"merge-base", target, head});
  auto const base = forked && forked->ok() ? forked->out : w.base;
  if (out.how == link::outcome::done) {
    auto folded = fold_secret_history(settings_, order_, w, base);
    if (!folded)
      return folded.error();
    head = g.commit("HEAD");
  }
  auto proof = collect_evidence(g, order_, base, head);
  if (!proof)
    return proof.error();
  out.proof = std::move(*proof);
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
        out.why = published.error().code == errc::fenced ? reason::none : reason::workspace_busy;
        out.summary = published.error().message;
      }
    }
  }
  if (out.how == link::outcome::done && !order_.test_command.empty()) {
    progress("runs the tests");
    if (!add_test_run(out.proof, settings_, order_, w, control_)) {
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
  auto proof = collect_evidence(where.bare(), order_, w.base, w.start);
  if (!proof)
    return proof.error();
  out.proof = std::move(*proof);
  out.proof.diff.clear();
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
