#include "actors/engines/rules/grammar.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/requests.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool fronted_question(std::vector<word> const& w) {
  if (w.size() < 3)
    return false;
  static constexpr std::string_view starts =
      " can could should shall would is are does did will do can't couldn't shouldn't "
      "wouldn't won't ";
  static constexpr std::string_view subjects =
      " we i you there it they anybody somebody everybody anyone someone that this he she ";
  if (w[0].low == "do") // `do it like this` is an order
    return contains_any(" you we they i people ", {w[1].low});
  return contains_any(starts, {w[0].low}) && contains_any(subjects, {w[1].low});
}

bool wh(std::string_view low) {
  return contains_any(" what what's how which who who's when where why whose ", {low});
}

/// `Would that be a problem?`, `is that a lot of work?`: whether it is too much to ask.
bool burdens(unit const& u) {
  return contains_any(u.flat, {"a problem", "an issue", "a lot", "a lot of work", "too much",
                               "much work", "much effort", "a big deal", "expensive", "difficult",
                               "hard", "a risk", "risky", "a burden", "a pain"});
}

/// `Is this possible?`, `can we do that?`: whether it can be done at all.
bool feasible(unit const& u) {
  return contains_any(u.flat, {"is this possible", "is that possible", "is it possible", "possible",
                               "feasible", "doable", "realistic", "can we do that",
                               "can you do that", "can you do it", "is that legal",
                               "are we allowed", "are we even allowed", "does that sound right"}) &&
         u.flat.find("possible to ") == std::string::npos;
}

/// `Who takes what?`, `what else?`, `you wanted to begin?`: about the meeting and the people in it.
bool arranges(unit const& u) {
  auto const& w = u.words;
  auto const& f = w[0].low;
  if ((f == "who" || f == "who's" || f == "who'll" || f == "who'd") && w.size() > 1) {
    auto const& last = w.back().low;
    auto const verb =
        contains_any(u.flat, {"takes", "take", "does", "do", "doing", "taking", "wants", "owns",
                              "own", "like to", "volunteers", "on it"});
    return verb && (w.size() <= 3 || contains_any(" what it that this which one ", {last}));
  }
  if (contains_any(u.flat, {"what else", "anything else", "what's next", "who's next"}) &&
      w.size() <= 5)
    return true;
  if (contains_any(u.flat, {"how often"}) ||
      (contains_any(u.flat, {"does that", "does it", "did that", "did it", "does this"}) &&
       contains_any(u.flat, {"happen", "occur", "cost", "eat", "hurt", "matter"})))
    return true; // how it is today
  if (contains_any(u.flat, {"did somebody", "did anybody", "did anyone", "did someone", "did you",
                            "has somebody", "has anybody", "has anyone", "have you", "did we"}))
    return true;
  if (f == "i" && w.size() > 2 && contains_any(" thought assumed guess think assume ", {w[1].low}))
    return true; // `I thought that was in there already?`
  return f == "you" && u.told &&
         contains_any(u.flat, {"you wanted", "you had", "you said", "you collected",
                               "you mentioned", "you looked", "you talked", "you spoke"});
}

