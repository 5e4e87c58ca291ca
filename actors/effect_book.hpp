#pragma once

#include "protocol/ids.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

namespace troupe {

/// What the runtime has been asked to do by entities' obligations, by the kind of deed.
enum class effect_kind : std::uint8_t {
  message,  ///< for another entity
  thinking, ///< of an engine, for an agent
  offer,    ///< a ticket waits for an agent or a runner
  attempt,  ///< on a daemon
  notice,   ///< for a daemon: stop, an answer, a ticket is over
  timer
};
constexpr std::size_t effect_kinds = 6;
[[nodiscard]] std::string_view name(effect_kind kind);
/// What becomes of one of which nobody knows whether it took effect: `pure` and `idempotent` are
/// done again, for a `probeable` one the other side is asked first. None of them is `guarded`.
[[nodiscard]] std::string_view class_of(effect_kind kind);

/// The effects that are under way now, with their age: since when this server has had them to do.
/// Thread-safe; one that is begun or ended costs a lock of its kind. Outlives what is written in
/// it.
class effect_book {
  using moment = std::chrono::steady_clock::time_point;

public:
  /// One effect, for as long as it is under way.
  class entry {
  public:
    entry() = default;
    entry(entry&& other) noexcept
        : book_(std::exchange(other.book_, nullptr)), kind_(other.kind_), at_(other.at_) {}
    entry& operator=(entry&& other) noexcept {
      std::swap(book_, other.book_);
      std::swap(kind_, other.kind_);
      std::swap(at_, other.at_);
      return *this;
    }
    entry(entry const&) = delete;
    entry& operator=(entry const&) = delete;
    ~entry() { end(); }
    void end();

  private:
    friend class effect_book;
    using place = std::list<moment>::iterator;
    entry(effect_book& book, effect_kind kind, place at) : book_(&book), kind_(kind), at_(at) {}
    effect_book* book_ = nullptr;
    effect_kind kind_ = effect_kind::message;
    place at_;
  };

  [[nodiscard]] entry begin(effect_kind kind);

  struct standing {
    effect_kind kind = effect_kind::message;
    std::size_t count = 0;
    std::optional<duration> oldest; ///< its age; none where there is none
  };
  /// One for each kind, in their order.
  [[nodiscard]] std::array<standing, effect_kinds> read() const;

private:
  struct shelf {
    mutable std::mutex mutex;
    std::list<moment> since; ///< in order
  };
  std::array<shelf, effect_kinds> shelves_;
};

} // namespace troupe
