#include "bench/audience.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace troupe::bench {

namespace {

/// The number after `"name":`; 0 where there is none.
std::uint64_t number_in(std::string const& line, std::string_view name) {
  auto const at = line.find(name);
  std::uint64_t n = 0;
  if (at != std::string::npos)
    std::from_chars(line.data() + at + name.size(), line.data() + line.size(), n);
  return n;
}

} // namespace

audience::audience(tenant_id const& tenant, int watchers, std::uint32_t rate, int stalled) {
  traffic::watch_request r;
  r.tenant = tenant;
  r.rate = rate;
  r.limits.records = 1'000'000'000;
  for (std::size_t i = 0; i < static_cast<std::size_t>(watchers); ++i) {
    watchers_.push_back(watched(r, [this, i] {
      {
        std::lock_guard lock{mutex_};
        ready_.push_back(i);
      }
      changed_.notify_one();
    }));
  }
  for (int i = 0; i < stalled; ++i)
    stalled_.push_back(watched(r, [] {}));
  thread_ = std::thread{[this] { run(); }};
}

std::shared_ptr<traffic::subscription> audience::watched(traffic::watch_request const& r,
                                                         std::function<void()> lines_are_there) {
  auto one = hub_.watch(r, std::move(lines_are_there));
  if (!one)
    throw std::runtime_error(one.error().message);
  return std::move(*one);
}

audience::~audience() {
  {
    std::lock_guard lock{mutex_};
    over_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable())
    thread_.join();
  watchers_.clear();
  stalled_.clear();
  hub_.stop();
}

void audience::run() {
  for (;;) {
    std::deque<std::size_t> now;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return over_ || !ready_.empty(); });
      if (over_)
        return;
      now.swap(ready_);
    }
    for (auto const who : now)
      serve(who);
  }
}

void audience::serve(std::size_t who) {
  constexpr std::size_t at_once = 256;
  if (who >= watchers_.size())
    return;
  for (;;) {
    auto const lines = watchers_[who]->take(at_once);
    if (lines.empty())
      return;
    written_.clear();
    std::lock_guard lock{mutex_};
    for (auto const& l : lines) {
      written_ += *l.text;
      note(l, who == 0);
    }
  }
}

void audience::note(traffic::line const& l, bool timed) {
  if (l.kind == traffic::line_kind::gap)
    heard_.missed += number_in(*l.text, "\"count\":");
  if (l.kind != traffic::line_kind::record)
    return;
  ++heard_.lines;
  if (!timed)
    return;
  auto const now = std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  auto const then = static_cast<std::int64_t>(number_in(*l.text, "\"at_us\":"));
  heard_.delay.record(static_cast<std::uint64_t>(std::max<std::int64_t>(now - then, 0)) * 1000);
}

audience::heard audience::take() {
  std::lock_guard lock{mutex_};
  return std::exchange(heard_, heard{});
}

} // namespace troupe::bench
