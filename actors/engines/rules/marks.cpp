#include "actors/engines/rules/dates.hpp"
#include "actors/engines/rules/grammar.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <unordered_map>

namespace troupe::rules {

namespace {

/// `Eighty is late.`, `Half an hour is too –`: an opinion on a value; `eighty is the limit` and
/// `eighty are kept` say something about the thing.
bool judges_value(std::vector<word> const& w) {
  auto const q = quantities_of(w);
  if (q.empty() || q[0].first != 0)
    return false;
  auto const verb = q[0].last + (q[0].unit.empty() ? 0 : 1);
  if (verb + 1 >= w.size() || w.size() > verb + 4 || w[verb].before != 0 ||
      !contains_any(" is are seems sounds feels ", {w[verb].low}))
    return false;
  if (contains_any(" too a quite ", {w[verb + 1].low}))
    return true; // `fifty is a lot`
  auto const& x = w[verb + 1];
  return x.what == word::kind::plain && !lexicon::is_participle(x.low) &&
         !lexicon::is_change_verb(x.low) && !lexicon::is_software_word(x.low) &&
         !contains_any(" the a an what how for in on at per not only ", {x.low});
}

/// `Raising would break the dashboard.`: what somebody fears is a reason.
bool fears(std::vector<word> const& w) {
  for (std::size_t i = 1; i + 1 < w.size() && i < 7; ++i)
    if (contains_any(" would could might ", {w[i].low}) && w[i].before == 0 &&
        contains_any(" break confuse annoy hurt kill upset scare surprise ruin "
                     "flood spam crash ",
                     {w[i + 1].low}) &&
        !contains_any(" i we you ", {w[0].low}))
      return true;
  return false;
}

/// `Twenty's a bit mean.`
bool judges_number(std::vector<word> const& w) {
  return w.size() >= 2 && w[0].low.ends_with("'s") &&
         is_number_word(w[0].low.substr(0, w[0].low.size() - 2)) &&
         contains_any(" a too not quite rather ", {w[1].low});
}

/// `Automatic failover scares me.`: what a thing does to the speaker.
bool moves_speaker(std::vector<word> const& w) {
  return w.size() >= 3 && w.size() <= 7 && w.back().low == "me" &&
         w[w.size() - 2].low.ends_with('s') && w[w.size() - 2].what == word::kind::plain &&
         !contains_any(" gives tells shows sends lets asks needs reaches ", {w[w.size() - 2].low});
}

} // namespace

namespace {

/// `Leave that for round three`, `push it to the next release`, `do it in phase two`.
bool postpones(std::vector<word> const& w) {
  for (std::size_t i = 0; i + 3 < w.size(); ++i) {
    if (!contains_any(" leave keep save push postpone move park do defer shift put delay ",
                      {w[i].low}) ||
        !contains_any(" it that this them those these ", {w[i + 1].low}) ||
        !contains_any(" for to until till in off ", {w[i + 2].low}))
      continue;
    for (auto k = i + 3; k < w.size() && k < i + 7 && w[k].before == 0; ++k) {
      if (contains_any(" next later another other future ", {w[k].low}))
        return true;
      // `round three`, but not `keep it for a year`
      if (contains_any(" round phase version release part step stage ", {w[k].low}) &&
          k + 1 < w.size() && (w[k + 1].what == word::kind::number || is_number_word(w[k + 1].low)))
        return true;
    }
  }
  return false;
}

} // namespace

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
                                "not this round",
                                "next year",
                                "next round",
                                "some day",
                                "one day maybe",
                                "won't happen",
                                "not going to happen",
                                "drop that idea",
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
                                "for v2",
                                "in v2",
                                "for version two",
                                "project of its own",
                                "package of its own",
                                "tool of its own",
                                "ticket of its own",
                                "its own project",
                                "next time",
                                "skip that",
                                "skip it",
                                "is a no",
                                "that's a no",
                                "i said no",
                                "we said no",
                                "not for the",
                                "not in the first",
                                "not as part",
                                "not part of"});
  u.defers = u.defers || postpones(u.words) || u.flat.starts_with(" forget it ") ||
             u.flat.starts_with(" forget about it ");
  // `In ten years maybe.`
  u.defers = u.defers || (u.words.size() <= 5 && u.words.size() >= 2 &&
                          u.flat.starts_with(" in ") && contains_any(u.flat, {"maybe", "perhaps"}));
  u.optional = contains_any(
      all, {"nice to have",     "if there's time", "if there is time", "if time allows",
            "as a bonus",       "optional extra",  "not a must",       "stretch goal",
            "would be nice",    "it'd be nice",    "if we have time",  "if you have time",
            "only if there's",  "not critical",    "low priority",     "not essential",
            "if it's cheap",    "if it is easy",   "if it's easy",     "would be lovely",
            "no hurry",         "not urgent",      "nice-to-have",     "as an extra",
            "when there's time"});
  u.withdraws =
      u.withdraws || contains_any(all, {"no wait", "wait no", "scratch that", "forget that",
                                        "strike that", "i take that back", "joking", "kidding",
                                        "never mind", "nevermind", "ignore that", "ignore me",
                                        "i was wrong", "my mistake", "i misspoke", "actually no"});
  u.acknowledges = contains_any(all, {"will do", "i'll tell", "i'll do that", "i can do that",
                                      "i'll note", "i'll write to", "i'll let them know"});
  u.acknowledges = u.acknowledges || (u.words.size() <= 3 && contains_phrase(all, "on it"));
  u.corrects = contains_any(all, {"make it",      "let's say",   "let's make it", "let's go with",
                                  "go with",      "i'd go with", "i'd rather",    "rather",
                                  "instead",      "i'd say",     "i would say",   "better use",
                                  "i'd make it",  "say",         "it's now",      "let's give",
                                  "cap at",       "call it",     "make that",     "more like",
                                  "change it to", "then let's",  "only the",      "just the"});
  u.judges =
      contains_any(
          u.flat,
          {"is too",      "are too",         "too low",         "too high",      "too generous",
           "too long",    "too short",       "too much",        "is better",     "better than",
           "it's better", "is nicer",        "less surprising", "i like",        "don't like",
           "hate",        "is hard",         "would be wrong",  "is easy",       "isn't hard",
           "is cheap",    "is expensive",    "overkill",        "can of worms",  "no other way",
           "is plenty",   "is enough",       "is short",        "is long",       "is tight",
           "is a lot",    "that's cheap",    "i don't want",    "we don't want", "is simpler",
           "simpler",     "is a mess",       "is overkill",     "is fun",        "was fun",
           "is weird",    "is ugly",         "is annoying",     "that's nice",   "is a pain",
           "is risky",    "is safer",        "is worse",        "it's fine",     "we can't promise",
           "that kills",  "i wouldn't even", "sounds",          "feels",         "worth it",
           "we'll see",   "can't work",      "looks the same",  "who cares",     "so what",
           "surely",      "is wrong",        "it's annoying",   "costs money",   "cost money",
           "costs time",  "costs too",       "cost too",        "a fortune"}) ||
      u.flat.starts_with(" nobody ") || u.flat.starts_with(" nobody's ") ||
      u.flat.starts_with(" that's what ") || u.flat.starts_with(" that's exactly what ") ||
      judges_value(u.words) || judges_number(u.words) || moves_speaker(u.words) || fears(u.words);
}

