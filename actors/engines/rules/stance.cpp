#include "actors/engines/rules/stance.hpp"

#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <array>

namespace troupe::rules {
namespace {

using phrases = std::vector<std::string_view>;

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

bool ends_here(std::vector<word> const& w, std::size_t i) {
  return i >= w.size() || w[i].before != 0 || w[i].low == "then" || w[i].low == "please" ||
         w[i].low == "too" || w[i].low == "pls";
}

/// Number of words that `list` matches at `b`, the longest phrase first; 0 for none.
std::size_t match(std::vector<word> const& w, std::size_t b, phrases const& list) {
  std::size_t best = 0;
  for (auto const p : list) {
    std::size_t n = 0;
    std::size_t at = 0;
    bool same = true;
    while (same && at <= p.size()) {
      auto const end = std::min(p.find(' ', at), p.size());
      same = b + n < w.size() && w[b + n].low == p.substr(at, end - at) &&
             (n == 0 || w[b + n].before == 0);
      ++n;
      at = end + 1;
    }
    if (same && ends_here(w, b + n))
      best = std::max(best, n);
  }
  return best;
}

/// Number of words that only soften: `I think`, `I was thinking`, `I'm told`; 0 for none.
std::size_t hedge(std::vector<word> const& w, std::size_t b) {
  static phrases const list = {"i was thinking of",
                               "i was thinking",
                               "i was gonna say",
                               "i was going to say",
                               "i think",
                               "i guess",
                               "i suppose",
                               "i'd say",
                               "i would say",
                               "i'm told",
                               "i believe",
                               "i'd suggest that",
                               "i'd propose that",
                               "in my opinion",
                               "i feel",
                               "i propose that",
                               "i suggest that",
                               "i recommend that",
                               "i propose",
                               "i suggest",
                               "i recommend",
                               "my proposal is",
                               "my suggestion is",
                               "i've been thinking",
                               "i have been thinking",
                               "if you ask me",
                               "do you mean",
                               "you mean"};
  for (auto const p : list) {
    std::size_t n = 0;
    std::size_t at = 0;
    bool same = true;
    while (same && at <= p.size()) {
      auto const end = std::min(p.find(' ', at), p.size());
      same = b + n < w.size() && w[b + n].low == p.substr(at, end - at);
      ++n;
      at = end + 1;
    }
    // `I think so` answers; a hedge has a statement behind it.
    if (same && b + n < w.size() && w[b + n].low != "so" && w[b + n].low != "about" &&
        w[b + n].low != "that's")
      return n;
  }
  return 0;
}

/// Number of words that only count topics: `second bug,`, `next one,`, `number one from my side:`,
/// `I have one more,`, `one small thing:`.
std::size_t enumerator(std::vector<word> const& w, std::size_t b) {
  static constexpr std::string_view nouns = " thing one point bug wish topic item question issue "
                                            "problem change word remark note matter more ";
  auto i = b;
  bool const have = i + 2 < w.size() && w[i].low == "i" && w[i + 1].low == "have";
  if (have || (i + 1 < w.size() && (w[i].low == "i've" || w[i].low == "there's") &&
               contains_any(" got one another a ", {w[i + 1].low})))
    i += have || w[i + 1].low == "got" ? 2 : 1;
  auto const first = i;
  bool const numbered = w[i].low == "number" && i + 1 < w.size() && is_number_word(w[i + 1].low);
  bool const counts =
      numbered || ((ordinal_of(w[i].low) ||
                    contains_any(" next last another one my final a the ", {w[i].low})) &&
                   i + 1 < w.size() && w[i + 1].before == 0);
  if (!counts)
    return 0;
  while (i + 1 < w.size() && w[i + 1].before == 0 &&
         contains_any(" small quick last final other more little short minor tiny big next my "
                      "single important ",
                      {w[i + 1].low}) &&
         !(w[i + 1].low == "more" && (i + 2 >= w.size() || w[i + 2].before != 0)))
    ++i;
  for (auto k = first + 1; k < w.size() && k < first + 8; ++k)
    if (w[k].before == ',' || w[k].before == ':') {
      auto const noun = std::min(i + 1, k - 1);
      bool const topic = noun > first && contains_any(nouns, {w[noun].low}) &&
                         (noun + 1 == k || contains_any(" from for on about ", {w[noun + 1].low}));
      return topic || numbered ? k - b : 0;
    }
  return 0;
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

bool always_filler(std::string_view low) {
  static constexpr std::array list = {"so",     "and",      "but",      "well", "okay", "ok",
                                      "oh",     "um",       "uh",       "uhm",  "hm",   "hmm",
                                      "er",     "ah",       "also",     "plus", "ooh",  "ouch",
                                      "anyway", "actually", "honestly", "ha",   "haha"};
  return std::find(list.begin(), list.end(), low) != list.end();
}

} // namespace

std::size_t strip_front(unit& u, std::vector<word> const& w, name_list const& names) {
  std::size_t b = 0;
  while (b < w.size()) {
    auto const& low = w[b].low;
    bool const pause = b + 1 >= w.size() || w[b + 1].before != 0;
    bool const polite = low == "please" || low == "too" || low == "pls" || low == "then";
    bool const spoken_to =
        pause && b + 1 < w.size() && w[b + 1].before == ',' && !names.find(low).empty();
    bool const says_nothing =
        spoken_to || low == "guys" ||
        (polite && ((b > 0 && (pause || w[b].before == 0) && u.stance != 0 && low != "then") ||
                    (pause && b + 1 >= w.size())));
    int sense = 0;
    u.concludes = u.concludes || low == "then";
    if (auto const a = elliptical(w, b, sense); a > 0 && b == 0) {
      u.stance = u.stance == 0 ? sense : u.stance;
      b += a;
    } else if (auto const l = praise(w, b); l > 0) {
      u.stance = u.stance == 0 ? 1 : u.stance;
      b += l;
    } else if (auto const h = hedge(w, b); h > 0) {
      u.hedged = true;
      b += h;
    } else if (auto const e = enumerator(w, b); e > 0) {
      u.breaks = true; // `Second bug, the delay.`
      b += e;
    } else if (auto const n = match(w, b, agreeing()); n > 0) {
      u.stance = u.stance == 0 ? 1 : u.stance;
      b += n;
    } else if (auto const m = match(w, b, refusing()); m > 0) {
      u.stance = -1;
      b += m;
    } else if (auto const o = match(w, b, openings()); o > 0 && b + o < w.size()) {
      b += o;
    } else if (lexicon::is_no(low) && (pause || w[b + 1].low == "no" || w[b + 1].low == "please")) {
      u.stance = -1;
      ++b;
    } else if (low == "no" && b + 1 < w.size() && (w[b + 1].low == "wait")) {
      u.withdraws = true;
      b += 2;
    } else if (lexicon::is_yes(low) &&
               (pause || low == "yes" || low == "yeah" || low == "yep" || low == "agreed")) {
      u.stance = u.stance == 0 ? 1 : u.stance;
      ++b;
    } else if (says_nothing) {
      ++b;
    } else if (always_filler(low) && !(low == "so" && b + 1 < w.size() && w[b + 1].low == "that")) {
      u.additive = u.additive || low == "and" || low == "also" || low == "plus";
      u.concludes = u.concludes || low == "so";
      ++b;
    } else if (lexicon::is_filler(low) && pause) {
      u.breaks = u.breaks || low == "next" || low == "second" || low == "first" ||
                 low == "firstly" || low == "secondly" || low == "finally" || low == "lastly";
      ++b;
    } else if (low == "number" && b + 1 < w.size() && b + 2 < w.size() && w[b + 2].before != 0 &&
               w[b + 1].what == word::kind::plain) {
      u.breaks = true; // `Number three, the refund button.`
      b += 2;
    } else {
      break;
    }
  }
  return b;
}

std::size_t strip_back(unit& u, std::vector<word> const& w, std::size_t b, bool asks) {
  static phrases const tails = {
      "please",    "pls",        "i think", "i guess",   "i suppose", "i'd say", "i would say",
      "i'd think", "by the way", "though",  "you know",  "haha",      "lol",     "or so",
      "actually",  "for now",    "thanks",  "thank you", "right",     "okay",    "ok",
      "i believe", "all right",  "alright", "you mean",  "i take it"};
  auto e = w.size();
  // `…, if I did that right`
  for (auto i = b + 1; i + 2 < e; ++i)
    if (w[i].before == ',' && w[i].low == "if" &&
        (w[i + 1].low == "i" || w[i + 1].low == "i'm" || w[i + 1].low == "that's"))
      e = i;
  for (bool again = true; again && e > b + 1;) {
    again = false;
    for (auto const t : tails) {
      auto const n = static_cast<std::size_t>(std::count(t.begin(), t.end(), ' ')) + 1;
      if (e < b + n + 1 || t == "for now" || t == "or so")
        continue;
      auto const tail = std::vector<word>(w.begin() + static_cast<std::ptrdiff_t>(e - n),
                                          w.begin() + static_cast<std::ptrdiff_t>(e));
      bool const comma = tail[0].before != 0;
      bool const loose =
          t == "please" || t == "pls" || t == "lol" || t == "by the way" || t == "though";
      if ((comma || loose) && trim(flat_of(tail)) == t) {
        if (!asks && (t == "all right" || t == "alright" || t == "okay" || t == "ok"))
          u.stance = u.stance == 0 ? 1 : u.stance;
        u.hedged =
            u.hedged ||
            (!asks && (t == "i'd say" || t == "i would say" || t == "i think" || t == "i'd think"));
        u.tag = u.tag || (asks && (t == "right" || t == "okay" || t == "ok"));
        e -= n;
        again = true;
      }
    }
    auto const& low = w[e - 1].low;
    bool const approves =
        (e > b + 1 &&
         (low == "yes" || low == "yeah" || low == "definitely" || low == "absolutely")) ||
        (e > b + 1 && e - b < 5 && low == "works" && w[b].low != "it" && w[b].low != "what");
    bool const praises =
        (e > b + 2 && low == "agree" && w[e - 2].low == "i") || // `with the test I agree`
        (e > b + 2 && e - b < 9 && (w[e - 2].low == "is" || w[e - 2].low == "are") &&
         contains_any(" ok okay fine good plenty enough great perfect ", {low}) &&
         (e - b < 5 || !quantities_of(w).empty()));
    if (approves) {
      u.stance = u.stance == 0 ? 1 : u.stance;
      --e;
      again = true;
    } else if (praises) {
      u.stance = u.stance == 0 ? 1 : u.stance;
      e -= 2;
      again = true;
    } else if (e == b + 2 && w[b].low.ends_with("'s") && w[b].low != "that's" &&
               w[b].low != "it's" &&
               contains_any(" fine ok okay good great perfect enough plenty ", {low})) {
      u.stance = u.stance == 0 ? 1 : u.stance; // `three's fine`
      return b;
    } else if (e > b + 1 && low == "no" &&
               (e - b < 6 || (w[e - 1].before != 0 && w[e - 1].before != ','))) {
      u.stance = -1;
      --e;
      again = true;
    } else if (e > b + 2 && e - b < 6 && low == "is" && w[e - 2].low == "it") {
      u.stance = 1; // `the sixth it is`
      e -= 2;
      again = true;
    } else if (e > b + 1 && e - b < 6 && low == "then" && w[e - 1].before == 0) {
      --e;
      again = true;
    }
  }
  return e;
}

} // namespace troupe::rules
