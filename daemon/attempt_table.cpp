#include "daemon/attempt_table.hpp"

#include "protocol/conversation.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/log_about.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::local {

attempt_table::attempt_table(executor_settings settings,
                             std::shared_ptr<repository_pool> repositories, spool& reports,
                             std::int32_t slots, outlets to)
    : settings_(std::move(settings)), repositories_(std::move(repositories)), spool_(reports),
      slots_(slots), to_(std::move(to)) {
  sweeper_ = std::thread{[this] { sweep(); }};
  pacer_ = std::thread{[this] { tell_late(); }};
}

attempt_table::~attempt_table() {
  stop_all(true);
  {
    std::lock_guard const lock{mutex_};
    closing_ = true;
  }
  changed_.notify_all();
  sweeper_.join();
  std::map<key, entry> left;
  {
    std::lock_guard const lock{mutex_};
    left.swap(attempts_);
  }
  for (auto& [id, e] : left)
    e.thread.join();
  {
    std::lock_guard const lock{pace_mutex_};
    pace_closing_ = true;
  }
  pace_changed_.notify_all();
  pacer_.join();
}

void attempt_table::tell(link::progress p) {
  std::lock_guard const lock{pace_mutex_};
  bool const waited = pace_.next().has_value();
  if (auto now = pace_.offer(std::move(p), progress_pace::clock::now()))
    to_.progress(std::move(*now));
  else if (!waited)
    pace_changed_.notify_all();
}

/// Sends what came too fast when its time has come; sleeps while nothing waits.
void attempt_table::tell_late() {
  std::unique_lock lock{pace_mutex_};
  while (!pace_closing_) {
    if (auto const at = pace_.next())
      pace_changed_.wait_until(lock, *at);
    else
      pace_changed_.wait(lock);
    for (auto& p : pace_.due(progress_pace::clock::now()))
      to_.progress(std::move(p));
  }
}

void attempt_table::report(link::frame_body const& body) {
  while (true) {
    auto done = spool_.append(body);
    if (done)
      break;
    // A full disk: the report is not given up, and the attempt's result is still in git.
    spdlog::error("spool error=\"{}\"", done.error().message);
    std::unique_lock lock{mutex_};
    if (changed_.wait_for(lock, std::chrono::seconds{1}, [&] { return closing_; }))
      return;
  }
  to_.reported();
}

void attempt_table::recover() {
  for (auto const& o : spool_.open_orders()) {
    link::finished f;
    f.ticket = o.ticket;
    f.token = o.token;
    f.how = link::outcome::failed;
    f.why = reason::daemon_lost;
    f.summary = "The daemon was restarted while the attempt ran.";
    f.session = o.session;
    auto const conversation = conversation_of(o.ticket);
    log_about const about{conversation};
    spdlog::info("lost ticket={} token={}", o.ticket.value, o.token);
    report(f);
  }
  {
    std::lock_guard const lock{mutex_};
    releases_ = spool_.open_releases();
  }
  changed_.notify_all();
}

std::int32_t attempt_table::busy() const {
  return static_cast<std::int32_t>(std::count_if(attempts_.begin(), attempts_.end(),
                                                 [](auto const& e) { return !e.second.ended; }));
}

void attempt_table::start(link::order o) {
  auto const conversation = conversation_of(o.ticket);
  log_about const about{conversation};
  TROUPE_CRASH_POINT(43, "daemon: order taken, not begun");
  reap();
  auto refusal = refusal_of(settings_, *repositories_, o);
  std::unique_lock lock{mutex_};
  std::int32_t makes_way = 0;
  for (auto& [id, e] : attempts_)
    if (id.first == o.ticket && !e.ended)
      ++makes_way;
  if (!refusal && (draining_ || closing_))
    refusal = link::declined{o.ticket, o.token, reason::workspace_busy, "the daemon is draining"};
  if (!refusal && busy() - makes_way >= slots_)
    refusal = link::declined{o.ticket, o.token, reason::workspace_busy, "no free slot"};
  if (refusal) {
    lock.unlock();
    spdlog::info("declined ticket={} token={} why=\"{}\"", o.ticket.value, o.token,
                 refusal->message);
    report(*refusal);
    return;
  }
  for (auto& [id, e] : attempts_)
    if (id.first == o.ticket && !e.ended)
      e.what->stop(stop_cause::cancelled);
  key const id{o.ticket, o.token};
  auto events = std::make_shared<attempt_events>();
  events->started = [this](link::started s) { report(s); };
  events->progress = [this](link::progress p) { tell(std::move(p)); };
  events->said = [this](link::said s) { report(s); };
  auto a = std::make_shared<attempt>(settings_, repositories_, std::move(o), *events);
  auto& e = attempts_[id];
  e.what = a;
  spdlog::info("started ticket={} token={} stage={}", id.first.value, id.second, a->what().stage);
  e.thread = std::thread{[this, a, events] { run(a, events); }};
}

