#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/units.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool modal(std::string_view low) {
  return low == "should" || low == "must" || low == "shall" || low == "ought" || low == "needs" ||
         low == "need" || low == "mustn't" || low == "shouldn't";
}

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

/// True if the words from `i` on begin like an order: `keep it …`, `don't touch …`, `never …`.
bool imperative_at(std::vector<word> const& w, std::size_t i) {
  while (i + 1 < w.size() && adverb_first(w[i].low))
    ++i;
  if (i >= w.size() || w[i].what != word::kind::plain)
    return false;
  auto const& low = w[i].low;
  if ((low == "don't" || low == "never") && i + 1 < w.size())
    return low == "don't" || lexicon::is_change_verb(w[i + 1].low) || w[i + 1].low == "upscale";
  if (low == "do" && i + 1 < w.size() && w[i + 1].low == "not")
    return true;
  if (low == "make" || low == "be")
    return i + 1 < w.size();
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
  // `skip empty lines` against `test coverage`: a plural or an -ed object follows an order.
  return w.size() > i + 2 &&
         (low == "skip" || low == "drop" || low == "cut" || low == "use" || low == "write" ||
          low == "show" || low == "store" || low == "log" || low == "count" || low == "list" ||
          low == "copy" || low == "return" || low == "pad" || low == "split" || low == "sort" ||
          low == "wrap" || low == "ship" || low == "mark" || low == "update" || low == "print");
}

/// Index of the main clause behind `if …,` / `when …,` / `over the limit …,`; 0 if there is none.
std::size_t main_clause(std::vector<word> const& w) {
  if (w.empty() || !contains_any(" if when once on after for over until unless while before with "
                                 "otherwise in at during without ",
                                 {w[0].low}))
    return 0;
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

bool fronted_question(std::vector<word> const& w) {
  if (w.size() < 3)
    return false;
  static constexpr std::string_view starts = " can could should shall would is are does did will ";
  static constexpr std::string_view subjects =
      " we i you there it they anybody somebody everybody anyone someone that this he she ";
  return contains_any(starts, {w[0].low}) && contains_any(subjects, {w[1].low});
}

bool wh(std::string_view low) {
  return contains_any(" what what's how which who who's when where why whose ", {low});
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
  bool const about =
      contains_any(u.flat, {"what about", "how about", "why not", "why don't we", "what if we",
                            "do we need", "do we want", "do you want", "should there", "can there",
                            "could there", "do we add", "is there anything with", "shall we",
                            "should we", "can we", "could we", "would it make sense"});
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
  } else if (wh(first) || u.flat.find(" or not ") != std::string::npos) {
    u.wants = asks::fact;
  } else if (lexicon::is_auxiliary(first) || (w.size() > 2 && wh(w[1].low))) {
    u.wants = asks::fact;
  } else {
    // `Zero?`, `Drop the newest?`, `In the list and on the note itself?` float an answer.
    u.wants = asks::proposal;
  }
}

