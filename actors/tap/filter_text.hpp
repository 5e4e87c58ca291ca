#pragma once

#include "protocol/result.hpp"

namespace troupe::traffic {

/// One piece of a filter's text.
struct token {
  enum class type { word, quoted, mark, end };
  type is = type::end;
  std::string text;   ///< of a quoted one without quotes and escapes
  std::size_t at = 0; ///< where it begins, in bytes
};

/// `and`, `or`, `not`: as a value they are written in quotes.
[[nodiscard]] bool is_keyword(token const& t);

/// A filter's text, piece by piece, and what is wrong with it.
class filter_text {
public:
  explicit filter_text(std::string_view text) : text_(text) {}

  [[nodiscard]] std::string_view source() const { return text_; }
  [[nodiscard]] token const& now() const { return now_; }
  /// Goes on to the next piece. Errors: invalid_argument, like those of `refuse`.
  [[nodiscard]] result<void> next();

  [[nodiscard]] bool is_mark(std::string_view mark) const;
  /// A word that joins tests, in whatever case.
  [[nodiscard]] bool is_joint(std::string_view word) const;

  /// What was expected at a place.
  [[nodiscard]] error refuse(std::size_t offset, std::string const& expected,
                             std::string const& found = {}) const;
  /// What was expected in place of the present piece.
  [[nodiscard]] error unexpected(std::string const& expected) const;

private:
  [[nodiscard]] std::size_t column(std::size_t offset) const;
  [[nodiscard]] result<void> quoted();

  std::string_view text_;
  std::size_t at_ = 0;
  token now_;
};

} // namespace troupe::traffic
