#include "actors/engines/rules/stance_phrases.hpp"

#include "actors/engines/rules/units.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool ends_here(std::vector<word> const& w, std::size_t i) {
  return i >= w.size() || w[i].before != 0 || w[i].low == "then" || w[i].low == "please" ||
         w[i].low == "too" || w[i].low == "pls";
}

} // namespace

/// Answers of several words; what follows must be punctuation, the end, or `then` and the like.
phrases const& agreeing() {
  static phrases const list = {"let's do that then",
                               "let's do it then",
                               "let's do that",
                               "let's do it",
                               "i can live with that",
                               "i think so too",
                               "i like that",
                               "i like it",
                               "i think so",
                               "works for me",
                               "fine with me",
                               "fine by me",
                               "good for me",
                               "sounds good",
                               "sounds right",
                               "sounds fine",
                               "sounds great",
                               "makes sense",
                               "good idea",
                               "good point",
                               "good catch",
                               "fair enough",
                               "fair point",
                               "why not",
                               "of course",
                               "that works",
                               "that's fine",
                               "that's good",
                               "that's right",
                               "that'd be great",
                               "go for it",
                               "no problem",
                               "no worries",
                               "no objections",
                               "no objection",
                               "thank you",
                               "me too",
                               "same here",
                               "you're right",
                               "i agree",
                               "yes please",
                               "please do",
                               "yes do",
                               "happy to",
                               "love it",
                               "got it",
                               "do that",
                               "do it",
                               "do so",
                               "all right",
                               "not a problem",
                               "i'd do that",
                               "i would do that",
                               "by all means",
                               "for sure",
                               "let's go with that",
                               "go with that",
                               "agreed on that",
                               "i'm fine with that",
                               "very good",
                               "even better",
                               "that's nicer",
                               "that's better",
                               "that's it",
                               "i'm in",
                               "exactly like that",
                               "exactly that",
                               "sold",
                               "clear enough",
                               "good by me",
                               "okay for me",
                               "ok for me",
                               "fine for me",
                               "okay for us",
                               "fine for us",
                               "good for us",
                               "works for us",
                               "fine with us",
                               "fine by us",
                               "spot on",
                               "thank god",
                               "thank goodness",
                               "thank heavens",
                               "do it like this",
                               "do it like that",
                               "let's do it like that",
                               "fair play",
                               "will do that",
                               "i'm happy with that",
                               "happy with that",
                               "i'm good with that",
                               "that'll do",
                               "that will do"};
  return list;
}

phrases const& refusing() {
  static phrases const list = {"absolutely not", "not really",        "please don't",
                               "let's not",      "i'd rather not",    "not yet",
                               "not now",        "not for now",       "no way",
                               "god no",         "not needed",        "no need",
                               "no thanks",      "no thank you",      "hell no",
                               "definitely not", "rather not",        "i don't think so",
                               "i wouldn't",     "not this time",     "not today",
                               "of course not",  "certainly not",     "better not",
                               "so not now",     "probably not",      "please no",
                               "not necessary",  "over my dead body", "we won't"};
  return list;
}

/// Phrases that only open a sentence; they agree to nothing.
phrases const& openings() {
  static phrases const list = {
      "come on",      "hang on",       "hold on",       "to be honest",  "to be fair", "even so",
      "the thing is", "you know what", "wait a minute", "wait a second", "one second", "excuse me",
      "as i said",    "like i said",   "by the way",    "of course",     "in any case"};
  return list;
}

std::size_t match_phrase(std::vector<word> const& w, std::size_t b, std::string_view phrase) {
  std::size_t n = 0;
  for (std::size_t at = 0; at <= phrase.size(); ++n) {
    auto const end = std::min(phrase.find(' ', at), phrase.size());
    if (b + n >= w.size() || w[b + n].low != phrase.substr(at, end - at))
      return 0;
    at = end + 1;
  }
  return n;
}

std::size_t match(std::vector<word> const& w, std::size_t b, phrases const& list) {
  std::size_t best = 0;
  for (auto const p : list) {
    auto const n = match_phrase(w, b, p);
    bool paused = false; // `let's do, that`
    for (std::size_t k = 1; k < n; ++k)
      paused = paused || w[b + k].before != 0;
    if (n > best && !paused && ends_here(w, b + n))
      best = n;
  }
  return best;
}

/// Number of words of an answer that leaves its verb out: `we could`, `it should`, `they don't`;
/// 0 for none. `sense` is 1 for yes, -1 for no.
std::size_t elliptical(std::vector<word> const& w, std::size_t b, int& sense) {
  auto const ends = [&](std::size_t i) { return i >= w.size() || w[i].before != 0; };
  if ((w[b].low == "don't" || w[b].low == "never" || w[b].low == "please") && ends(b + 1) &&
      b + 1 == w.size()) {
    sense = -1;
    return w[b].low == "please" ? 0 : 1;
  }
  if (b + 1 >= w.size() || !ends(b + 2) || w[b + 1].before != 0 ||
      !contains_any(" we i you it they that he she ", {w[b].low}))
    return 0;
  auto const& verb = w[b + 1].low;
  if (contains_any(" could can should must do does will would is are ", {verb})) {
    sense = 1;
    return 2;
  }
  if (contains_any(" couldn't can't cannot shouldn't mustn't don't doesn't won't wouldn't isn't ",
                   {verb})) {
    sense = -1;
    return 2;
  }
  return 0;
}

/// Number of words that praise what was said: `that's sensible`, `that would be really good`,
/// `I love it`; 0 for none.
std::size_t praise(std::vector<word> const& w, std::size_t b) {
  // Never empty: an empty word would be found in every list.
  auto const at = [&](std::size_t i) {
    return i < w.size() && (i == b || w[i].before == 0) ? std::string_view{w[i].low}
                                                        : std::string_view{"."};
  };
  auto const ends = [&](std::size_t i) { return i >= w.size() || w[i].before != 0; };
  auto i = b;
  if (at(i) == "i" || at(i) == "we") {
    ++i;
    while (contains_any(" really quite ", {at(i)}))
      ++i;
    bool const likes = at(i) == "like" || at(i) == "love";
    return likes && (at(i + 1) == "it" || at(i + 1) == "that") && ends(i + 2) ? i + 2 - b : 0;
  }
  if (at(i) == "that's" || at(i) == "it's" || at(i) == "that'd") {
    i += at(i + 1) == "be" ? 2 : 1;
  } else if ((at(i) == "that" || at(i) == "it" || at(i) == "this") &&
             contains_any(" is would will was sounds ", {at(i + 1)})) {
    i += at(i + 2) == "be" ? 3 : 2;
  } else {
    return 0;
  }
  while (contains_any(" really very quite so totally pretty much a actually even ", {at(i)}))
    ++i;
  static constexpr std::string_view good =
      " good great fine nice lovely perfect sensible smart useful reasonable clever correct right "
      "true fair helpful brilliant excellent ok okay better wonderful fantastic amazing handy "
      "neat relief ";
  return contains_any(good, {at(i)}) && ends(i + 1) ? i + 1 - b : 0;
}

} // namespace troupe::rules
