#include "actors/engines/rules/units.hpp"

#include "actors/engines/rules/grammar.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/stance.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <array>

namespace troupe::rules {
namespace {

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
  static constexpr std::array opening = {"about ", "regarding ", "concerning ", "as for "};
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
    bool cut = more && is({"don't ", "do not ", "i'll ", "i do ", "i will ", "please ", "but ",
                           "one last ", "one more ", "one other ", "one final ", "last thing",
                           "one thing", "another thing"});
    // `About the swap, …` opens a topic.
    cut = cut || (more && begin == 0 && i < 40 &&
                  std::any_of(opening.begin(), opening.end(),
                              [&](char const* o) { return low.starts_with(o); }));
    // `it should …, and it should …`; `so no fancy syntax` stays with its reason.
    if (!cut && is({"and it ", "and we ", "and they ", "and the ", "and then it ", "and on "}) &&
        has_modal(s.substr(begin, i - begin)) && has_modal(rest.substr(0, rest.find(','))))
      cut = true;
    if (!cut && rest.size() < 40 && (rest.ends_with(" no") || rest.ends_with(" yes")) &&
        (low.substr(begin, i - begin).ends_with(" yes") ||
         low.substr(begin, i - begin).ends_with(" no")))
      cut = true;
    auto const head = std::string_view{low}.substr(begin, i - begin);
    // `I'll fix that, both need to work.`
    if (!cut && head.starts_with("i'll ") && std::count(head.begin(), head.end(), ' ') <= 4 &&
        has_modal(rest))
      cut = true;
    if (!cut && (head.ends_with(" no") || head.ends_with(" yes")) &&
        head.find(',') == std::string_view::npos && std::count(head.begin(), head.end(), ' ') <= 3)
      cut = true; // `Disabled no, I don't want that.`
    if (cut && subordinate(begin) && !is({"but "}))
      cut = false;
    // `Karl, please write it`, `also, please`: who is asked is no clause.
    if (cut && is({"please ", "don't ", "do not "}) && !head.empty() &&
        std::count(head.begin(), head.end(), ' ') < (is({"please "}) ? 2 : 1))
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
      auto const meant = without_disfluencies(sentence);
      auto const all = flat_of(words_of(meant));
      for (auto const clause : clauses_of(meant)) {
        unit u;
        u.turn = n;
        u.speaker = spoken.speaker;
        u.at = spoken.at;
        u.quote = std::string{sentence};
        u.bullet = bullet;
        u.index_in_turn = index++;
        auto const words = words_of(clause);
        u.all = clause.size() == meant.size() ? all : flat_of(words);
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
        bool const sound = u.words.size() == 1 && lexicon::is_filler(u.words[0].low);
        bool const points = u.stance > 0 && u.words.size() <= 2 && !u.words.empty() &&
                            contains_any(" these those both that this all ", {u.words[0].low}) &&
                            (u.words.size() == 1 || is_number_word(u.words[1].low));
        if (sound || points) { // `Oh god.`, `These two are good.`
          u.body.clear();
          u.words.clear();
        }
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
  auto const subject = subjects_of(out);
  if (!subject.empty())
    for (auto& u : out)
      u.chatter = u.chatter && is_chatter(u, subject);
  // `Ha, don't tell them that.`
  for (auto& u : out)
    if (auto const said = words_of(u.quote); !said.empty() && u.words.size() <= 6)
      u.chatter = u.chatter || contains_any(" ha haha hehe lol ", {said[0].low});
  return out;
}

} // namespace troupe::rules
