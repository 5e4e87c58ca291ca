#include "actors/engines/rules/requests.hpp"

#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/grammar.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::rules {
namespace {

using pairs = std::pair<std::string_view, std::string_view>;

/// Verbs that say by themselves that something goes wrong, with their base
/// form.
constexpr std::array<pairs, 19> failing{{{"crashes", "crash"},
                                         {"crash", "crash"},
                                         {"fails", "fail"},
                                         {"fail", "fail"},
                                         {"breaks", "break"},
                                         {"hangs", "hang"},
                                         {"freezes", "freeze"},
                                         {"freeze", "freeze"},
                                         {"leaks", "leak"},
                                         {"stalls", "stall"},
                                         {"corrupts", "corrupt"},
                                         {"panics", "panic"},
                                         {"segfaults", "segfault"},
                                         {"deadlocks", "deadlock"},
                                         {"misbehaves", "misbehave"},
                                         {"chokes", "choke"},
                                         {"flickers", "flicker"},
                                         {"dies", "die"},
                                         {"loses", "lose"}}};

/// Verbs that do so with `the wrong …`, `an error`, `nothing` behind them.
constexpr std::array<pairs, 12> giving{{{"returns", "return"},
                                        {"gives", "give"},
                                        {"shows", "show"},
                                        {"prints", "print"},
                                        {"displays", "display"},
                                        {"reports", "report"},
                                        {"writes", "write"},
                                        {"computes", "compute"},
                                        {"throws", "throw"},
                                        {"raises", "raise"},
                                        {"sends", "send"},
                                        {"uses", "use"}}};

constexpr std::string_view wrong_states =
    " broken slow wrong buggy flaky incorrect unusable unreadable unreliable "
    "corrupt corrupted "
    "laggy sluggish ";

template <std::size_t N>
std::string_view base_of(std::array<pairs, N> const& list, std::string_view low) {
  for (auto const& [form, base] : list)
    if (form == low)
      return base;
  return {};
}

std::string behind(std::string const& text, std::vector<word> const& w, std::size_t i) {
  return i < w.size() ? ' ' + text.substr(w[i].begin) : std::string{};
}

/// `works` and `loads` -> `work` and `load`.
std::string base_form(std::string const& low) {
  if (low.ends_with("es") && lexicon::is_change_verb(low.substr(0, low.size() - 2)))
    return low.substr(0, low.size() - 2);
  return low.ends_with('s') ? low.substr(0, low.size() - 1) : low;
}

/// Whether the words [0, n) name something that a product can consist of,
/// nobody and nothing private.
bool names_a_thing(std::vector<word> const& w, std::size_t n) {
  if (n == 0 || n > 8 ||
      contains_any(" my his her your i we you he she they it that this nobody "
                   "nothing something everything if when ",
                   {w[0].low}))
    return false;
  bool content = false;
  for (std::size_t i = 0; i < n; ++i) {
    if (w[i].before != 0 && i > 0)
      return false;
    if (w[i].what == word::kind::plain && lexicon::is_social_word(w[i].low))
      return false;
    content = content || w[i].what != word::kind::plain || !lexicon::is_stopword(w[i].low);
  }
  return content && !(n == 1 && w[0].what == word::kind::plain && lexicon::is_people(w[0].low));
}

/// Words of `there is a bug:`, `I found an error:`, `bug:` at the start; 0 if
/// it does not start so.
std::size_t announcement(std::vector<word> const& w) {
  for (std::size_t i = 0; i < w.size() && i < 8; ++i) {
    bool const noun =
        contains_any(" bug bugs defect glitch regression error problem issue ", {w[i].low});
    if (!noun)
      continue;
    auto const head = flat_of({w.begin(), w.begin() + static_cast<std::ptrdiff_t>(i)});
    bool const announces =
        i == 0 || contains_any(head, {"there is", "there's", "there are", "we have", "i have",
                                      "found", "got", "another", "a", "new"});
    bool const none = contains_any(head, {"no", "any", "not", "without", "isn't", "aren't"});
    return announces && !none ? i + 1 : 0;
  }
  return 0;
}

/// The fault in a clause that names what goes wrong.
std::optional<fault_report> report_of(std::string const& text) {
  auto const w = words_of(text);
  for (std::size_t i = 1; i < w.size() && i < 9; ++i) {
    if (w[i].what != word::kind::plain || w[i].before != 0)
      continue;
    auto const& low = w[i].low;
    auto const at = [&](std::size_t k) {
      return k < w.size() ? std::string_view{w[k].low} : std::string_view{"."};
    };
    std::string wanted;
    bool fault = false;
    if (auto const base = base_of(failing, low); !base.empty() && low != "loses") {
      bool const never = contains_any(" never hardly rarely ", {w[i - 1].low}) ||
                         lexicon::is_auxiliary(w[i - 1].low) || w[i - 1].low == "not";
      fault = !never;
      wanted = " must not " + std::string{base} + behind(text, w, i + 1);
    } else if (auto const give = base_of(giving, low); !give.empty()) {
      auto const rest = flat_of({w.begin() + static_cast<std::ptrdiff_t>(i), w.end()});
      fault = contains_any(rest, {"the wrong", "wrong", "an error", "incorrect", "garbage",
                                  "nonsense", "an exception", "a traceback", "stale"}) &&
              !contains_any(rest, {"if", "instead"});
      wanted = " must not " + std::string{give} + behind(text, w, i + 1);
    } else if (low == "times" && at(i + 1) == "out") {
      fault = true;
      wanted = " must not time out" + behind(text, w, i + 2);
    } else if ((low == "is" || low == "are" || low == "gets" || low == "looks") &&
               i + 1 < w.size()) {
      auto k = i + 1;
      while (k + 1 < w.size() &&
             contains_any(" too very so really quite completely still much far way often ",
                          {w[k].low}))
        ++k;
      // `the old one is wrong about it` and `slow motion` say something else.
      fault = contains_any(wrong_states, {w[k].low}) &&
              (k + 1 >= w.size() || w[k + 1].before != 0 ||
               contains_any(" for in on with when if since again at after as "
                            "while to under and ",
                            {w[k + 1].low}));
      wanted = (low == "gets"    ? " must not get"
                : low == "looks" ? " must not look"
                                 : " must not be") +
               behind(text, w, i + 1);
    } else if (low == "doesn't" || low == "don't" || low == "won't" ||
               ((low == "does" || low == "do") && at(i + 1) == "not")) {
      auto const v = low == "does" || low == "do" ? i + 2 : i + 1;
      fault = v < w.size() && contains_any(" work load open start respond render compile build "
                                           "save print show "
                                           "scroll sort parse close connect finish return match ",
                                           {w[v].low});
      wanted = " must" + behind(text, w, v);
    } else if (low == "no" && at(i + 1) == "longer" && i + 2 < w.size()) {
      fault = contains_any(" works loads opens starts responds compiles builds ", {at(i + 2)});
      wanted = " must " + base_form(w[i + 2].low) + behind(text, w, i + 3);
    } else if (contains_any(" crashed froze hung segfaulted ", {low})) {
      fault = true;
    } else {
      continue;
    }
    if (!fault || !names_a_thing(w, i))
      return std::nullopt;
    fault_report out;
    out.what = text;
    out.subject = text.substr(0, w[i - 1].end);
    if (!wanted.empty())
      out.demand = out.subject + wanted;
    return out;
  }
  return std::nullopt;
}

} // namespace