void find_marks(unit& u) {
  auto const& all = u.all;
  u.open = contains_any(all, {"i don't know",
                              "don't know yet",
                              "no idea",
                              "i'm not sure",
                              "i am not sure",
                              "not sure",
                              "i'll ask",
                              "i can ask",
                              "let me find out",
                              "i'll find out",
                              "leave it open",
                              "leave that open",
                              "open question",
                              "i'll check with",
                              "come back to you",
                              "get back to you",
                              "need an answer",
                              "to be decided",
                              "tbd",
                              "have to ask",
                              "need to ask",
                              "i'd have to check",
                              "who knows",
                              "nobody knows",
                              "need to find out",
                              "i will ask",
                              "let me check with",
                              "must ask",
                              "not clear yet",
                              "undecided",
                              "honestly don't know",
                              "needs an answer",
                              "let me ask"});
  u.defers = contains_any(all, {"not now",
                                "so not now",
                                "not yet",
                                "not in this",
                                "not for this",
                                "not this time",
                                "different release",
                                "another release",
                                "next release",
                                "later release",
                                "next major",
                                "next version",
                                "some other time",
                                "another time",
                                "different time",
                                "out of scope",
                                "park it",
                                "park that",
                                "parked",
                                "maybe later",
                                "ok later",
                                "okay later",
                                "later then",
                                "separate project",
                                "separate ticket",
                                "separate issue",
                                "separate pr",
                                "separate story",
                                "different ticket",
                                "another ticket",
                                "different tool",
                                "different project",
                                "not needed",
                                "not necessary",
                                "no need",
                                "we won't do",
                                "never do that",
                                "not worth it",
                                "not worth the",
                                "not this quarter",
                                "not this year",
                                "not this month",
                                "not this sprint",
                                "not this week",
                                "next quarter",
                                "next sprint",
                                "in version two",
                                "a follow-up",
                                "leave it out",
                                "leave that out",
                                "leave them out",
                                "of this release",
                                "of this version",
                                "doesn't belong",
                                "don't need that",
                                "don't need it",
                                "we don't need",
                                "yagni",
                                "for a later",
                                "for another day",
                                "won't happen",
                                "not going to happen",
                                "drop that idea",
                                "forget it",
                                "forget about it",
                                "too much for now",
                                "backlog it",
                                "in the backlog",
                                "on the backlog",
                                "put it on the list for later",
                                "not part of this",
                                "revisit",
                                "not our job",
                                "not our problem",
                                "phase two",
                                "v2",
                                "next time",
                                "skip that",
                                "skip it",
                                "is a no",
                                "that's a no",
                                "i said no",
                                "we said no",
                                "not for the",
                                "not in the first"});
  u.optional = contains_any(all, {"nice to have",     "if there's time", "if there is time",
                                  "if time allows",   "bonus",           "optional extra",
                                  "not a must",       "stretch goal",    "would be nice",
                                  "it'd be nice",     "if we have time", "if you have time",
                                  "only if there's",  "not critical",    "low priority",
                                  "not essential",    "if it's cheap",   "if it is easy",
                                  "if it's easy",     "would be lovely", "no hurry",
                                  "not urgent",       "nice-to-have",    "as an extra",
                                  "when there's time"});
  u.withdraws =
      u.withdraws || contains_any(all, {"no wait", "wait no", "scratch that", "forget that",
                                        "strike that", "i take that back", "joking", "kidding",
                                        "never mind", "nevermind", "ignore that", "ignore me",
                                        "i was wrong", "my mistake", "i misspoke", "actually no"});
  u.acknowledges = contains_any(all, {"will do", "i'll tell", "i'll do that", "i can do that",
                                      "i'll note", "on it", "i'll write to", "i'll let them know"});
  u.corrects = contains_any(all, {"make it",      "let's say",   "let's make it", "let's go with",
                                  "go with",      "i'd go with", "i'd rather",    "rather",
                                  "instead",      "i'd say",     "i would say",   "better use",
                                  "i'd make it",  "say",         "it's now",      "let's give",
                                  "cap at",       "call it",     "make that",     "more like",
                                  "change it to", "then let's",  "only the",      "just the"});
  u.judges = contains_any(
      u.flat, {"is too",          "are too",        "too low",          "too high",
               "too generous",    "too long",       "too short",        "too much",
               "is better",       "better than",    "it's better",      "is nicer",
               "less surprising", "i like",         "don't like",       "hate",
               "is hard",         "would be wrong", "is easy",          "isn't hard",
               "is cheap",        "is expensive",   "overkill",         "can of worms",
               "no other way",    "is plenty",      "is enough",        "is short",
               "is long",         "is tight",       "is a lot",         "that's cheap",
               "i don't want",    "we don't want",  "is simpler",       "simpler",
               "is a mess",       "is overkill",    "is fun",           "was fun",
               "is weird",        "is ugly",        "is annoying",      "that's nice",
               "is a pain",       "is risky",       "is safer",         "is worse",
               "it's fine",       "nobody",         "we can't promise", "that kills",
               "i wouldn't even", "nobody's",       "sounds",           "feels",
               "worth it",        "we'll see",      "can't work",       "looks the same",
               "surely",          "is wrong",       "it's annoying"});
}

/// Words inside relative clauses: they describe a noun and tell nothing by themselves.
std::vector<bool> relative_words(std::vector<word> const& w) {
  std::vector<bool> out(w.size(), false);
  bool inside = false;
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (w[i].before == ',' || contains_any(" if when because since ", {w[i].low}))
      inside = false;
    if (i >= 2 && contains_any(" that that's which who ", {w[i].low})) {
      auto const& before = w[i - 1].low;
      inside = inside || (!lexicon::is_auxiliary(before) && !lexicon::is_verb_form(before) &&
                          (!lexicon::is_stopword(before) || lexicon::is_people(before)));
    }
    out[i] = inside;
  }
  return out;
}

