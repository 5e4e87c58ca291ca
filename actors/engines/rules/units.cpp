#include "actors/engines/rules/units.hpp"

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
                               "good by me"};
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

struct piece {
  std::string_view text;
  std::vector<word> words;
};

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
  static phrases const list = {
      "i was thinking of", "i was thinking",   "i was gonna say",  "i was going to say", "i think",
      "i guess",           "i suppose",        "i'd say",          "i would say",        "i'm told",
      "i believe",         "i'd suggest that", "i'd propose that", "in my opinion",      "i feel"};
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

/// Number of words that only count topics: `second bug,`, `next one,`, `number one from my side:`.
std::size_t enumerator(std::vector<word> const& w, std::size_t b) {
  bool const counts = (w[b].low == "number" && b + 1 < w.size() && is_number_word(w[b + 1].low)) ||
                      ((ordinal_of(w[b].low) || w[b].low == "next" || w[b].low == "last" ||
                        w[b].low == "another") &&
                       b + 1 < w.size() && w[b + 1].before == 0);
  if (!counts)
    return 0;
  for (std::size_t i = b + 1; i < w.size() && i < b + 6; ++i)
    if (w[i].before == ',' || w[i].before == ':') {
      bool const topic =
          i == b + 2 && contains_any(" thing one point bug wish topic item question issue problem "
                                     "change ",
                                     {w[i - 1].low});
      return topic || w[b].low == "number" ? i - b : 0;
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

/// Takes stance and fillers off the front; returns the index of the first word that is left.
std::size_t strip_front(unit& u, std::vector<word> const& w, name_list const& names) {
  std::size_t b = 0;
  while (b < w.size()) {
    auto const& low = w[b].low;
    bool const pause = b + 1 >= w.size() || w[b + 1].before != 0;
    if (auto const h = hedge(w, b); h > 0) {
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
    } else if (b > 0 && (low == "then" || low == "please" || low == "too" || low == "pls") &&
               (pause || w[b].before == 0) && u.stance != 0 && low != "then") {
      ++b;
    } else if ((low == "then" || low == "please" || low == "pls" || low == "too") && pause &&
               b + 1 >= w.size()) {
      ++b;
    } else if (always_filler(low) && !(low == "so" && b + 1 < w.size() && w[b + 1].low == "that")) {
      u.additive = u.additive || low == "and" || low == "also" || low == "plus";
      ++b;
    } else if (lexicon::is_filler(low) && pause) {
      u.breaks = u.breaks || low == "next" || low == "second" || low == "first" ||
                 low == "firstly" || low == "secondly" || low == "finally" || low == "lastly";
      ++b;
    } else if (low == "number" && b + 1 < w.size() && b + 2 < w.size() && w[b + 2].before != 0 &&
               w[b + 1].what == word::kind::plain) {
      u.breaks = true; // `Number three, the refund button.`
      b += 2;
    } else if (pause && b + 1 < w.size() && w[b + 1].before == ',' && !names.find(low).empty()) {
      ++b; // somebody is spoken to
    } else if (low == "guys") {
      ++b;
    } else {
      break;
    }
  }
  return b;
}

std::size_t strip_back(unit& u, std::vector<word> const& w, std::size_t b, bool asks) {
  static phrases const tails = {"please",   "pls",         "i think",   "i guess",    "i suppose",
                                "i'd say",  "i would say", "i'd think", "by the way", "though",
                                "you know", "haha",        "lol",       "or so",      "actually",
                                "for now",  "thanks",      "thank you", "right",      "okay",
                                "ok",       "i believe",   "all right", "alright"};
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
        u.tag = u.tag || (asks && (t == "right" || t == "okay" || t == "ok"));
        e -= n;
        again = true;
      }
    }
    auto const& low = w[e - 1].low;
    if (e > b + 1 &&
        (low == "yes" || low == "yeah" || low == "definitely" || low == "absolutely")) {
      u.stance = u.stance == 0 ? 1 : u.stance;
      --e;
      again = true;
    } else if (e > b + 1 && low == "no" && e - b < 6) {
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
    } else if (e > b + 1 && e - b < 5 && low == "works" && w[b].low != "it" && w[b].low != "what") {
      u.stance = u.stance == 0 ? 1 : u.stance;
      --e;
      again = true;
    } else if (e > b + 2 && e - b < 9 && (w[e - 2].low == "is" || w[e - 2].low == "are") &&
               (low == "ok" || low == "okay" || low == "fine" || low == "good" || low == "plenty" ||
                low == "enough" || low == "great" || low == "perfect") &&
               (e - b < 5 || !quantities_of(w).empty())) {
      u.stance = u.stance == 0 ? 1 : u.stance;
      e -= 2;
      again = true;
    }
  }
  return e;
}

