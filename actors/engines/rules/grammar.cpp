#include "actors/engines/rules/grammar.hpp"

#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool determiner(std::string_view low) {
  return contains_any(
      " a an the this that these those it them its all any every each both no my our "
      "your their what which how ",
      {low});
}

bool preposition(std::string_view low) {
  return contains_any(
      " for in as at by up on to with from into out of over under per back off after "
      "before between ",
      {low});
}

bool adverb_first(std::string_view low) {
  return contains_any(" please just always better rather then then, only simply maybe also first "
                      "definitely either perhaps still and ",
                      {low});
}

/// The verb that a clause hangs on: `is`, `has`, `should`, `lands`; not a noun in the plural.
bool finite(std::vector<word> const& w, std::size_t i) {
  if (w[i].what != word::kind::plain ||
      (i > 0 && contains_any(" a an the my our your their ", {w[i - 1].low})))
    return false;
  auto const& low = w[i].low;
  return (lexicon::is_auxiliary(low) && !contains_any(" been being be ", {low})) ||
         contains_any(" exists lands ships works arrives comes goes ", {low}) ||
         (i > 0 && low.ends_with('s') && lexicon::is_verb_form(low) &&
          !lexicon::is_stopword(w[i - 1].low));
}

/// Whether a noun phrase begins at word `i` that is nothing's object: `the readme`, `bin/tool`.
bool subject_at(std::vector<word> const& w, std::size_t i) {
  auto const& low = w[i].low;
  bool const opens = w[i].what == word::kind::identifier || w[i].what == word::kind::literal ||
                     contains_any(" the a an our my your their its this these that those all every "
                                  "each it we they i you he she there somebody someone ",
                                  {low});
  return opens && !preposition(w[i - 1].low) && !determiner(w[i - 1].low) &&
         !contains_any(" and or that which who where through ", {w[i - 1].low});
}

} // namespace

std::size_t second_clause(std::vector<word> const& w, std::size_t from) {
  auto stop = std::min(from + 1, w.size());
  while (stop < w.size() && w[stop].before == 0)
    ++stop;
  if (from >= stop)
    return stop;
  auto const verb_from = [&](std::size_t k) {
    while (k < stop && !finite(w, k))
      ++k;
    return k;
  };
  auto const subject_between = [&](std::size_t a, std::size_t b) {
    for (auto k = b; k-- > a;)
      if (subject_at(w, k))
        return k;
    return stop;
  };
  bool const contracted =
      lexicon::is_auxiliary(w[from].low) && w[from].low.find('\'') != std::string::npos;
  auto const first = contracted ? from : verb_from(from + 1);
  if (first >= stop)
    return stop;
  // `has been`, `will be`, `is not all`: what belongs to the first verb.
  auto told = first + 1;
  while (told < stop &&
         (lexicon::is_auxiliary(w[told].low) ||
          contains_any(" be been being not to all fully finally really ", {w[told].low})))
    ++told;
  auto const second = verb_from(std::min(told, stop));
  // `… is done update the readme`, `… is merged please remove it`
  for (auto k = told + 1; k + 1 < stop && k < second && k <= told + 3; ++k)
    if (contains_any(" please then just ", {w[k].low}) ||
        (imperative_at(w, k) && !preposition(w[k - 1].low) && !determiner(w[k - 1].low)))
      return k;
  // Without a verb of its own the first part is a name: `after the audit | it needs …`.
  if (second >= stop)
    return contracted ? stop : subject_between(from + 1, first);
  // `Once we have the archive …`: the first thing behind the verb may be its object.
  bool const intransitive = contains_any(" exists lands ships works arrives ", {w[first].low});
  if (auto const at = subject_between(told, second);
      at < stop && (at > told || intransitive || told > first + 1))
    return at;
  // `Is in | the readme should …`, `is merged | reports should …`
  bool const complete =
      told < stop &&
      (lexicon::is_participle(w[told].low) ||
       contains_any(" done in ready there live out up through complete finished ", {w[told].low}));
  bool const follows =
      told + 1 < second && (determiner(w[told + 1].low) || !lexicon::is_stopword(w[told + 1].low) ||
                            w[told + 1].what != word::kind::plain);
  return complete && follows ? told + 1 : stop;
}

