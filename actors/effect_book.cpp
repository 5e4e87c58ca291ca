#include "actors/effect_book.hpp"

namespace troupe {

std::string_view name(effect_kind kind) {
  switch (kind) {
  case effect_kind::message:
    return "message";
  case effect_kind::thinking:
    return "thinking";
  case effect_kind::offer:
    return "offer";
  case effect_kind::attempt:
    return "attempt";
  case effect_kind::notice:
    return "notice";
  case effect_kind::timer:
    return "timer";
  }
  return "unknown";
}

void effect_book::entry::end() {
  auto* const book = std::exchange(book_, nullptr);
  if (book == nullptr)
    return;
  auto& s = book->shelves_.at(static_cast<std::size_t>(kind_));
  std::list<time_point> gone; // freed behind the lock
  std::lock_guard const lock{s.mutex};
  gone.splice(gone.begin(), s.since, at_);
}

effect_book::entry effect_book::begin(effect_kind kind, time_point now) {
  auto& s = shelves_.at(static_cast<std::size_t>(kind));
  std::list<time_point> made{now};
  auto const at = made.begin();
  std::lock_guard const lock{s.mutex};
  s.since.splice(s.since.end(), made);
  return {*this, kind, at};
}

std::array<effect_book::standing, effect_kinds> effect_book::read() const {
  std::array<standing, effect_kinds> out;
  for (std::size_t i = 0; i < effect_kinds; ++i) {
    auto const& s = shelves_.at(i);
    std::lock_guard const lock{s.mutex};
    out.at(i) = {static_cast<effect_kind>(i), s.since.size(),
                 s.since.empty() ? std::nullopt : std::optional{s.since.front()}};
  }
  return out;
}

} // namespace troupe
