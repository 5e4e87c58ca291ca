#include "actors/tap/feed.hpp"

#include "protocol/json.hpp"

#include <algorithm>

namespace troupe::traffic {

namespace {

std::shared_ptr<std::string const> text_of(json::object const& o) {
  return std::make_shared<std::string const>(json::canonical(o));
}

line gap_line(std::uint64_t n, std::string_view why) {
  return {line_kind::gap, text_of({{"type", "gap"}, {"count", n}, {"why", why}}), no_shard, 0};
}

line counters_line(totals const& from, totals const& to) {
  json::object of;
  for (std::size_t i = 0; i < category_count; ++i) {
    if (auto const n = to.of[i] - from.of[i]; n > 0)
      of.emplace(to_string(static_cast<category>(i)), n);
  }
  return {line_kind::counters,
          text_of({{"type", "counters"},
                   {"records", to.records - from.records},
                   {"errors", to.errors - from.errors},
                   {"missed", to.missed - from.missed},
                   {"of", std::move(of)}}),
          no_shard, 0};
}

constexpr std::string_view record_limit = "record_limit";
constexpr std::string_view slow_reader = "slow_reader";

line closed_line(std::string_view reason) {
  return {line_kind::closed, text_of({{"type", "closed"}, {"reason", reason}}), no_shard, 0};
}

} // namespace

std::string_view to_string(line_kind k) {
  switch (k) {
  case line_kind::record:
    return "record";
  case line_kind::gap:
    return "gap";
  case line_kind::counters:
    return "counters";
  case line_kind::closed:
    return "closed";
  }
  return "unknown";
}

// ---- subscription ------------------------------------------------------------------------------

subscription::subscription(std::shared_ptr<feed> of, subscription_limits limits,
                           std::function<std::int64_t()> now, std::function<void()> on_ready)
    : feed_(std::move(of)), limits_(limits), now_(std::move(now)), on_ready_(std::move(on_ready)) {}

void subscription::begin() {
  at_ = feed_->head();
  told_ = feed_->totals_;
  ends_at_ = now_() + limits_.time_ns;
  patient_ = limits_.patient;
}

bool subscription::has_news() const {
  return !over_ && (at_ < feed_->head() || !reason_.empty());
}

void subscription::finish(std::string_view reason, bool now) {
  if (!reason_.empty() && !now)
    return;
  reason_ = reason;
  if (now)
    at_ = feed_->head();
  ends_before_ = feed_->head();
}

void subscription::check(std::int64_t now_ns) {
  if (over_)
    return;
  if (now_ns >= ends_at_)
    finish("time_limit", false);
  if (!waits_ || patient_ || now_ns - waits_since_ < limits_.disconnect_ns)
    return;
  if (reason_ != slow_reader) { // it stays so until it reads
    ++feed_->slow_->closed;
    feed_->slow_->missed += untold(feed_->totals_);
  }
  finish(slow_reader, true);
}

bool subscription::over() const {
  std::lock_guard lock{feed_->mutex_};
  return over_;
}

bool subscription::ends() const {
  std::lock_guard lock{feed_->mutex_};
  return !reason_.empty();
}

void subscription::close(std::string_view reason) {
  std::lock_guard lock{feed_->mutex_};
  if (!over_)
    finish(reason, true);
}

void subscription::hurry() {
  auto const now = now_();
  std::lock_guard lock{feed_->mutex_};
  patient_ = false;
  hurries_since_ = now;
  waits_since_ = std::max(waits_since_, now);
}

std::vector<line> subscription::take(std::size_t most) {
  std::vector<line> out;
  auto const now = now_();
  std::lock_guard lock{feed_->mutex_};
  check(now);
  auto& f = *feed_;
  if (over_)
    return out;
  auto const end = std::min(f.head(), ends_before_);
  if (at_ < end && waits_ && !patient_ && now - waits_since_ >= limits_.coalesce_ns) {
    at_ = std::max(end, f.first_);
    f.slow_->missed += untold(f.before(at_));
    out.push_back(counters_line(told_, f.before(at_)));
  } else if (at_ < f.first_) { // some of what it has not read is not kept any more
    at_ = f.first_;
    f.slow_->missed += untold(f.before(at_));
    out.push_back(gap_line(f.before(at_).since(told_), "slow"));
  }
  out.reserve(std::min<std::size_t>(most, end > at_ ? end - at_ : 0) + 2);
  while (at_ < end && out.size() < most && reason_ != record_limit) {
    auto const& next = f.lines_[at_++ - f.first_].what;
    out.push_back(next);
    if (next.kind == line_kind::record && ++records_ >= limits_.records)
      finish(record_limit, true);
  }
  if (!reason_.empty() && at_ >= std::min(f.head(), ends_before_)) {
    out.push_back(closed_line(reason_));
    over_ = true;
  }
  told_ = f.before(at_);
  waits_ = !over_ && at_ < f.head();
  if (waits_)
    waits_since_ = std::max(hurries_since_, f.lines_[at_ - f.first_].at);
  armed_ = !waits_ && !over_;
  return out;
}

// ---- feed --------------------------------------------------------------------------------------

std::shared_ptr<subscription> feed::join(subscription_limits limits,
                                         std::function<std::int64_t()> now,
                                         std::function<void()> on_ready) {
  auto s = std::make_shared<subscription>(shared_from_this(), limits, std::move(now),
                                          std::move(on_ready));
  std::lock_guard lock{mutex_};
  s->begin();
  watchers_.push_back(s);
  return s;
}

void feed::append(line what, std::int64_t now_ns) {
  bytes_ += what.text->size();
  lines_.push_back({std::move(what), now_ns, totals_});
  while (lines_.size() > most_lines || (bytes_ > most_bytes && lines_.size() > 1)) {
    bytes_ -= lines_.front().what.text->size();
    lines_.pop_front();
    ++first_;
  }
  news_ = true;
}

void feed::add(header const& h, std::shared_ptr<std::string const> text, std::int64_t now_ns) {
  std::lock_guard lock{mutex_};
  say_missed(now_ns);
  append({line_kind::record, std::move(text), h.shard, h.seq}, now_ns);
  ++totals_.records;
  totals_.errors += is_error(h.how) ? 1 : 0;
  ++totals_.of[static_cast<std::size_t>(h.point)];
}

void feed::miss(std::uint64_t n, bool over_rate) {
  std::lock_guard lock{mutex_};
  (over_rate ? missed_rate_ : missed_room_) += n;
}

/// Under load every record would come with a gap: so it is said once a second.
void feed::say_missed(std::int64_t now_ns) {
  constexpr std::int64_t second = 1'000'000'000;
  if (missed_rate_ + missed_room_ == 0 || now_ns - missed_told_at_ < second)
    return;
  missed_told_at_ = now_ns;
  for (auto const& [n, why] :
       {std::pair{&missed_rate_, "rate"}, std::pair{&missed_room_, "room"}}) {
    if (*n == 0)
      continue;
    append(gap_line(*n, why), now_ns);
    totals_.missed += std::exchange(*n, 0);
  }
}

std::vector<std::shared_ptr<subscription>> feed::present() {
  std::vector<std::shared_ptr<subscription>> out;
  std::erase_if(watchers_, [&](auto const& weak) {
    auto s = weak.lock();
    if (!s)
      return true;
    out.push_back(std::move(s));
    return false;
  });
  return out;
}

bool feed::tend(std::int64_t now_ns) {
  std::vector<std::shared_ptr<subscription>> all; // the last handle may be ours: not under the lock
  std::lock_guard lock{mutex_};
  say_missed(now_ns);
  all = present();
  bool anybody = false;
  for (auto const& s : all) {
    s->check(now_ns);
    news_ = news_ || !s->reason_.empty();
    anybody = anybody || s->reason_.empty();
  }
  return anybody;
}

void feed::call() {
  std::vector<std::shared_ptr<subscription>> all;
  std::vector<subscription*> ready;
  {
    std::lock_guard lock{mutex_};
    if (!std::exchange(news_, false))
      return;
    all = present();
    for (auto const& s : all) {
      if (!s->armed_ || !s->has_news())
        continue;
      ready.push_back(s.get());
      s->armed_ = false;
      s->waits_ = s->at_ < head();
      if (s->waits_)
        s->waits_since_ = lines_[std::max(s->at_, first_) - first_].at;
    }
  }
  for (auto* s : ready) {
    try {
      if (s->on_ready_)
        s->on_ready_();
    } catch (...) { // whoever throws here is not called again, and costs the others nothing
      s->close("internal");
    }
  }
}

void feed::close_all(std::string_view reason) {
  std::vector<std::shared_ptr<subscription>> all;
  {
    std::lock_guard lock{mutex_};
    all = present();
    for (auto const& s : all)
      s->finish(reason, false);
    news_ = true;
  }
  call();
}

std::size_t feed::watchers() const {
  std::lock_guard lock{mutex_};
  return watchers_.size();
}

} // namespace troupe::traffic