void attempt_table::run(std::shared_ptr<attempt> const& a, std::shared_ptr<attempt_events> const&) {
  auto const& o = a->what();
  auto const conversation = conversation_of(o.ticket);
  log_about const about{conversation};
  key const id{o.ticket, o.token};
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] {
      return std::none_of(attempts_.begin(), attempts_.end(), [&](auto const& other) {
        return other.first.first == id.first && other.first.second < id.second &&
               !other.second.ended;
      });
    });
  }
  auto end = a->run();
  {
    std::lock_guard const lock{pace_mutex_};
    if (auto last = pace_.end(o.ticket, o.token))
      to_.progress(std::move(*last));
  }
  auto const how = json::to(end.how);
  spdlog::info("ended ticket={} token={} how={} summary=\"{}\"", id.first.value, id.second,
               std::string_view{how.get_string()}, one_line(end.summary, 1000));
  report(end);
  {
    std::lock_guard const lock{mutex_};
    attempts_[id].ended = true;
  }
  changed_.notify_all();
}

void attempt_table::reap() {
  std::vector<std::thread> ended;
  {
    std::lock_guard const lock{mutex_};
    for (auto it = attempts_.begin(); it != attempts_.end();) {
      if (it->second.ended) {
        ended.push_back(std::move(it->second.thread));
        it = attempts_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (auto& t : ended)
    t.join();
}

void attempt_table::stop(link::stop const& s) {
  std::lock_guard const lock{mutex_};
  if (auto const found = attempts_.find({s.ticket, s.token}); found != attempts_.end())
    found->second.what->stop(stop_cause::cancelled);
}

void attempt_table::answer(link::answer const& a) {
  std::lock_guard const lock{mutex_};
  if (auto const found = attempts_.find({a.ticket, a.token}); found != attempts_.end())
    found->second.what->answer(a.message);
}

void attempt_table::release(link::release r) {
  {
    std::lock_guard const lock{mutex_};
    for (auto& [id, e] : attempts_)
      if (id.first == r.ticket && !e.ended)
        e.what->stop(stop_cause::cancelled);
    releases_.push_back(std::move(r));
  }
  changed_.notify_all();
}

std::vector<link::held> attempt_table::held() const {
  std::lock_guard const lock{mutex_};
  std::vector<link::held> out;
  for (auto const& [id, e] : attempts_)
    if (!e.ended)
      out.push_back({id.first, id.second});
  return out;
}

std::int32_t attempt_table::free_slots() const {
  std::lock_guard const lock{mutex_};
  return draining_ ? 0 : std::max(0, slots_ - busy());
}

void attempt_table::drain() {
  std::lock_guard const lock{mutex_};
  draining_ = true;
}

void attempt_table::stop_all(bool now) {
  std::lock_guard const lock{mutex_};
  draining_ = true;
  for (auto& [id, e] : attempts_)
    if (!e.ended) {
      e.what->stop(stop_cause::draining);
      if (now)
        e.what->hurry();
    }
}

bool attempt_table::wait_idle(duration limit) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, limit, [&] { return busy() == 0; });
}

void attempt_table::sweep() {
  while (true) {
    link::release next;
    {
      std::unique_lock lock{mutex_};
      auto const ready = [&] {
        return std::find_if(releases_.begin(), releases_.end(), [&](auto const& r) {
          return std::none_of(attempts_.begin(), attempts_.end(), [&](auto const& e) {
            return e.first.first == r.ticket && !e.second.ended;
          });
        });
      };
      changed_.wait(lock, [&] { return closing_ || ready() != releases_.end(); });
      if (closing_)
        return;
      auto const found = ready();
      next = std::move(*found);
      releases_.erase(found);
    }
    auto const conversation = conversation_of(next.ticket);
    log_about const about{conversation};
    auto done = remove_all_of(next);
    if (done)
      done = spool_.released(next.ticket);
    if (!done) // still in the spool, so the next start tries again
      spdlog::warn("release ticket={} error=\"{}\"", next.ticket.value, done.error().message);
  }
}

result<void> attempt_table::remove_all_of(link::release const& r) {
  auto const name = spool_.repository_of(r.ticket);
  if (name.empty())
    return {};
  auto where = repositories_->find(name);
  if (!where)
    return where.error();
  workspaces rooms{*where, settings_.data / "worktrees"};
  for (auto const& folder : rooms.of_ticket(r.ticket)) {
    if (!rooms.is_worktree(folder)) { // moved aside once, or never finished; not ours to remove
      spdlog::info("release ticket={} kept={}", r.ticket.value, folder.string());
      continue;
    }
    auto snapshot = rooms.remove(folder, r.ticket.value, "released");
    if (!snapshot)
      return snapshot.error();
    if (!snapshot->empty())
      spdlog::info("released ticket={} snapshot={}", r.ticket.value, *snapshot);
  }
  if (r.outcome != "DONE")
    return {};
  // Merged: the branch here and the attempts' refs have served.
  auto const bare = (*where)->bare();
  std::lock_guard const lock{(*where)->lock()};
  [[maybe_unused]] auto const deleted =
      bare.run({"update-ref", "-d", "refs/heads/agent/" + r.ticket.value});
  if (auto done = (*where)->forget_attempts(r.ticket); !done)
    spdlog::info("release ticket={} attempts_left=\"{}\"", r.ticket.value, done.error().message);
  return {};
}

} // namespace troupe::local
