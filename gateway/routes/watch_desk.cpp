#include "gateway/routes/watch_desk.hpp"

#include "actors/domain/principal.hpp"

#include <spdlog/spdlog.h>

#include <limits>

namespace troupe {

watch_desk::watch_desk(node& n, tenant_id const& tenant, traffic::hub& hub, duration linger)
    : n_(n), tenant_(tenant), hub_(hub), ledger_(n.view(), n.log()), linger_(linger),
      sweeping_([this] { sweep(); }), calling_([this] { call_late(); }) {
  end_left_open();
  listens_ = n_.view().subscribe([this](board_event const& e) { hear(e); }, {});
}

watch_desk::~watch_desk() {
  n_.view().unsubscribe(listens_);
  stop();
}

/// What was open when the server before this one was killed.
void watch_desk::end_left_open() {
  std::size_t total = 0;
  for (auto const& state : n_.view().list(tenant_, entity_kind::principal, {}, 0,
                                          std::numeric_limits<std::size_t>::max(), total)) {
    auto const s = json::from<principal::state>(state);
    if (!s)
      continue;
    for (auto const& w : s->watches) {
      if (w.ended != time_point{})
        continue;
      submit_options o;
      o.by = principal_id{"system"};
      o.asked = false;
      n_.submit(s->self, principal::command{principal::end_watch{w.id, "server_killed", 0}},
                std::move(o), {});
    }
  }
}

void watch_desk::open(watch_account const& what, std::function<void(std::string_view)> end,
                      opened const& done) {
  result<std::uint64_t> number = fail(errc::unavailable, "the server is stopping");
  principal::begin_watch begin;
  {
    std::lock_guard lock{mutex_};
    if (!stopping_) {
      auto const [at, fresh] = entries_.try_emplace(what);
      auto& e = at->second;
      if (!e.durable) {
        e.waiting.emplace_back(std::move(end), done);
        if (!fresh)
          return;
        e.id = n_.ids().uuid();
        begin = {e.id, what.filter, what.contents};
      } else {
        ++e.watchers;
        number = ++numbers_;
        watchers_.emplace(*number, watcher{what, std::move(end)});
      }
    }
  }
  if (begin.id.empty()) {
    done(number);
    return;
  }
  submit_options o;
  o.by = what.by;
  n_.submit({what.tenant, entity_kind::principal, what.token}, principal::command{std::move(begin)},
            std::move(o), [this, what](command_result const& r) { begun(what, r); });
}

void watch_desk::begun(watch_account const& what, command_result const& r) {
  std::vector<std::pair<opened, result<std::uint64_t>>> told;
  {
    std::lock_guard lock{mutex_};
    auto const at = entries_.find(what);
    if (at == entries_.end())
      return;
    auto& e = at->second;
    for (auto& [end, done] : std::exchange(e.waiting, {})) {
      if (!r) {
        told.emplace_back(std::move(done), r.error());
        continue;
      }
      ++e.watchers;
      watchers_.emplace(++numbers_, watcher{what, std::move(end)});
      told.emplace_back(std::move(done), numbers_);
    }
    e.durable = r.has_value();
    if (!r)
      entries_.erase(at);
  }
  for (auto const& [done, number] : told)
    done(number);
}

void watch_desk::close(std::uint64_t number, std::string_view why, std::uint64_t records) {
  {
    std::lock_guard lock{mutex_};
    auto const left = watchers_.find(number);
    if (left == watchers_.end())
      return;
    auto const at = entries_.find(left->second.of);
    watchers_.erase(left);
    if (at == entries_.end())
      return;
    auto& e = at->second;
    e.records += records;
    e.why = why;
    if (--e.watchers > 0)
      return;
    e.over = std::chrono::steady_clock::now() + linger_;
  }
  sweeping_.plan(linger_);
}

void watch_desk::sweep() {
  auto const now = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> next;
  {
    std::lock_guard lock{mutex_};
    for (auto it = entries_.begin(); it != entries_.end();) {
      auto const& e = it->second;
      if (!e.durable || e.watchers > 0) {
        ++it;
      } else if (e.over > now && !stopping_) {
        next = next ? std::min(*next, e.over) : e.over;
        ++it;
      } else {
        write_end(it->first, e);
        it = entries_.erase(it);
      }
    }
  }
  if (next)
    sweeping_.plan(std::chrono::ceil<duration>(*next - now));
}

void watch_desk::later(std::function<void()> what) {
  {
    std::lock_guard lock{mutex_};
    late_.push_back(std::move(what));
  }
  calling_.plan(std::chrono::milliseconds{100});
}

void watch_desk::call_late() {
  std::vector<std::function<void()>> all;
  {
    std::lock_guard lock{mutex_};
    all.swap(late_);
  }
  for (auto const& call : all)
    call();
}

/// Under the lock.
void watch_desk::write_end(watch_account const& what, entry const& e) {
  ++writing_;
  submit_options o;
  o.by = what.by;
  o.asked = stopping_; // a stop does not wait for a store that is away: the next start writes it
  n_.submit(
      {what.tenant, entity_kind::principal, what.token},
      principal::command{principal::end_watch{e.id, e.why, static_cast<std::int64_t>(e.records)}},
      std::move(o), [this](command_result const& r) {
        if (!r)
          spdlog::info("the end of a watch is not in the ledger why=\"{}\"", r.error().message);
        std::lock_guard lock{mutex_};
        --writing_;
        written_.notify_all();
      });
}

/// A credential that was revoked, or has run out, ends its watches at once: an entity's alarm says
/// the latter.
void watch_desk::hear(board_event const& e) {
  if (e.event->stream.kind != entity_kind::principal || e.event->event.type != "principal.revoked")
    return;
  std::vector<std::function<void(std::string_view)>> gone;
  {
    std::lock_guard lock{mutex_};
    for (auto& [number, w] : watchers_) {
      if (w.of.token == e.event->stream.id && w.end)
        gone.push_back(std::exchange(w.end, nullptr));
    }
  }
  for (auto const& end : gone)
    end("token_ended");
}

void watch_desk::stop() {
  sweeping_.stop();
  calling_.stop();
  {
    std::lock_guard lock{mutex_};
    if (std::exchange(stopping_, true))
      return;
    for (auto& [what, e] : entries_) {
      e.watchers = 0;
      if (e.why.empty())
        e.why = "server_stopping";
    }
    watchers_.clear();
  }
  sweep();
  std::unique_lock lock{mutex_};
  written_.wait_for(lock, std::chrono::seconds{2}, [&] { return writing_ == 0; });
}

} // namespace troupe