bool background(unit const& u) {
  auto const n = main_part(u.words);
  if (tells_past(u.words, n))
    return true;
  auto const& first = u.words[0].low;
  if (first == "otherwise" || first == "because" || first == "since" ||
      u.flat.starts_with(" the reason "))
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
                             "ask me",       "asks me",       "every time",    "it used to be"}) ||
         part.starts_with(" now ");
}

std::unordered_set<std::string> subjects_of(std::vector<unit> const& units) {
  struct use {
    std::size_t turns = 0;
    std::size_t last = static_cast<std::size_t>(-1);
    bool wanted = false;
    bool heads = false;
  };
  std::unordered_map<std::string, use> uses;
  for (std::size_t i = 0; i < units.size(); ++i) {
    auto const& u = units[i];
    // A heading of one or two words that work follows in the same breath: `Holidays. …`
    bool const heads = u.fragment && u.words.size() <= 2 && i + 1 < units.size() &&
                       units[i + 1].turn == u.turn && units[i + 1].words.size() > 4;
    for (auto const& w : u.words) {
      if (!lexicon::is_social_word(w.low))
        continue;
      auto& x = uses[w.stem];
      x.turns += x.last == u.turn ? 0 : 1;
      x.last = u.turn;
      x.wanted = x.wanted || u.does == act::directive || u.does == act::constraint;
      x.heads = x.heads || heads;
    }
  }
  std::unordered_set<std::string> out;
  for (auto const& [stem, x] : uses)
    if ((x.wanted && x.turns >= 3) || (x.heads && x.turns >= 2))
      out.insert(stem);
  return out;
}

bool is_chatter(unit const& u, std::unordered_set<std::string> const& subject) {
  if (contains_any(u.all, {"we're at", "we are at", "to recap", "to sum up", "quick recap"}))
    return true;
  std::size_t social = 0;
  std::size_t work = 0;
  for (auto const& w : u.words) {
    bool const leisure = lexicon::is_social_word(w.low);
    bool const own = leisure && subject.count(w.stem) != 0;
    social += leisure && !own ? 1 : 0;
    work += w.what != word::kind::plain || lexicon::is_software_word(w.low) || own ? 1 : 0;
  }
  // A wish with `has to` or `must` is work even if it names Easter.
  bool const strict = contains_any(u.flat, {"must", "has to", "have to", "needs to"}) &&
                      (u.does == act::directive || !days_in(u).empty());
  if ((social > work && !strict) || (social > 0 && contains_phrase(u.all, "by the way")))
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
  // Somebody's errand, unless it says in which document.
  if (contains_any(u.all, {"write it down", "write that down", "note it down"}))
    return work < 3 && std::none_of(u.words.begin(), u.words.end(),
                                    [](word const& w) { return lexicon::is_doc_word(w.low); });
  if (u.words.size() <= 3 && contains_any(u.flat, {"go ahead", "go on"}) && work == 0)
    return true;
  return u.words.size() <= 3 &&
         contains_any(u.flat, {"hi", "hello", "hey", "bye", "cheers", "morning", "regards",
                               "welcome", "thanks", "ciao", "goodbye", "cheerio", "adios", "poor"});
}

} // namespace troupe::rules
