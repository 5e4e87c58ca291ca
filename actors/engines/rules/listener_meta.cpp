#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

/// `Talk about the fees for a minute`, `about the fees now`: how long and when people
/// talk.
bool spends_time(std::vector<word> const& w, std::size_t i) {
  if (i + 1 == w.size())
    return contains_any(" now today briefly quickly first please ", {w[i].low});
  for (auto k = i + 1; k < w.size() && k < i + 5 && w[i].low == "for"; ++k)
    if (contains_any(" minute minutes moment second seconds sec bit while hour ", {w[k].low}))
      return true;
  return false;
}

/// Text of the noun phrase that begins at word `from`; empty if what stands there is a clause.
std::string noun_phrase(unit const& u, std::size_t from) {
  auto const& w = u.words;
  auto end = from;
  while (end < w.size() && (end == from || w[end].before == 0) && end < from + 7 &&
         !contains_any(" again because since so but and when if which that ", {w[end].low}) &&
         !(end > from && spends_time(w, end)))
    ++end;
  for (auto i = from; i < end; ++i)
    if (w[i].what == word::kind::plain &&
        (lexicon::is_auxiliary(w[i].low) || lexicon::is_past(w[i].low) ||
         contains_any(" i we you he she they ", {w[i].low})))
      return {};
  if (from < end && contains_any(" the a an my our this that those these ", {w[from].low}))
    ++from;
  if (from >= end)
    return {};
  return u.body.substr(w[from].begin, w[end - 1].end - w[from].begin);
}

struct opening {
  std::string topic;
  bool back = false;  ///< it was talked about before
  bool loose = false; ///< what the talk is about, which its demands need not say again
};

/// The topic that a sentence about the talk itself opens: `I need to go back to the fees`, `one
/// thing I want to say on the receipts`, `about the operator screen`, `is there a risk with the
/// uploads?`.
opening opening_of(unit const& u) {
  auto const& w = u.words;
  if (w.size() < 2)
    return {};
  auto const& first = w[0].low;
  for (std::size_t i = 1; i + 2 < w.size() && i < 8; ++i)
    if (w[i].low == "back" && w[i + 1].low == "to" &&
        contains_any(" come go get return circle jump coming going be ", {w[i - 1].low}) &&
        contains_any(" i we can could let's let may sorry coming going just ", {first}))
      return {noun_phrase(u, i + 2), true};
  if (contains_any(" about regarding concerning ", {first}) && u.fragment && w.size() <= 8)
    return {noun_phrase(u, 1), false};
  if (first == "as" && w[1].low == "for" && u.fragment && w.size() <= 8)
    return {noun_phrase(u, 2), false};
  auto const behind = [&](std::initializer_list<std::string_view> verbs,
                          std::string_view prepositions) {
    for (std::size_t i = 1; i + 1 < w.size() && i < 10; ++i)
      if (contains_any(prepositions, {w[i].low}) &&
          std::any_of(verbs.begin(), verbs.end(), [&](auto v) { return w[i - 1].low == v; }))
        return i + 1;
    return std::size_t{0};
  };
  // `One minute about the start page?`
  if (u.fragment)
    if (auto const n = behind({"minute", "minutes", "moment", "word", "words", "question"},
                              " about on regarding ");
        n > 0)
      return {noun_phrase(u, n), false, true};
  // What somebody wants to do in the talk, not in the product.
  bool const speaks = contains_any(
      u.flat, {"i want to", "i wanted to", "you wanted to", "we wanted to", "i'd like to", "let me",
               "can i", "could i", "i have to", "i need to", "let's", "shall we", "should we"});
  if (speaks)
    if (auto const n = behind({"say", "talk", "speak", "begin", "start", "add", "mention", "ask",
                               "something", "word", "thing", "point", "question"},
                              " on about with regarding concerning ");
        n > 0 && w.size() <= n + 6)
      return {noun_phrase(u, n), false,
              n >= 2 && contains_any(" talk speak ", {w[n - 2].low}) &&
                  contains_any(u.flat, {"let's", "shall we", "should we", "can we", "let us"})};
  if (speaks || contains_any(u.flat, {"may i"}))
    for (std::size_t i = 1; i + 1 < w.size() && i < 6; ++i)
      if (contains_any(" raise mention address ", {w[i].low}) ||
          (w[i].low == "up" && contains_any(" bring pick take ", {w[i - 1].low})))
        return {noun_phrase(u, i + 1), false};
  // `Next is the offline mode.`
  if ((first == "next" || first == "then" || first == "first" || first == "last" ||
       ordinal_of(first)) &&
      w.size() <= 8 && w[1].before == 0 &&
      (w[1].low == "is" || w[1].low == "comes" ||
       (w[1].low == "up" && w.size() > 3 && (w[2].low == "is" || w[2].before != 0))))
    return {noun_phrase(u, w[1].low == "up" ? (w[2].low == "is" ? 3 : 2) : 2), false};
  if (u.does == act::question && w.size() > 4 && (first == "is" || first == "are") &&
      w[1].low == "there" && contains_any(" a an any some ", {w[2].low}))
    if (auto const n = behind({"risk", "problem", "issue", "trouble", "question", "anything",
                               "news", "danger", "catch"},
                              " with about on ");
        n > 0)
      return {noun_phrase(u, n), false};
  return {};
}

} // namespace