/// True if the words up to `n` tell what happened.
bool tells_past(std::vector<word> const& w, std::size_t n) {
  auto const relative = relative_words(w);
  for (std::size_t i = 0; i < n && i < w.size(); ++i) {
    if (relative[i] || w[i].what != word::kind::plain)
      continue;
    if (lexicon::is_past(w[i].low))
      return true;
    auto const subject = [&](std::string const& x) {
      return contains_any(" i we they he she you somebody someone people everybody nobody already "
                          "just also never legal finance security ",
                          {x}) ||
             (lexicon::is_people(x) && x != "team");
    };
    if (i > 0 && lexicon::is_participle(w[i].low) && w[i].before == 0 && subject(w[i - 1].low))
      return true;
  }
  return false;
}

/// Number of words before a reason or an aside that is only hung on: `…, they asked for it`.
std::size_t main_part(std::vector<word> const& w) {
  for (std::size_t i = 3; i < w.size(); ++i)
    if (w[i].before == ',' &&
        contains_any(" they people somebody everybody because since otherwise nobody ", {w[i].low}))
      return i;
  return w.size();
}

bool background(unit const& u) {
  auto const n = main_part(u.words);
  if (tells_past(u.words, n))
    return true;
  auto const& first = u.words[0].low;
  if (first == "otherwise" || first == "because" || first == "since")
    return true;
  if (contains_any(u.flat, {"there are", "there's a", "there is a"}) &&
      u.flat.find(" if ") == std::string::npos && u.flat.rfind(" there ", 0) == 0)
    return true;
  // `It is already X, so Y is Z`: the conclusion is new.
  if (u.flat.find(" so ") != std::string::npos && contains_any(u.flat, {"already"}))
    return false;
  auto const part =
      flat_of(std::vector<word>(u.words.begin(), u.words.begin() + static_cast<std::ptrdiff_t>(n)));
  return contains_any(part, {"today",        "currently",     "right now",     "at the moment",
                             "nowadays",     "these days",    "yesterday",     "last week",
                             "last month",   "last time",     "at present",    "so far",
                             "already",      "until now",     "the problem",   "complain",
                             "complains",    "the complaint", "top complaint", "at the minute",
                             "keeps asking", "keep asking",   "let me look",   "let me see",
                             "ask me",       "asks me",       "every time",    "i was thinking"}) ||
         part.starts_with(" now ");
}

