#include "actors/admission.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

bool admission::begins_work(any_command const& c) {
  if (auto const* b = std::get_if<brief::command>(&c))
    return std::holds_alternative<brief::submit>(*b);
  if (auto const* r = std::get_if<run::command>(&c))
    return std::holds_alternative<run::create>(*r);
  if (auto const* t = std::get_if<ticket::command>(&c))
    return std::holds_alternative<ticket::open>(*t);
  return false;
}

result<admission::taken> admission::ask(moment now) {
  constexpr std::int64_t hardly_any = 2;
  auto const n = under_way_.load(std::memory_order_relaxed);
  taken const t{now, n < hardly_any};
  if (s_.slowdown == 0)
    return t;
  std::lock_guard lock{mutex_};
  if (takes(n, now))
    return t;
  ++refused_;
  return fail(errc::busy, "the server has more to do than it gets done; try again in a moment",
              {{"retry_after", 1}});
}

bool admission::takes(std::int64_t under_way, moment now) {
  bool const full = under_way >= limit_;
  bool const seldom = now - std::exchange(asked_, now) > s_.patience;
  auto const was_full = full ? std::exchange(full_, now) : full_;
  if (overloaded_) {
    if (!full && now - was_full >= s_.patience) {
      overloaded_ = false;
      full_since_.reset();
      spdlog::info("new work is taken again refused={}", refused_ - refused_before_);
    }
    return !full;
  }
  if (!full) {
    full_since_.reset();
    return true;
  }
  // Whether it was full in between is not known where nobody asked: who asks seldom is no overload.
  if (!full_since_ || seldom)
    full_since_ = now;
  if (now - *full_since_ < s_.patience)
    return under_way < s_.most;
  overloaded_ = true;
  refused_before_ = refused_;
  spdlog::warn("overloaded: new work is refused as busy until there is less to do under_way={}",
               under_way);
  return false;
}

void admission::answered(taken const& t, moment now) {
  constexpr double weight = 0.1; // of one more measurement
  constexpr int enough = 8;      // for a mean
  span const took = now - t.at;
  std::lock_guard lock{mutex_};
  if (t.alone)
    alone_ = alone_ == span{0} ? took : alone_ * (1 - weight) + took * weight;
  sum_ += took;
  if (++count_ < enough || now - measured_ < s_.patience)
    return;
  adjust(sum_ / count_);
  measured_ = now;
  sum_ = span{0};
  count_ = 0;
}

/// Little by little, because what is under way now was let in under the limit of before.
void admission::adjust(span mean) {
  if (alone_ == span{0})
    return; // it was never seen without load
  auto const step = std::max<std::int64_t>(1, limit_ / 10);
  if (mean > alone_ * s_.slowdown)
    limit_ = std::max<std::int64_t>(s_.least, limit_ - step);
  else if (full_ > measured_) // else nobody knows what more would do
    limit_ = std::min<std::int64_t>(s_.most, limit_ + step);
}

std::int64_t admission::limit() const {
  std::lock_guard lock{mutex_};
  return limit_;
}

} // namespace troupe
