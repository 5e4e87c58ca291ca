#pragma once

#include <memory>
#include <utility>
#include <variant>

/// A choice is a std::variant with a name of its own: `TROUPE_CHOICE(command, open, close)` is
/// `struct command : std::variant<open, close>`, and is used as one (`std::get_if`, `std::visit`).
/// How it is copied, moved, compared and destroyed is compiled once, in the file that says
/// TROUPE_CHOICE_HERE; of a plain variant each file compiles all of that again.
#define TROUPE_CHOICE(NAME, ...)                                                                   \
  struct NAME : std::variant<__VA_ARGS__> {                                                        \
    using alternatives = std::variant<__VA_ARGS__>;                                                \
    using alternatives::variant;                                                                   \
    NAME();                                                                                        \
    NAME(NAME const&);                                                                             \
    NAME(NAME&&) noexcept;                                                                         \
    NAME& operator=(NAME const&);                                                                  \
    NAME& operator=(NAME&&) noexcept;                                                              \
    ~NAME();                                                                                       \
    friend bool operator==(NAME const& a, NAME const& b);                                          \
  }

// A name that is declared cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)

/// Inside the namespace of the choice, in one file of the same library. An assignment is made of a
/// copy or move and a destruction: assigning alternative to alternative is as much code again. So a
/// choice is not to be moved from a part of itself; none holds one of its own kind.
#define TROUPE_CHOICE_HERE(NAME)                                                                   \
  NAME::NAME() = default;                                                                          \
  NAME::NAME(NAME const&) = default;                                                               \
  NAME::NAME(NAME&&) noexcept = default;                                                           \
  NAME& NAME::operator=(NAME const& other) {                                                       \
    return *this = NAME(other);                                                                    \
  }                                                                                                \
  NAME& NAME::operator=(NAME&& other) noexcept {                                                   \
    if (this != &other) {                                                                          \
      std::destroy_at(this);                                                                       \
      std::construct_at(this, std::move(other));                                                   \
    }                                                                                              \
    return *this;                                                                                  \
  }                                                                                                \
  NAME::~NAME() = default;                                                                         \
  bool operator==(NAME const& a, NAME const& b) {                                                  \
    return static_cast<NAME::alternatives const&>(a) == static_cast<NAME::alternatives const&>(b); \
  }                                                                                                \
  static_assert(true)

// NOLINTEND(bugprone-macro-parentheses)