/// A wish with its modal or verb; sets does where it finds one.
void find_wish(unit& u) {
  auto const& w = u.words;
  auto const& flat = u.flat;
  auto const reason = std::min({flat.find(" because "), flat.find(" since "), flat.size()});
  auto const head = std::string_view{flat}.substr(0, reason + 1);
  bool const thinking = contains_any(u.all, {"let me look", "let me see", "let me check"}) ||
                        contains_phrase(u.flat, "hmm");
  if (thinking) {
    u.past = true; // thinking aloud
    return;
  }
  bool const epistemic = contains_any(
      flat, {"should have been", "must have been", "should've",     "must've",
             "had to",           "you should see", "i have to",     "i must",
             "i should",         "i need to",      "we should be",  "it should be fine",
             "that should do",   "should be done", "how it should", "i have to run",
             "needed to",        "i had",          "didn't need",   "you have to",
             "you need to",      "that must be",   "us to be",      "i have to go",
             "we need to talk",  "we need to go"});
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (u.does != act::none || w[i].what != word::kind::plain)
      continue;
    auto const& low = w[i].low;
    bool const to = i + 1 < w.size() && w[i + 1].low == "to";
    bool const need = (modal(low) && !(low == "need" && i > 0 &&
                                       (w[i - 1].low == "don't" || w[i - 1].low == "doesn't"))) ||
                      ((low == "has" || low == "have") && to) || (low == "gotta");
    if (need && i > 0 && !epistemic && contains_phrase(head, low) &&
        !(low == "need" && (w[i - 1].low == "the" || w[i - 1].low == "no" || w[i - 1].low == "i") &&
          w[i - 1].low != "i"))
      u.does = act::directive;
    bool const person =
        i > 0 && contains_any(" i we they he she people users customers and ", {w[i - 1].low});
    if ((low == "want" || low == "wants") && i > 0 && contains_phrase(head, low) &&
        w[i - 1].low != "don't" && w[i - 1].low != "nobody" && w[i - 1].low != "didn't" &&
        (person || low == "wants" || lexicon::is_people(w[i - 1].low) || w[i - 1].low == "do"))
      u.does = act::directive;
  }
  if (u.does != act::none)
    return;
  auto const part =
      flat_of(std::vector<word>(w.begin(), w.begin() + static_cast<std::ptrdiff_t>(main_part(w))));
  if (contains_any(part,
                   {"i'd love", "i would love", "i wish", "would be slick", "would be cool",
                    "might be nice", "maybe we", "perhaps we", "i could make", "we could",
                    "suggested", "requested", "we thought about", "i thought about", "one could",
                    "i can imagine", "it could", "would be great", "'d be great"}) ||
      (contains_any(part, {"asked for", "asks for", "asking for", "ask for"}) &&
       !contains_any(part, {"for it", "for that"}))) {
    u.does = act::weak;
    return;
  }
  static constexpr std::string_view first_person =
      " take make say go add keep put use write give do copy cut strip support suggest propose "
      "expect prefer normalise normalize rather want like leave key raise cap drop start show ";
  for (std::size_t i = 0; i + 1 < w.size(); ++i) {
    auto const& low = w[i].low;
    bool const would = low == "i'd" || low == "we'd" || low == "wouldn't" ||
                       (low == "would" && i > 0 && (w[i - 1].low == "i" || w[i - 1].low == "we"));
    bool const will =
        low == "we'll" ||
        ((low == "will" || low == "won't") && i > 0 && w[i - 1].low != "i" &&
         w[i - 1].low != "it" && (w[i - 1].low == "we" || !lexicon::is_people(w[i - 1].low)));
    if (!would && !will)
      continue;
    auto v = i + 1;
    while (v + 1 < w.size() && (w[v].low == "not" || w[v].low == "also" || w[v].low == "just" ||
                                w[v].low == "simply" || w[v].low == "even" || w[v].low == "then"))
      ++v;
    if (lexicon::is_change_verb(w[v].low) || contains_any(first_person, {w[v].low})) {
      u.does = act::directive;
      return;
    }
  }
  if (contains_any(flat, {"let's", "let us"}) &&
      !contains_any(flat, {"let's see", "let's start", "let's eat", "let's talk", "let's move on",
                           "let's wait", "let's hope", "let's go without", "let's go then",
                           "let's begin", "let's meet", "let's not", "let's go through", "let's be",
                           "let's continue"})) {
    u.does = act::directive;
    return;
  }
  if (contains_any(flat, {"would be nice", "it'd be nice", "is required", "is forbidden",
                          "is not allowed", "make sure", "not be possible", "the idea is",
                          "is that we", "would be lovely", "would help"}))
    u.does = act::directive;
  else if (imperative_at(w, 0) || (main_clause(w) > 0 && imperative_at(w, main_clause(w))))
    u.does = act::directive;
  // `maxLength option, cut at a word boundary, never leave a trailing dash`
  for (std::size_t i = 1; i < w.size() && u.does == act::none && w[0].low != "if"; ++i)
    if ((w[i].before == ',' || w[i].before == ':') && imperative_at(w, i)) {
      bool verb = false;
      for (std::size_t k = 0; k < i; ++k)
        verb = verb || lexicon::is_auxiliary(w[k].low) || lexicon::is_verb_form(w[k].low) ||
               lexicon::is_past(w[k].low);
      if (!verb)
        u.does = act::directive;
    }
  // `and the readme table gets the two new options`
  if (u.does == act::none && !u.past && contains_any(flat, {"gets", "get", "goes in", "goes into"}))
    for (auto const& x : w)
      if (lexicon::is_doc_word(x.low))
        u.does = act::directive;
}

void find_constraint(unit& u) {
  bool const person = !u.words.empty() && (u.words[0].low == "i" || u.words[0].low == "i'll" ||
                                           u.words[0].low == "you");
  bool const keeps = contains_any(u.flat, {"stay",
                                           "stays",
                                           "remain",
                                           "remains",
                                           "unchanged",
                                           "untouched",
                                           "doesn't change",
                                           "don't change",
                                           "not change",
                                           "won't change",
                                           "as is",
                                           "as it is",
                                           "as they are",
                                           "as now",
                                           "as it was",
                                           "keep working",
                                           "keeps working",
                                           "go on working",
                                           "keeps on",
                                           "continue to",
                                           "continues to",
                                           "still works",
                                           "still work",
                                           "must work",
                                           "don't touch",
                                           "not touch",
                                           "keep",
                                           "keeps",
                                           "leave that",
                                           "leave it",
                                           "no change",
                                           "never rename",
                                           "only add",
                                           "backwards compatible",
                                           "backward compatible",
                                           "nothing changes",
                                           "must not",
                                           "may not",
                                           "must never",
                                           "never"});
  if (!keeps || u.past)
    return;
  if (u.does == act::directive)
    u.does = act::constraint;
  else if (u.does == act::none && !person && !u.judges &&
           contains_any(u.flat, {"stay", "stays", "remain", "remains", "unchanged", "untouched",
                                 "doesn't change", "don't change", "won't change", "as is",
                                 "as it is", "as they are", "keeps", "still works", "must work",
                                 "no change", "nothing changes"}) &&
           !contains_any(u.flat, {"keeps asking", "keeps saying", "keeps breaking",
                                  "keeps crashing", "keeps failing", "keeps coming"}))
    u.does = act::constraint;
}

