#pragma once

#include "actors/engines/rules/transcript.hpp"
#include "actors/engines/rules/words.hpp"

#include <unordered_map>

namespace troupe::rules {

/// What a sentence does in the talk.
enum class act {
  none,       ///< background, reasons, chatter
  statement,  ///< says how things are; a requirement only as an answer or a completion
  directive,  ///< asks for something: `should`, `I want`, an imperative
  constraint, ///< asks that something stays: `stays`, `must not change`
  weak,       ///< wishes or floats an idea: nothing until somebody agrees
  question,
};

/// What a question is after.
enum class asks {
  nothing,
  proposal, ///< `can we …?`, `what about …?`, `zero?`: yes makes it wanted, no puts it out
  fact,     ///< `how many?`, `does it …?`: the answer is what counts
  consent,  ///< `everybody fine?`
};

/// A sentence, or a part of one that does something by itself, with what can be seen from it alone.
struct unit {
  std::size_t turn = 0;
  std::string speaker;
  duration at{0};
  std::string quote;       ///< the whole sentence, word for word
  std::string body;        ///< what is left without `Okay, so`, `yes,` and `, please`
  std::vector<word> words; ///< of the body
  std::string flat;        ///< of the body, see flat_of
  std::string all;         ///< flat text of the whole quote
  std::size_t index_in_turn = 0;
  bool last_in_turn = false;

  act does = act::none;
  asks wants = asks::nothing;
  int stance = 0;           ///< +1 agrees, -1 turns down, 0 neither
  bool only_stance = false; ///< nothing but the stance
  bool defers = false;      ///< not now, another release, out of scope
  bool open = false;        ///< the speaker does not know
  bool optional = false;    ///< nice to have
  bool withdraws = false;   ///< the speaker takes back what was just said
  bool corrects = false;    ///< names a value in place of another: `make it`, `rather`, `not X`
  bool negated = false;
  bool past = false;     ///< tells what happened or how it is today
  bool tag = false;      ///< a statement with `, right?` behind it
  bool hedged = false;   ///< `I was thinking …`, `I think …`
  bool told = false;     ///< has a verb in the past
  bool judges = false;   ///< an opinion about what was said, not a wish
  bool fragment = false; ///< has no verb
  bool bullet = false;
  bool heading = false;      ///< ends in a colon, opens a list
  bool leans = false;        ///< cannot stand alone: `it`, `that`, `also`, a fragment
  bool chatter = false;      ///< not about the work
  bool acknowledges = false; ///< `will do`: somebody takes a request to a person
  std::string label; ///< topic that it opens: `Speed: …`, `Next, empty cells.`, `what about X?`
  bool only_label = false; ///< nothing but the opening of a topic
  bool breaks = false;     ///< starts another topic: `next`, `second thing`, `what about`
  bool additive = false;   ///< begins with `and`, `also`, `plus`
  bool concludes = false;  ///< begins with `so`, `then`: draws a conclusion from what was said
  bool burden = false;     ///< question whether something is too much: `no` is good news
  bool organises = false;  ///< about the meeting or who does what: `who takes what?`
  std::string not_this;    ///< X of `not X, Y`
};

/// Sentences of a text; quotation marks, decimals, abbreviations and `...` do not end one.
[[nodiscard]] std::vector<std::string_view> sentences_of(std::string_view text);

/// Names by which people of a transcript are called: full and first names, lower case -> full name.
struct name_list {
  std::unordered_map<std::string, std::string> names;
  /// Full name of the person that `low` calls; empty if nobody.
  [[nodiscard]] std::string find(std::string_view low) const;
};
[[nodiscard]] name_list names_of(transcript const& t);

/// All units of a transcript in order, stance and fillers taken off, acts found.
[[nodiscard]] std::vector<unit> units_of(transcript const& t, name_list const& names);

/// Finds the act of one unit whose body, words and stance are set.
void find_act(unit& u, name_list const& names);

[[nodiscard]] bool contains_phrase(std::string_view flat, std::string_view phrase);
/// True if any of the phrases is in it, whole words only.
[[nodiscard]] bool contains_any(std::string_view flat,
                                std::initializer_list<std::string_view> list);

} // namespace troupe::rules