std::optional<fault_report> fault_in(unit const& u) {
  if (u.does == act::question || u.defers || u.chatter || u.words.size() < 3 ||
      contains_any(u.flat, {"used to", "would", "could", "should", "must"}))
    return std::nullopt;
  auto text = u.body;
  while (!text.empty() && (text.back() == '.' || text.back() == '!'))
    text.pop_back();
  auto const named = announcement(u.words);
  if (named > 0) {
    if (u.negated)
      return std::nullopt; // `there isn't a bug in it`
    bool const colon = named < u.words.size() && u.words[named].before != 0;
    auto rest = named < u.words.size() ? text.substr(u.words[named].begin) : std::string{};
    auto out = report_of(rest);
    if (!out && named < u.words.size()) {
      // `There is a bug in the parser: …`, `We have a problem with the upload`
      bool const where = contains_any(" in with when on at if for whenever ", {u.words[named].low});
      if (!colon && !where)
        return std::nullopt;
      if (terms_of(words_of(rest)).empty())
        return std::nullopt;
      out = fault_report{};
      out->what = colon ? rest : "the " + u.words[named - 1].low + ' ' + rest;
    }
    if (out)
      out->named =
          contains_any(" bug bugs defect glitch regression error ", {u.words[named - 1].low});
    return out;
  }
  return report_of(text);
}

