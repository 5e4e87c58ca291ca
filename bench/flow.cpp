#include "bench/flow.hpp"

#include <algorithm>
#include <climits>
#include <thread>

namespace troupe::bench {

namespace {

/// The four durable ends of stages in the life of a ticket.
bool ends_a_stage(std::string const& type) {
  return type == "ticket.evidence_attached" || type == "ticket.reviewed" ||
         type == "ticket.gated" || type == "ticket.merged";
}

/// So many may wait to be accepted at once, as in bench/peers: all 10,000 would move in lock-step.
constexpr int handing = 256;

} // namespace

ticket_flow::ticket_flow(stage& on, place const& at) : on_(on), meter_(at) {
  listener_ = on_.at().view().subscribe([this](board_event const& e) { heard(e); }, {});
}

ticket_flow::~ticket_flow() {
  on_.at().view().unsubscribe(listener_);
}

void ticket_flow::keep(int level) {
  {
    std::lock_guard lock{mutex_};
    level_ = level;
  }
  fill();
}

void ticket_flow::end() {
  std::lock_guard lock{mutex_};
  level_ = 0;
}

void ticket_flow::fill() {
  for (;;) {
    int number = 0;
    {
      std::lock_guard lock{mutex_};
      if (static_cast<int>(begun_.size()) >= level_ || waiting_ >= handing || !refused_.empty())
        return;
      number = ++opened_;
      ++waiting_;
      begun_.emplace(stage::ref(number).id, clock::now());
    }
    send(number);
  }
}

void ticket_flow::send(int number) {
  // Not under the lock: an answer may come before `submit` returns.
  on_.at().submit(stage::ref(number), ticket::command{stage::ticket(number)}, stage::by(),
                  [this, number](command_result const& r) {
                    if (!r)
                      return refuse(number, r.error());
                    {
                      std::lock_guard lock{mutex_};
                      --waiting_;
                      if (level_ == 0)
                        return;
                    }
                    fill();
                  });
}

void ticket_flow::refuse(int number, error const& why) {
  std::lock_guard lock{mutex_};
  --waiting_;
  if (by_the_clock_ && why.code == errc::busy) {
    begun_.erase(stage::ref(number).id);
    if (counting_)
      ++seen_.refused;
  } else {
    refused_ = why.message;
  }
  changed_.notify_one();
}

result<void> ticket_flow::arrive(double rate, seconds how_long) {
  auto const begin = clock::now();
  {
    std::lock_guard lock{mutex_};
    by_the_clock_ = true;
  }
  auto const many = static_cast<int>(rate * how_long.count());
  for (int i = 0; i < many; ++i) {
    auto const due = begin + std::chrono::duration_cast<clock::duration>(seconds{i / rate});
    std::this_thread::sleep_until(due); // late: what is due is sent at once, and keeps its moment
    int number = 0;
    {
      std::lock_guard lock{mutex_};
      if (auto r = failure(); !r)
        return r;
      number = ++opened_;
      ++waiting_;
      begun_.emplace(stage::ref(number).id, due);
    }
    send(number);
  }
  std::this_thread::sleep_until(begin + std::chrono::duration_cast<clock::duration>(how_long));
  return {};
}

void ticket_flow::heard(board_event const& e) {
  auto const& type = e.event->event.type;
  if (!ends_a_stage(type))
    return;
  {
    std::lock_guard lock{mutex_};
    if (counting_)
      ++stages_;
    if (type != "ticket.merged")
      return;
    auto const it = begun_.find(e.event->stream.id);
    if (it == begun_.end())
      return;
    // By the clock, only what was due within the window belongs to it.
    if (counting_ && (!by_the_clock_ || it->second >= window_began_))
      seen_.latency.record(ns_since(it->second));
    begun_.erase(it);
    ++merged_;
    if (merged_ == awaited_ || begun_.empty())
      changed_.notify_one();
    if (level_ == 0)
      return;
  }
  fill();
}

result<void> ticket_flow::failure() const {
  if (refused_.empty())
    return {};
  return fail(errc::internal, "a ticket was refused: " + refused_);
}

result<void> ticket_flow::wait(seconds least, int merged, seconds limit, int cap) {
  auto const begin = clock::now();
  auto const at = [&](seconds s) { return begin + std::chrono::duration_cast<clock::duration>(s); };
  std::unique_lock lock{mutex_};
  auto const from = merged_;
  auto const capped = [&] { return merged_ - from >= cap || !refused_.empty(); };
  auto const enough = [&] { return merged_ - from >= merged || capped(); };
  awaited_ = from + std::min(cap, INT_MAX - from);
  changed_.wait_until(lock, at(least), capped);
  awaited_ = from + std::min(merged, cap);
  changed_.wait_until(lock, at(std::max(limit, least)), enough);
  return failure();
}

void ticket_flow::open_window() {
  journal_counters const& c = on_.at().log().counters();
  auto const cost = meter_.read();
  std::lock_guard lock{mutex_};
  seen_ = {};
  stages_ = 0;
  before_ = cost;
  seen_.events = c.events.load();
  seen_.commits = c.batches.load();
  counting_ = true;
  window_began_ = clock::now();
}

ticket_flow::window ticket_flow::close_window(bool with_open) {
  journal_counters const& c = on_.at().log().counters();
  std::unique_lock lock{mutex_};
  counting_ = false;
  auto out = std::move(seen_);
  seen_ = {};
  out.took = seconds_since(window_began_);
  out.tickets = stages_ / 4;
  out.events = c.events.load() - out.events;
  out.commits = c.batches.load() - out.commits;
  out.under_way = static_cast<int>(begun_.size());
  for (auto const& [id, since] : begun_) {
    if (!with_open || since < window_began_)
      continue;
    ++out.unfinished;
    out.latency.record(ns_since(since));
  }
  lock.unlock();
  out.cost = meter_.read() - before_;
  return out;
}

result<void> ticket_flow::drain(seconds limit) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, limit, [&] { return begun_.empty() || !refused_.empty(); });
  if (auto r = failure(); !r)
    return r;
  if (!begun_.empty())
    return fail(errc::timeout, std::to_string(begun_.size()) + " tickets were not finished in " +
                                   std::to_string(static_cast<int>(limit.count())) + " s");
  return {};
}

} // namespace troupe::bench