void find_question(unit& u, std::string_view quote) {
  auto const& w = u.words;
  if (u.tag)
    return;
  bool const marked = u.body.ends_with('?') || (quote.ends_with('?') && u.last_in_turn);
  bool const opened =
      !w.empty() && (fronted_question(w) || contains_any(u.flat, {"what about", "how about"}));
  // A tag makes no question: `Last one wins, right?`
  if (!marked && !opened)
    return;
  if (w.empty())
    return;
  u.does = act::question;
  u.organises = arranges(u);
  u.burden = burdens(u) && !contains_any(u.flat, {"what about", "how about"});
  bool const asks_whether =
      fronted_question(w) || u.fragment || u.flat.find(" is ") != std::string::npos;
  if (u.organises || ((u.burden || feasible(u)) && asks_whether && !wh(w[0].low))) {
    u.wants = asks::consent;
    return;
  }
  u.burden = false;
  if (!request_in(u).empty()) { // `do you mind adding …?`
    u.wants = asks::proposal;
    return;
  }
  if (contains_any(u.flat,
                   {"is that okay",       "is that ok",      "is that all right", "is that alright",
                    "everybody fine",     "everyone fine",   "any objections",    "all agreed",
                    "does that work",     "is that fine",    "is that realistic", "okay for you",
                    "ok for you",         "make sense",      "makes sense",       "everyone happy",
                    "everybody happy",    "all good",        "anything else",     "any questions",
                    "fine for everybody", "does that sound", "anyone against",    "are we agreed",
                    "everybody ok",       "everyone ok",     "can you live with"}) ||
      (w.size() <= 2 && (lexicon::is_yes(w[0].low) || w[0].low == "objections"))) {
    u.wants = asks::consent;
    return;
  }
  auto const& first = w[0].low;
  bool const about = contains_any(u.flat, {"what about",
                                           "how about",
                                           "why not",
                                           "why don't we",
                                           "what if we",
                                           "do we need",
                                           "do we want",
                                           "do you want",
                                           "should there",
                                           "can there",
                                           "could there",
                                           "do we add",
                                           "is there anything with",
                                           "shall we",
                                           "should we",
                                           "can we",
                                           "could we",
                                           "are we going to",
                                           "will we",
                                           "would it make sense"});
  bool const floats = contains_any(u.flat, {"what about", "how about", "what if we", "why not",
                                            "why don't we", "what do we do about"});
  if (wh(first) && !floats) {
    u.wants = asks::fact;
  } else if (about || first == "can" || first == "could" || first == "should" || first == "shall" ||
             first == "would" || first == "anything") {
    u.wants = asks::proposal;
  } else if (contains_any(u.flat, {"is anybody", "is anyone", "does anybody", "does anyone",
                                   "has anybody", "has anyone", "who uses", "do people"})) {
    u.wants = asks::consent; // about people: no answer to it asks for anything
  } else if (contains_any(u.flat,
                          {"does it", "does that", "is it", "will it", "do they", "does this"})) {
    u.wants = asks::fact;
  } else if (w.size() >= 4 &&
             std::any_of(w.begin(), w.end(),
                         [](word const& x) { return x.low == "or" && x.before == ','; }) &&
             imperative_at(w, 0)) {
    u.wants = asks::fact; // `Count down, or count up?`
  } else if (wh(first) || u.flat.find(" or not ") != std::string::npos) {
    u.wants = asks::fact;
  } else if (lexicon::is_auxiliary(first) || (w.size() > 2 && wh(w[1].low))) {
    u.wants = asks::fact;
  } else {
    // `Zero?`, `Drop the newest?`, `In the list and on the note itself?` float an answer.
    u.wants = asks::proposal;
  }
}

/// `We should not do that`, `let's not have it like this`: refuses what was said and names nothing.
bool denies_that(unit const& u) {
  auto const& w = u.words;
  bool const negated = std::any_of(w.begin(), w.end(), [](word const& x) {
    return x.low == "not" || x.low == "never" || x.low.ends_with("n't");
  });
  return negated && u.does == act::none && w.size() >= 3 && w.size() <= 9 &&
         contains_any(" we i you let's they nobody ", {w[0].low}) &&
         contains_any(u.flat, {"should", "shouldn't", "must", "mustn't", "can", "can't", "cannot",
                               "let's", "won't", "will", "wouldn't", "would", "shall"}) &&
         contains_any(u.flat, {"do that", "do it", "do this", "do so", "have that", "have it",
                               "want that", "want it", "go there"}) &&
         std::all_of(w.begin(), w.end(), [](word const& x) {
           return x.what == word::kind::plain &&
                  (lexicon::is_stopword(x.low) || lexicon::is_auxiliary(x.low) ||
                   contains_any(" do have want go like way let's then here now really at all ",
                                {x.low}));
         });
}

} // namespace

