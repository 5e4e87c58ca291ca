#pragma once

#include "actors/engines/rules/dates.hpp"
#include "actors/engines/rules/people.hpp"
#include "actors/engines/rules/units.hpp"
#include "protocol/brief_content.hpp"

namespace troupe::rules {

/// What kind of change is asked for; documents, tests and delivery are asked for in their own
/// words.
enum class matter { feature, docs, tests, delivery };

/// A statement of a thread that holds unless somebody took it back.
struct line {
  std::size_t unit = 0; ///< index of the unit that said it
  std::string text;     ///< without lead
  std::string lead;     ///< question that it answers, as a condition or topic; may be empty
  std::string title;    ///< of a requirement that it heads; empty: made from the text
  bool live = true;
  bool core = false;    ///< demand, constraint, accepted proposal or answer: makes a requirement
  bool agreed = false;  ///< somebody else said yes to it, or it is an answer
  bool changed = false; ///< a value in it was replaced by a later one
  std::vector<std::size_t> cites; ///< further units that settled it
};

/// Statements about one thing.
struct thread {
  std::string label; ///< topic under which it was said; may be empty
  std::vector<line> lines;
  std::string refers;                  ///< what the `it` of its first line means
  std::vector<std::size_t> background; ///< units that say how it is today
  matter about = matter::feature;
  bool optional = false;
  bool fault = false; ///< asked for because of something that goes wrong
  std::size_t last_turn = 0;
  std::vector<std::string> terms; ///< stems, sorted
};

/// What a whole talk came to.
struct outcome {
  std::vector<thread> threads;
  std::vector<cited_statement> open;
  std::vector<cited_statement> out;
  std::vector<duty> duties;
  std::string due;
  std::size_t due_turn = 0;
  std::vector<std::size_t> problems; ///< background units about the work, in order
};

/// How much a stem tells: 1 for one that is said once, towards 0 for one that is said everywhere.
class term_weights {
public:
  explicit term_weights(std::vector<unit> const& units);
  [[nodiscard]] double of(std::string const& stem) const;
  [[nodiscard]] std::size_t turns(std::string const& stem) const;

private:
  std::unordered_map<std::string, std::size_t> turns_;
  double total_ = 1;
};

/// Stems of the words that say what a unit is about.
[[nodiscard]] std::vector<std::string> terms_of(std::vector<word> const& words);

/// True if a unit names anything or says a number.
[[nodiscard]] bool says_content(unit const& u);
[[nodiscard]] citation citation_of(unit const& u);

/// Follows a talk from its first unit to its last: proposals, answers, corrections, topics.
[[nodiscard]] outcome follow(transcript const& t, std::vector<unit> const& units,
                             name_list const& names);

} // namespace troupe::rules
