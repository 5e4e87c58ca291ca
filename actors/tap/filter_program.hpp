#pragma once

#include "actors/tap/filter.hpp"

namespace troupe::traffic {

enum class comparison : std::uint8_t { less, less_equal, greater, greater_equal };

/// One test of a program. Where to go on is an index, or one of the two ends.
struct instruction {
  enum class what : std::uint8_t {
    name,         ///< the field is one of the values
    agent,        ///< sender, receiver or who does it is one of these agents
    point,        ///< `mask` of categories
    direction,    ///< `mask` of directions
    outcome,      ///< `mask` of outcomes
    latency,      ///< `compare` with `number` microseconds; false where none is known
    conversation, ///< one of the values, by their hashes
  };
  static constexpr std::int16_t accept = -1;
  static constexpr std::int16_t reject = -2;

  what test = what::name;
  field of = field::kind;
  comparison compare = comparison::less;
  std::uint16_t first = 0; ///< of the values
  std::uint16_t count = 0;
  std::uint32_t mask = 0;
  std::uint32_t number = 0;
  std::int16_t yes = accept;
  std::int16_t no = reject;
};

/// A name, or with `prefix` the beginning of names.
struct pattern {
  std::uint16_t begin = 0; ///< in the program's text
  std::uint16_t size = 0;
  bool prefix = false;
  std::uint64_t hash = 0; ///< of the name
};

struct filter::program {
  std::string source;
  std::string names;
  std::vector<pattern> patterns;
  std::vector<instruction> code;
  std::int16_t entry = instruction::accept;
  std::uint8_t categories = every_category;

  [[nodiscard]] std::string_view name_of(pattern const& p) const {
    return std::string_view{names}.substr(p.begin, p.size);
  }
  [[nodiscard]] bool holds(instruction const& i, header const& h) const noexcept;
  [[nodiscard]] bool names_one(instruction const& i, std::string_view name,
                               bool cut) const noexcept;
  [[nodiscard]] bool names_agent(instruction const& i, std::string_view id,
                                 bool cut) const noexcept;
  [[nodiscard]] bool names_agent_at(instruction const& i, header const& h,
                                    field principal) const noexcept;
  /// Whether any record of the category could be accepted.
  [[nodiscard]] bool reachable(category c) const;
};

} // namespace troupe::traffic