void find_act(unit& u, name_list const& names) {
  find_marks(u);
  u.chatter = is_chatter(u, {});
  if (u.words.empty())
    return;
  u.past = background(u);
  u.told = tells_past(u.words, u.words.size());
  static constexpr std::string_view subjects = " we they you i he she ";
  bool verb = u.words.size() >= 3 && contains_any(subjects, {u.words[0].low});
  bool inside = false;
  bool subordinate = false;                  // a negation in `when it doesn't know` denies nothing
  auto const mask = relative_words(u.words); // nor does `a string that's short` say anything yet
  for (std::size_t i = 0; i < u.words.size(); ++i) {
    auto const& w = u.words[i];
    if (w.what != word::kind::plain)
      continue;
    auto const& before = i > 0 ? u.words[i - 1].low : w.low;
    // `that was`, `this should`: a pronoun, not a determiner.
    bool const noun = i > 0 &&
                      contains_any(" a an the no this that each every my our your ", {before}) &&
                      !((before == "that" || before == "this") && lexicon::is_auxiliary(w.low));
    // `the reader checks them in`: a noun has no object.
    bool const has_object =
        i > 0 && i + 1 < u.words.size() && w.low.ends_with('s') && lexicon::is_noun_too(w.low) &&
        u.words[i + 1].before == 0 && w.before == 0 && !lexicon::is_stopword(before) &&
        contains_any(" them it him her us the a an its every each all any their ",
                     {u.words[i + 1].low});
    bool const after_plural =
        i > 0 && lexicon::is_noun_too(w.low) && lexicon::is_change_verb(w.low) &&
        ((before.size() > 3 && before.ends_with('s') && !lexicon::is_stopword(before)) ||
         lexicon::is_people(before)) &&
        !before.ends_with("'s") && i + 1 < u.words.size();
    bool const aside = w.low == "mean" && before == "i"; // `a test, I mean with made-up numbers`
    // A verb behind `once` says nothing of the main clause: `an example, once it's in`.
    inside = inside || (i > 1 && contains_any(" once after until unless ", {w.low}));
    if (!mask[i] && !noun && !aside && !inside)
      verb = verb || lexicon::is_auxiliary(w.low) || lexicon::is_past(w.low) ||
             lexicon::is_verb_form(w.low) || after_plural || has_object;
    subordinate =
        subordinate ||
        (i > 0 && contains_any(" when if because that who which since unless until so ", {w.low}));
    if (subordinate)
      continue;
    if (i + 1 < u.words.size() && w.low == "not" && u.words[i + 1].low != "only" &&
        u.words[i + 1].low != "just")
      u.negated = true;
    u.negated = u.negated || w.low.ends_with("n't") || w.low == "never" || w.low == "cannot" ||
                (w.low == "no" && i == 0);
  }
  // `If a month is thirty days then twelve months is not a year` argues, it asks for nothing.
  if (u.words[0].low == "if" && contains_any(u.flat, {"then"}) &&
      contains_any(u.flat, {"is not", "isn't", "are not", "aren't", "doesn't", "won't"}) &&
      !contains_any(u.flat, {"should", "must", "needs", "has to"}))
    u.judges = true;
  u.fragment = (!verb && !imperative_at(u.words, 0)) || (u.words.size() == 1 && u.stance != 0);
  find_question(u, u.quote);
  // `So what I'm hearing is, …`: says again what was said.
  if (u.words.size() > 3 &&
      contains_any(u.flat, {"what i'm hearing is", "what i hear is", "i understand correctly",
                            "i understand you correctly", "i got that right", "i got this right",
                            "you're saying that", "what you're saying is", "in other words"})) {
    u.does = act::question;
    u.wants = asks::consent;
    return;
  }
  u.organises = u.organises || (u.does == act::none && u.words.size() <= 4 &&
                                contains_any(u.flat, {"what else", "anything else", "what's next",
                                                      "who does what", "who takes what"}));
  if (denies_that(u)) {
    u.stance = -1;
    u.only_stance = true;
    return;
  }
  if (u.does == act::none) {
    find_wish(u);
    find_constraint(u);
    // `I was thinking we release it after ten minutes` proposes.
    if (u.does == act::none && u.hedged && !u.past && !u.judges && u.words[0].low == "we")
      u.does = act::directive;
    // `Bruno has to leave at ten`: what a person of the talk must do is no change of anything.
    for (std::size_t i = 1; i < u.words.size() && i < 8; ++i)
      if (u.does == act::directive && !names.find(u.words[i - 1].low).empty() &&
          contains_any(" has must should needs shall can will ", {u.words[i].low})) {
        u.does = act::none;
        u.past = true;
      }
    if (u.does == act::directive)
      u.fragment = false;
    // What the speaker does or feels says nothing about the thing.
    bool const self = (u.words[0].low == "i" || u.words[0].low == "i'm") && !u.hedged;
    if (u.does == act::none && !u.past && !u.judges && !self)
      u.does = act::statement;
  }
  auto const& first = u.words[0].low;
  // `Put it in …`: an order about what was said; an `it` far behind means something else.
  bool object = false;
  for (std::size_t i = 1; i < u.words.size() && i < 6; ++i)
    object = object ||
             ((u.words[i].low == "it" || u.words[i].low == "them") && u.words[i - 1].low != "as" &&
              !(i + 1 < u.words.size() && lexicon::is_auxiliary(u.words[i + 1].low)));
  object = object && (u.does == act::directive || u.does == act::constraint);
  // `Leave the old endpoints alone, we add new ones next to them`: the object is named.
  auto const verb_at = std::size_t{first == "please" || first == "just" ? 1U : 0U};
  bool const names_object =
      u.does != act::statement && verb_at + 2 < u.words.size() &&
      lexicon::is_change_verb(u.words[verb_at].low) &&
      contains_any(" the a an our all every any ", {u.words[verb_at + 1].low});
  if (names_object) {
    u.leans = false;
    return;
  }
  u.leans = object || first == "not" ||
            (u.does == act::directive &&
             contains_any(" must should needs mustn't shouldn't ", {first})) ||
            (first == "please" && u.words.size() > 1 && u.words[1].low == "not") ||
            lexicon::is_pronoun(first) || u.fragment || first == "then" || first == "just" ||
            first == "only" || first == "same" || first == "otherwise" ||
            contains_any(u.flat, {"make it", "keep it", "leave it", "leave that", "do it", "put it",
                                  "for that", "that one", "that very", "those", "them"});
}

} // namespace troupe::rules
