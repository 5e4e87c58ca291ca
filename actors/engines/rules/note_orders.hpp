#pragma once

#include "actors/engines/rules/words.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Order in notes on a draft or a plan: `2 after 1`, `the readme waits for the parser`.
namespace troupe::rules {

/// A thing of the draft that notes may speak of, by its key or by its words.
struct named_thing {
  std::string key;
  std::vector<std::string> title; ///< stems, sorted
  std::vector<std::string> all;   ///< stems of title, text and criteria, sorted
};

/// A thing with the stems of what is said of it.
[[nodiscard]] named_thing named(std::string key, std::string const& title, std::string const& text,
                                std::vector<std::string> const& criteria);

/// `later` has to wait for `sooner`; both are keys.
struct key_order {
  std::string later;
  std::string sooner;
};

/// Key of the thing that the words name: `ticket 2`, `R3`, or all the words of one title; empty
/// where that is none or more than one.
[[nodiscard]] std::string key_named(std::vector<word> const& words,
                                    std::vector<named_thing> const& things);
/// The things that the words name, `2 and 3` two of them; empty if one of them is none.
[[nodiscard]] std::vector<std::string> keys_named(std::vector<word> const& words,
                                                  std::vector<named_thing> const& things);
/// What a sentence says about the order of such things; empty where it names something else, or
/// asks for more than order.
[[nodiscard]] std::vector<key_order> orders_in(std::string_view sentence,
                                               std::vector<named_thing> const& things);

} // namespace troupe::rules