bool has_modal(std::string_view text) {
  auto const flat = flat_of(words_of(text));
  return contains_any(flat, {"should", "must", "needs", "need to", "has to", "have to", "shall"});
}

/// Cuts a sentence where another clause does something else: a second demand, an order, a duty.
std::vector<std::string_view> clauses_of(std::string_view s) {
  std::vector<std::string_view> out;
  auto const low = lower(s);
  static constexpr std::array open = {"if ",       "when ",  "once ",   "after ",
                                      "because ",  "since ", "unless ", "while ",
                                      "although ", "as ",    "before "};
  auto const subordinate = [&](std::size_t at) {
    return std::any_of(open.begin(), open.end(), [&](char const* o) {
      return std::string_view{low}.substr(at).starts_with(o);
    });
  };
  std::size_t begin = 0;
  std::size_t depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i + 2 < s.size(); ++i) {
    if (s[i] == '"' || s[i] == '`')
      quote = quote == 0 ? s[i] : quote == s[i] ? '\0' : quote;
    depth += s[i] == '(' ? 1 : 0;
    depth -= s[i] == ')' && depth > 0 ? 1 : 0;
    if (s[i] != ',' || s[i + 1] != ' ' || quote != 0 || depth != 0)
      continue;
    auto const rest = std::string_view{low}.substr(i + 2);
    auto const is = [&](std::initializer_list<std::string_view> list) {
      return std::any_of(list.begin(), list.end(),
                         [&](std::string_view p) { return rest.starts_with(p); });
    };
    bool const more = rest.find(' ') != std::string_view::npos;
    bool cut = more && is({"don't ", "do not ", "i'll ", "i do ", "i will ", "please ", "but "});
    // `it should …, and it should …`; `so no fancy syntax` stays with its reason.
    if (!cut && is({"and it ", "and we ", "and they ", "and the ", "and then it ", "and on "}) &&
        has_modal(s.substr(begin, i - begin)) && has_modal(rest.substr(0, rest.find(','))))
      cut = true;
    if (!cut && rest.size() < 40 && (rest.ends_with(" no") || rest.ends_with(" yes")) &&
        (low.substr(begin, i - begin).ends_with(" yes") ||
         low.substr(begin, i - begin).ends_with(" no")))
      cut = true;
    auto const head = std::string_view{low}.substr(begin, i - begin);
    if (!cut && (head.ends_with(" no") || head.ends_with(" yes")) &&
        head.find(',') == std::string_view::npos && std::count(head.begin(), head.end(), ' ') <= 3)
      cut = true; // `Disabled no, I don't want that.`
    if (cut && subordinate(begin) && !is({"but "}))
      cut = false;
    if (!cut)
      continue;
    out.push_back(trim(s.substr(begin, i - begin)));
    begin = i + 2;
  }
  out.push_back(trim(s.substr(begin)));
  return out;
}

} // namespace

std::vector<unit> units_of(transcript const& t, name_list const& names) {
  std::vector<unit> out;
  for (std::size_t n = 0; n < t.turns.size(); ++n) {
    auto const& spoken = t.turns[n];
    std::string_view text = spoken.text;
    bool const bullet = text.starts_with("- ");
    if (bullet)
      text.remove_prefix(2);
    std::size_t index = 0;
    for (auto const sentence : sentences_of(text)) {
      auto const all = flat_of(words_of(sentence));
      for (auto const clause : clauses_of(sentence)) {
        unit u;
        u.turn = n;
        u.speaker = spoken.speaker;
        u.at = spoken.at;
        u.quote = std::string{sentence};
        u.bullet = bullet;
        u.index_in_turn = index++;
        auto const words = words_of(clause);
        u.all = clause.size() == sentence.size() ? all : flat_of(words);
        auto const b = strip_front(u, words, names);
        auto const e = b < words.size() ? strip_back(u, words, b, clause.ends_with('?')) : b;
        if (b < e) {
          auto const from = words[b].begin;
          auto to = e < words.size() ? words[e - 1].end : clause.size();
          u.body = std::string{clause.substr(from, to - from)};
          if (e < words.size() && clause.ends_with('?') && !u.tag)
            u.body += '?';
        }
        u.words = words_of(u.body);
        u.flat = flat_of(u.words);
        u.only_stance = u.words.empty();
        u.heading = bullet ? false : t.form == "prose" && sentence.ends_with(':');
        find_act(u, names);
        out.push_back(std::move(u));
      }
    }
    if (!out.empty() && out.back().turn == n)
      out.back().last_in_turn = true;
  }
  return out;
}

} // namespace troupe::rules
