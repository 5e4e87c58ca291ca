#pragma once

#include "actors/engines/rules/note_orders.hpp"
#include "protocol/brief_content.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What a round of notes on a draft asks for, sentence by sentence.
namespace troupe::rules {

using terms = std::vector<std::string>;

/// A sentence of the notes that takes something out.
struct removal {
  std::string what; ///< as it was written: `months and years`
  bool asks = true; ///< `leave X out` asks for a change; `X is out of scope` also only states it
  bool exact =
      false; ///< words of the draft, quoted or told again: one thing, whatever `and` it has
  citation said;
};

/// `Return None is for an empty list`: a criterion, and the case that it is about.
struct condition {
  std::string criterion; ///< as it was written: `return None`
  std::string when;      ///< `for an empty list`
  citation said;
};

/// `R2 after R1`: one requirement waits for another.
struct order_note {
  std::vector<key_order> orders;
  citation said;
};

/// `R2 should also accept months`: a criterion of the requirement that is named by its key.
struct addition {
  std::string key;
  std::string text; ///< `it should also accept months`
  citation said;
};

/// A sentence that asks for nothing that could be done, and why it seems so.
struct unclear_note {
  citation said;
  std::string why;
};

/// A round of notes, taken apart.
struct round_of_notes {
  std::vector<removal> out;
  std::vector<condition> conditions;
  std::vector<order_note> orders;
  std::vector<addition> additions;
  std::vector<unclear_note> unclear;
  std::vector<citation> rest;
  std::string due;
};

/// Takes a round of notes apart; `turn` and `at` are where its citations say it was said.
[[nodiscard]] round_of_notes read_notes(brief_content const& b, std::string_view notes,
                                        std::size_t turn, duration at);
/// `months and years` are two things.
[[nodiscard]] std::vector<std::string> things_of(std::string_view what);
/// Without the words for what a draft is made of: `the months criterion` is about months.
[[nodiscard]] terms head_terms(std::string_view thing);
/// The criterion that says most of the words of a thing; empty if none says enough of them or more
/// than one does.
[[nodiscard]] std::string best_match(brief_content const& b, std::string_view thing);
[[nodiscard]] bool within(terms const& part, terms const& all);
[[nodiscard]] terms terms_in(std::string_view text);

} // namespace troupe::rules