bool imperative_at(std::vector<word> const& w, std::size_t i) {
  while (i + 1 < w.size() && adverb_first(w[i].low))
    ++i;
  if (i >= w.size() || w[i].what != word::kind::plain)
    return false;
  auto const& low = w[i].low;
  if (low == "don't" || low == "never")
    return i + 1 < w.size() && (low == "don't" || lexicon::is_change_verb(w[i + 1].low));
  if (low == "do" && i + 1 < w.size() && w[i + 1].low == "not")
    return true;
  if (low == "make" || low == "be")
    return i + 1 < w.size();
  // `Let me think`: the speaker asks for patience; `let me upload two files` asks for a change.
  if (low == "let" && i + 2 < w.size() && w[i + 1].low == "me" &&
      (!lexicon::is_change_verb(w[i + 2].low) ||
       contains_any(" check find start open share pull show add read ask ", {w[i + 2].low})))
    return false;
  if (!lexicon::is_change_verb(low) || low == "default" || low == "time" || low == "type")
    return false;
  if (i + 1 >= w.size())
    return !lexicon::is_noun_too(low) || low == "skip" || low == "drop" || low == "copy";
  auto const& next = w[i + 1];
  if (next.before != 0)
    return !lexicon::is_noun_too(low) || low == "drop" || low == "skip";
  if (next.what != word::kind::plain)
    return next.what == word::kind::literal || !lexicon::is_noun_too(low) ||
           next.what == word::kind::number || next.what == word::kind::identifier;
  if (lexicon::is_auxiliary(next.low) || lexicon::is_past(next.low) ||
      (lexicon::is_verb_form(next.low) && next.low.ends_with('s')))
    return false;
  if (!lexicon::is_noun_too(low))
    return !next.low.ends_with("ing") || low == "keep" || low == "stop" || low == "start" ||
           low == "avoid";
  if (determiner(next.low) || preposition(next.low) || next.low == "everything" ||
      next.low == "anything" || next.low == "only")
    return true;
  // `Print weeks.` is a whole order, where the first word is rarely a noun before another.
  if (i == 0 && w.size() == 2 && next.what == word::kind::plain && next.low.size() > 3 &&
      next.low.ends_with('s') && contains_any(" print skip write return split ", {low}))
    return true;
  // `skip empty lines` against `test coverage`: a plural or an -ed object follows an order.
  return w.size() > i + 2 &&
         (low == "skip" || low == "drop" || low == "cut" || low == "use" || low == "write" ||
          low == "show" || low == "store" || low == "log" || low == "count" || low == "list" ||
          low == "copy" || low == "return" || low == "pad" || low == "split" || low == "sort" ||
          low == "wrap" || low == "ship" || low == "mark" || low == "update" || low == "print");
}

std::size_t main_clause(std::vector<word> const& w) {
  if (w.empty() || !contains_any(" if when once on after for over until unless while before with "
                                 "otherwise in at during without ",
                                 {w[0].low}))
    return 0;
  // `Once the parser is done the readme should …`
  bool const once = w[0].low == "once" || w[0].low == "after";
  if (auto const second = once ? second_clause(w, 1) : w.size(); once && second < w.size())
    return second;
  for (std::size_t i = 1; i < w.size(); ++i)
    if (w[i].before == ',')
      return i;
  // `if the original is smaller just copy it`
  if (w[0].low != "if" && w[0].low != "when")
    return 0;
  for (std::size_t i = 3; i + 1 < w.size(); ++i)
    if ((w[i].low == "just" || w[i].low == "then" || w[i].low == "don't") && imperative_at(w, i))
      return i;
  return 0;
}

std::vector<bool> relative_words(std::vector<word> const& w) {
  std::vector<bool> out(w.size(), false);
  bool inside = false;
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (w[i].before == ',' || contains_any(" if when because since ", {w[i].low}))
      inside = false;
    // `the PDF of what they sent in`
    if (i >= 2 && (w[i].low == "what" || w[i].low == "whatever") && preposition(w[i - 1].low))
      inside = true;
    if (i >= 2 && contains_any(" that that's which who ", {w[i].low})) {
      auto const& before = w[i - 1].low;
      inside = inside || (!lexicon::is_auxiliary(before) && !lexicon::is_verb_form(before) &&
                          (!lexicon::is_stopword(before) || lexicon::is_people(before)));
    }
    out[i] = inside;
  }
  return out;
}

bool tells_past(std::vector<word> const& w, std::size_t n) {
  auto const relative = relative_words(w);
  for (std::size_t i = 0; i < n && i < w.size(); ++i) {
    if (relative[i] || w[i].what != word::kind::plain)
      continue;
    if (lexicon::is_past(w[i].low))
      return true;
    auto const subject = [&](std::string const& x) {
      return contains_any(" i we they he she you somebody someone people everybody nobody already "
                          "legal finance security ",
                          {x}) ||
             (lexicon::is_people(x) && x != "team");
    };
    if (i > 0 && lexicon::is_participle(w[i].low) && w[i].before == 0 && subject(w[i - 1].low))
      return true;
    // `It filled up in an hour`; `can it load …` asks.
    if (i > 0 && w[i].low.ends_with("ed") && lexicon::is_participle(w[i].low) && w[i].before == 0 &&
        w[i - 1].low == "it" && (i == 1 || !lexicon::is_auxiliary(w[i - 2].low)))
      return true;
  }
  return false;
}

std::size_t main_part(std::vector<word> const& w) {
  for (std::size_t i = 3; i < w.size(); ++i)
    if (w[i].before == ',' && contains_any(" today currently now nowadays they people somebody "
                                           "everybody because since otherwise nobody ",
                                           {w[i].low}))
      return i;
  return w.size();
}

} // namespace troupe::rules