bool is_chatter(unit const& u) {
  if (contains_any(u.all, {"we're at", "we are at", "to recap", "to sum up", "quick recap"}))
    return true;
  std::size_t social = 0;
  std::size_t work = 0;
  for (auto const& w : u.words) {
    social += lexicon::is_social_word(w.low) ? 1 : 0;
    work += w.what != word::kind::plain || lexicon::is_software_word(w.low) ? 1 : 0;
  }
  if (social > work || (social > 0 && contains_phrase(u.all, "by the way")))
    return true;
  if (contains_any(u.all, {"can you hear",     "hear us",           "hear me",
                           "see the screen",   "see my screen",     "share my screen",
                           "on mute",          "you're muted",      "let's start",
                           "shall we start",   "crack on",          "shall we begin",
                           "that's all",       "have to run",       "gotta go",
                           "i got to go",

                           "need to run",      "run time",          "is joining",
                           "are we all here",  "is recording",      "recording is on",
                           "it's recording",   "see you",           "talk soon",
                           "have a good",      "have a nice",       "good morning",
                           "good afternoon",   "i'm late",          "two minutes behind",
                           "start without",    "what did i miss",   "we're at",
                           "we are at",        "to recap",          "to sum up",
                           "nice weekend",     "you all see",       "let's go without",
                           "my point exactly", "best regards",      "kind regards",
                           "as discussed",     "here is what",      "have the ticket open",
                           "like to agree",    "like to talk",      "like to discuss",
                           "want to talk",     "want to discuss",   "go through the",
                           "good question",    "good question",     "i'm out",
                           "on leave",         "i'd like us to be", "text only"}))
    return work < 3;
  if (u.words.size() <= 3 && contains_any(u.flat, {"go ahead", "go on"}) && work == 0)
    return true;
  return u.words.size() <= 3 && contains_any(u.flat, {"hi", "hello", "hey", "bye", "cheers",
                                                      "morning", "regards", "welcome", "thanks"});
}

} // namespace

void find_act(unit& u, name_list const&) {
  find_marks(u);
  u.chatter = is_chatter(u);
  if (u.words.empty())
    return;
  u.past = background(u);
  u.told = tells_past(u.words, u.words.size());
  static constexpr std::string_view subjects = " we they you i he she ";
  bool verb = u.words.size() >= 3 && contains_any(subjects, {u.words[0].low});
  bool subordinate = false;                  // a negation in `when it doesn't know` denies nothing
  auto const mask = relative_words(u.words); // nor does `a string that's short` say anything yet
  for (std::size_t i = 0; i < u.words.size(); ++i) {
    auto const& w = u.words[i];
    if (w.what != word::kind::plain)
      continue;
    auto const& before = i > 0 ? u.words[i - 1].low : w.low;
    bool const noun =
        i > 0 && contains_any(" a an the no this that each every my our your ", {before});
    bool const after_plural =
        i > 0 && lexicon::is_noun_too(w.low) && lexicon::is_change_verb(w.low) &&
        ((before.size() > 3 && before.ends_with('s') && !lexicon::is_stopword(before)) ||
         lexicon::is_people(before)) &&
        !before.ends_with("'s") && i + 1 < u.words.size();
    bool const aside = w.low == "mean" && before == "i"; // `a test, I mean with made-up numbers`
    if (!mask[i] && !noun && !aside)
      verb = verb || lexicon::is_auxiliary(w.low) || lexicon::is_past(w.low) ||
             lexicon::is_verb_form(w.low) || after_plural;
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
  if (u.does == act::none) {
    find_wish(u);
    find_constraint(u);
    if (u.does == act::directive)
      u.fragment = false;
    if (u.does == act::none && !u.past && !u.judges)
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
  u.leans = object || lexicon::is_pronoun(first) || u.fragment || first == "then" ||
            first == "just" || first == "only" || first == "same" || first == "otherwise" ||
            contains_any(u.flat, {"make it", "keep it", "leave it", "leave that", "do it", "put it",
                                  "for that", "that one", "that very", "those", "them"});
}

} // namespace troupe::rules