std::string request_in(unit const& u) {
  if (u.does != act::question || u.defers || u.chatter || u.words.size() < 4)
    return {};
  auto const& w = u.words;
  static constexpr std::string_view verbs =
      " add implement make support allow change rename remove delete drop "
      "extend introduce replace "
      "enable disable hide include expose handle sort split cache convert "
      "reduce increase limit "
      "format simplify provide create prevent switch fix improve translate "
      "shorten speed ";
  auto const text = [&] {
    auto out = u.body;
    while (!out.empty() && (out.back() == '?' || out.back() == '.' || out.back() == ' '))
      out.pop_back();
    return out;
  }();
  bool const minds = (w[0].low == "would" || w[0].low == "do") && w[1].low == "you" &&
                     w[2].low == "mind" && w[3].low.ends_with("ing");
  if (minds) {
    auto const stem = w[3].low.substr(0, w[3].low.size() - 3);
    auto const single = stem.size() > 2 && stem[stem.size() - 1] == stem[stem.size() - 2]
                            ? stem.substr(0, stem.size() - 1)
                            : stem;
    for (auto const& verb : {stem, stem + 'e', single})
      if (contains_any(verbs, {verb}) && w.size() > 4)
        return verb + behind(text, w, 4);
    return {};
  }
  if (!contains_any(" can could would will ", {w[0].low}) || w[1].low != "you")
    return {};
  std::size_t v = 2;
  while (v + 1 < w.size() &&
         contains_any(" please also maybe perhaps just kindly possibly then ", {w[v].low}))
    ++v;
  // `Can you make it?`, `can you make sure that …`, `can you fix that`: an
  // errand or no content.
  if (v + 1 >= w.size() || !contains_any(verbs, {w[v].low}) || w[v + 1].low == "sure" ||
      terms_of({w.begin() + static_cast<std::ptrdiff_t>(v) + 1, w.end()}).empty())
    return {};
  return text.substr(w[v].begin);
}

bool needs_thing(unit const& u) {
  if ((u.does != act::directive && u.does != act::constraint) || u.chatter || u.past || u.judges ||
      u.defers || u.leans)
    return false;
  auto const& w = u.words;
  std::size_t from = 0;
  for (std::size_t i = 0; i + 1 < w.size() && i < 6 && from == 0; ++i)
    if (contains_any(" need needs want wants ", {w[i].low}) && w[i + 1].low != "to")
      from = i + 1;
  if (from == 0)
    return false;
  auto const last = [&] {
    auto k = from;
    while (
        k + 1 < w.size() && w[k + 1].before == 0 &&
        !contains_any(" for in on to when with that which because so by before ", {w[k + 1].low}))
      ++k;
    return k;
  }();
  auto const& head = w[last];
  if (head.what != word::kind::plain)
    return true;
  // An activity that a product takes over: `caching support`, `undo handling`,
  // `retry logging`.
  return last > from && (head.low == "support" || head.low == "handling" ||
                         (head.low.size() > 6 && head.low.ends_with("ing") &&
                          !contains_any(" meeting morning evening training hearing nothing "
                                        "something everything anything building ",
                                        {head.low})));
}

