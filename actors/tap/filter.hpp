#pragma once

#include "actors/tap/header.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::traffic {

/// Which records a watch wants: an expression over header fields, compiled to a flat program of
/// tests with jumps, that is run over a record without allocating. The grammar, with examples, is
/// in docs/watch.md. Copies share the program.
class filter {
public:
  /// Wants every record.
  filter() = default;

  /// Errors: invalid_argument that names the column (from 1, in characters) and what was expected
  /// there; `details` have `column` and `expected`.
  [[nodiscard]] static result<filter> parse(std::string_view text);

  [[nodiscard]] bool matches(header const& h) const noexcept;
  /// One bit for each category of which a record could match, see `bit_of`.
  [[nodiscard]] std::uint8_t categories() const noexcept;
  /// As it was written.
  [[nodiscard]] std::string const& text() const;

  // Bounds of what is accepted.
  static constexpr std::size_t most_bytes = 2048;
  static constexpr std::size_t most_tests = 64;
  static constexpr std::size_t most_values = 64; ///< of all tests together
  static constexpr std::size_t most_depth = 32;  ///< of parentheses and `not`

private:
  friend class filter_compiler;
  struct program;
  std::shared_ptr<program const> program_;
};

} // namespace troupe::traffic
