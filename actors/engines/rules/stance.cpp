#include "actors/engines/rules/stance.hpp"

#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/stance_phrases.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <array>

namespace troupe::rules {
namespace {

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
    auto const n = match_phrase(w, b, p);
    // `I think so` answers; a hedge has a statement behind it.
    if (n > 0 && b + n < w.size() && w[b + n].low != "so" && w[b + n].low != "about" &&
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
    } else if (pause && b + 3 < w.size() && w[b].what == word::kind::plain &&
               is_upper(w[b].text[0]) && w[b + 1].before == ',' && w[b + 2].low == "you" &&
               contains_any(" can could would will do ", {w[b + 1].low})) {
      ++b; // `Bob, can you …?`: whoever is asked is named, heard of before or
           // not
    } else if (pause && b + 3 < w.size() && w[b].what == word::kind::plain &&
               is_upper(w[b].text[0]) && w[b + 1].before == ',' && w[b + 1].low == "please" &&
               !lexicon::is_software_word(low) && !lexicon::is_doc_word(low) &&
               !lexicon::is_test_word(low) && lexicon::is_change_verb(w[b + 2].low)) {
      ++b; // `Karl, please write …`
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