/// Makes `topic` what is talked about: an earlier thread that says all its words, or a new label.
void listener::turn_to(std::string const& topic, std::size_t i, bool back) {
  auto const& u = at(i);
  auto const terms = terms_of(words_of(topic));
  std::ptrdiff_t best = -1;
  double best_score = 0;
  for (std::size_t k = 0; k < out_.threads.size(); ++k) {
    auto const& t = out_.threads[k];
    auto const own = terms_of(words_of(t.label));
    auto score = overlap(terms, t);
    if (!own.empty() && std::includes(own.begin(), own.end(), terms.begin(), terms.end()))
      score += 1;
    bool const all = std::includes(t.terms.begin(), t.terms.end(), terms.begin(), terms.end());
    if (score > best_score && (all || back) &&
        std::any_of(t.lines.begin(), t.lines.end(),
                    [](line const& l) { return l.live && l.core; })) {
      best = static_cast<std::ptrdiff_t>(k);
      best_score = score;
    }
  }
  if (best >= 0 && (back || best_score > 1.2)) {
    focus_ = best;
    out_.threads[static_cast<std::size_t>(best)].last_turn = u.turn;
    label_open_ = false;
    revisit_ = u.turn + 1;
    return;
  }
  label_ = topic;
  label_open_ = true;
  label_loose_ = false;
  label_turn_ = u.turn;
  label_thread_ = -1;
  focus_ = -1;
}

bool listener::hear_topic_talk(std::size_t i) {
  auto const& u = at(i);
  if (transcript_.form == "prose" || u.words.empty())
    return false;
  if (u.organises) {
    if (!about_work(u))
      side_talk_ = u.turn + 1; // `Did anyone see the match?`
    // `What else?`: the topic is over.
    if (contains_any(u.flat, {"what else", "anything else", "what's next"})) {
      label_open_ = false;
      focus_ = -1;
    }
    auto const o = opening_of(u);
    if (!o.topic.empty())
      turn_to(o.topic, i, o.back);
    return true;
  }
  // `Accessibility then, this one is serious, …`
  for (std::size_t k = 1; k < 4 && k + 1 < u.words.size() && u.does != act::question; ++k)
    if (u.words[k].low == "then" && u.words[k].before == 0 && u.words[k + 1].before == ',' &&
        u.index_in_turn <= 2 && names_.find(u.words[0].low).empty()) {
      auto const named = u.body.substr(0, u.words[k - 1].end);
      if (!terms_of(words_of(named)).empty())
        turn_to(named, i, false);
      return false;
    }
  // `And the fifteen…`: a value that was settled is taken up again.
  if (u.fragment && u.words.size() == 2 && u.words[0].low == "the" && terms_of(u.words).empty()) {
    auto const now = quantities_of(u.words);
    if (now.size() == 1)
      for (auto k = out_.threads.size(); k-- > 0;)
        for (auto const& l : out_.threads[k].lines) {
          auto const have = quantities_of(words_of(l.text));
          if (!l.live || at(l.unit).turn == u.turn ||
              std::none_of(have.begin(), have.end(),
                           [&](quantity const& q) { return q.value == now[0].value; }))
            continue;
          focus_ = static_cast<std::ptrdiff_t>(k);
          out_.threads[k].last_turn = u.turn;
          revisit_ = u.turn + 1;
          label_open_ = false;
          return true;
        }
  }
  auto const o = opening_of(u);
  if (o.topic.empty() || terms_of(words_of(o.topic)).empty())
    return false;
  turn_to(o.topic, i, o.back);
  label_loose_ = o.loose && label_open_ && label_ == o.topic;
  return true;
}

} // namespace troupe::rules