bool prefers_other(unit const& u) {
  if ((u.does != act::directive && u.does != act::constraint) || u.past || u.words.size() < 3)
    return false;
  auto const& first = u.words[0].low;
  bool const rather = contains_any(u.flat, {"i'd rather", "i would rather", "we'd rather",
                                            "i'd prefer", "i would prefer", "i'd sooner"}) ||
                      first == "better" || first == "rather";
  bool const instead = contains_phrase(u.flat, "instead") && !contains_phrase(u.flat, "instead of");
  return rather || instead;
}

std::string preferred(unit const& u) {
  auto text = u.body;
  auto const w = words_of(text);
  std::size_t i = 0;
  for (std::string_view const lead :
       {"i would rather", "i'd rather", "we'd rather", "i'd prefer to", "i would prefer to",
        "i'd prefer", "i would prefer", "i'd sooner", "better", "rather", "let's", "let us"}) {
    auto const n = static_cast<std::size_t>(std::count(lead.begin(), lead.end(), ' ')) + 1;
    if (n < w.size() &&
        trim(flat_of({w.begin(), w.begin() + static_cast<std::ptrdiff_t>(n)})) == lead) {
      i = n;
      break;
    }
  }
  if (i < w.size() && w[i].low == "rather" && i + 1 < w.size())
    ++i;
  text = i < w.size() ? text.substr(w[i].begin) : text;
  if (auto const at = lower(text).rfind(" instead");
      at != std::string::npos && at + 9 >= text.size())
    text.erase(at, 8);
  return text;
}

std::string in_place_of(std::string const& before, std::string const& now) {
  auto const w = words_of(before);
  auto const n = words_of(now);
  if (n.empty() || !(lexicon::is_change_verb(n[0].low) || n[0].low == "have" || n[0].low == "be"))
    return now;
  std::size_t modal = 0;
  for (std::size_t i = 1; i + 1 < w.size() && i < 7 && modal == 0; ++i)
    if (contains_any(" should must shall ", {w[i].low}) && w[i].before == 0)
      modal = i;
  if (modal == 0)
    return now;
  // `The cache should be cleared at night` — `clear it on each release`: `it` is the cache; `the
  // form should hide the price` — `show it in grey`: it is the price.
  bool const passive = w[modal + 1].low == "be" || w[modal + 1].low == "get";
  auto out = lower(now.substr(0, 1)) + now.substr(1);
  if (n.size() > 1 && contains_any(" it them ", {n[1].low})) {
    auto const object = modal + 2;
    bool const short_one = !passive && object < w.size() && w.size() - object <= 4 &&
                           contains_any(" the a an our all every ", {w[object].low});
    auto named = passive     ? before.substr(0, w[modal - 1].end)
                 : short_one ? before.substr(w[object].begin, w.back().end - w[object].begin)
                             : std::string{};
    if (passive && w[0].what == word::kind::plain && lexicon::is_stopword(w[0].low))
      named = lower(named.substr(0, 1)) + named.substr(1);
    if (!named.empty() && !lexicon::is_pronoun(w[0].low))
      out.replace(n[1].begin, n[1].end - n[1].begin, named);
  }
  return passive ? out : before.substr(0, w[modal].end) + ' ' + out;
}

std::string without_complaint(std::string const& text) {
  auto const w = words_of(text);
  for (std::size_t i = w.size(); i-- > 4;) {
    if (w[i].before != ',' && w[i].before != ';')
      continue;
    auto const rest = flat_of({w.begin() + static_cast<std::ptrdiff_t>(i), w.end()});
    bool const modal = contains_any(
        rest, {"should", "must", "has to", "have to", "needs to", "can", "may", "will"});
    if (!modal &&
        contains_any(rest, {"ask me", "asks me", "ask us", "asks us", "asking me", "asking us",
                            "keep asking", "keeps asking", "complain", "complains", "complaining"}))
      return text.substr(0, w[i - 1].end);
  }
  return text;
}

} // namespace troupe::rules
