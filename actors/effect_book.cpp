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

std::string_view class_of(effect_kind kind) {
  switch (kind) {
  case effect_kind::thinking: // what it says is proposed once, by the id of its command
  case effect_kind::timer:
    return "pure";
  case effect_kind::message: // who gets it knows its id
  case effect_kind::offer:
  case effect_kind::notice:
    return "idempotent";
  case effect_kind::attempt: // the daemon is asked what it has, its branch where it stands
    return "probeable";
  }
  return "unknown";
}

void effect_book::entry::end() {
  auto* const book = std::exchange(book_, nullptr);
  if (book == nullptr)
    return;
  auto& s = book->shelves_.at(static_cast<std::size_t>(kind_));
  std::list<moment> gone; // freed behind the lock
  std::lock_guard const lock{s.mutex};
  gone.splice(gone.begin(), s.since, at_);
}

effect_book::entry effect_book::begin(effect_kind kind) {
  auto& s = shelves_.at(static_cast<std::size_t>(kind));
  std::list<moment> made(1);
  auto const at = made.begin();
  std::lock_guard const lock{s.mutex};
  *at = std::chrono::steady_clock::now(); // here, so that the first is the oldest
  s.since.splice(s.since.end(), made);
  return {*this, kind, at};
}

std::array<effect_book::standing, effect_kinds> effect_book::read() const {
  std::array<standing, effect_kinds> out;
  for (std::size_t i = 0; i < effect_kinds; ++i) {
    auto const& s = shelves_.at(i);
    std::lock_guard const lock{s.mutex};
    auto& one = out.at(i);
    one.kind = static_cast<effect_kind>(i);
    one.count = s.since.size();
    if (!s.since.empty())
      one.oldest =
          std::chrono::duration_cast<duration>(std::chrono::steady_clock::now() - s.since.front());
  }
  return out;
}

} // namespace troupe
