#include "actors/engines/rules/grammar.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool modal(std::string_view low) {
  return low == "should" || low == "must" || low == "shall" || low == "ought" || low == "needs" ||
         low == "need" || low == "mustn't" || low == "shouldn't";
}

} // namespace

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
  // `The check-in has to be there before it is switched on` says in which order, not what.
  bool const order =
      contains_any(flat,
                   {"be there before", "be in before", "be done before", "be finished before",
                    "be ready before", "come before", "go in before", "be merged before",
                    "be live before", "be deployed before", "happen before", "in place before",
                    "be up before", "be available before", "be running before", "be working before",
                    "be stable before", "exist before", "be fixed before"}) &&
      contains_any(flat, {"has to", "have to", "must", "needs to", "should"});
  // `Whoever does that should wait until the stripping is done`: work waits, not the product.
  bool const waits =
      contains_any(flat,
                   {"wait until", "wait for", "start after", "only start after", "begin after",
                    "start once", "start when", "start until", "come after", "go after"}) &&
      contains_any(flat, {"is done",    "are done",    "is finished", "are finished", "is merged",
                          "are merged", "is ready",    "is in",       "are in",       "are ready",
                          "is shipped", "are shipped", "is released", "are released", "is deployed",
                          "is live",    "are live",    "is fixed",    "are fixed",    "has landed",
                          "is out"});
  // `After the audit though, it needs the hours from there.`
  auto const main = main_clause(w);
  bool const needs_only = (w[0].low == "after" || w[0].low == "once") && main > 0 &&
                          main + 2 < w.size() && lexicon::is_pronoun(w[main].low) &&
                          w[main + 1].low == "needs" && w[main + 2].low != "to";
  if (waits || needs_only) {
    u.past = true;
    return;
  }
  if (order || flat.starts_with(" that's what ") || flat.starts_with(" that's exactly what ")) {
    u.past = true;
    return;
  }
  // `We need to know where it was` is about people's heads, `they'd have to type` is feared.
  bool const mental = contains_any(
      flat, {"need to know", "needs to know", "need to understand", "need to think",
             "have to think", "need to decide", "have to decide", "need to discuss",
             "need to find out", "'d have to", "they'd have to", "we'd have to", "you'd have to",
             "i'd have to", "would have to", "it'd have to", "he'd have to", "she'd have to"});
  // `Customers upload dark photos, and then our adjuster has to call them`: the trouble it makes.
  bool const trouble = [&] {
    for (std::size_t i = 3; i + 1 < w.size(); ++i) {
      if ((w[i].low != "has" && w[i].low != "have") || w[i + 1].low != "to")
        continue;
      auto const& subject = w[i - 1].low;
      bool const ours = contains_any(" our my their the somebody someone ", {w[i - 2].low}) ||
                        lexicon::is_people(subject);
      for (auto k = i - 1; k > 1; --k)
        if (w[k].low == "then" && ours && w[k - 1].low == "and")
          return true;
    }
    return false;
  }();
  bool const epistemic =
      mental || trouble ||
      contains_any(flat,
                   {"should have been", "must have been", "should've",       "must've",
                    "had to",           "you should see", "i have to",       "i must",
                    "i should",         "i need to",      "we should be",    "it should be fine",
                    "that should do",   "should be done", "how it should",   "i have to run",
                    "needed to",        "i had",          "didn't need",     "you have to",
                    "you said",         "you told",       "nobody has to",   "nobody needs to",
                    "you need to",      "that must be",   "us to be",        "i have to go",
                    "i need a week",    "i need a day",   "i need a few",    "i need some time",
                    "need a break",     "need a hand",    "need some help",  "we need a week",
                    "we need a day",    "i need until",   "we need to talk", "we need to go"});
  if (trouble) {
    u.past = true;
    return;
  }
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (u.does != act::none || w[i].what != word::kind::plain)
      continue;
    auto const& low = w[i].low;
    bool const to = i + 1 < w.size() && w[i + 1].low == "to";
    bool const need = (modal(low) && !(low == "need" && i > 0 &&
                                       (w[i - 1].low == "don't" || w[i - 1].low == "doesn't"))) ||
                      ((low == "has" || low == "have") && to) || (low == "gotta");
    // `Must be fixed.`: the subject was named just before.
    bool const bare =
        i == 0 && w.size() >= 2 && contains_any(" must should needs mustn't shouldn't ", {low});
    if (need && (i > 0 || bare) && !epistemic && contains_phrase(head, low) &&
        !(low == "need" && i > 0 &&
          (w[i - 1].low == "the" || w[i - 1].low == "no" || w[i - 1].low == "i") &&
          w[i - 1].low != "i"))
      u.does = act::directive;
    bool const person =
        i > 0 && contains_any(" i we they he she people users customers and ", {w[i - 1].low});
    if ((low == "want" || low == "wants") && i > 0 && !epistemic && contains_phrase(head, low) &&
        w[i - 1].low != "don't" && w[i - 1].low != "nobody" && w[i - 1].low != "didn't" &&
        (person || low == "wants" || lexicon::is_people(w[i - 1].low) || w[i - 1].low == "do"))
      u.does = act::directive;
  }
  if (u.does != act::none)
    return;
  auto const part =
      flat_of(std::vector<word>(w.begin(), w.begin() + static_cast<std::ptrdiff_t>(main_part(w))));
  bool const performs = contains_any(
      u.all, {"i propose", "i suggest", "i recommend", "i'd recommend", "my proposal is",
              "my suggestion is", "i vote for", "we agreed that", "we agreed to", "we agreed on",
              "we decided that", "we decided to", "we decided on"});
  if (contains_any(part, {"i'd love",         "i would love",     "i wish",
                          "would be slick",   "would be cool",    "might be nice",
                          "maybe we",         "perhaps we",       "i could make",
                          "we could",         "suggested",        "requested",
                          "we thought about", "i thought about",  "one could",
                          "i can imagine",    "it could",         "would be great",
                          "'d be great",      "i was wondering",  "i was also wondering",
                          "i wonder",         "i'm wondering",    "would be better",
                          "would be useful",  "would be helpful", "would be handy",
                          "would be good",    "would make sense"}) ||
      (contains_any(part, {"asked for", "asks for", "asking for", "ask for"}) && !performs &&
       !contains_any(part, {"for it", "for that"})) ||
      // `And the wish is a dark theme.`
      (w.size() > 3 && contains_any(" wish idea suggestion proposal ", {w[1].low}) &&
       contains_any(" is was would ", {w[2].low}) && w[3].low != "that") ||
      (part.starts_with(" we can ") && w.size() > 3 && !u.past)) {
    u.does = act::weak;
    return;
  }
  // `Snapshots are to be deleted`, `No card number may end up in the logs`, `I propose …`.
  bool const duty = contains_any(part, {"are to be", "is to be", "may only", "must only"}) ||
                    (w[0].low == "no" && u.stance == 0 && w.size() > 3 &&
                     contains_any(part, {"may", "must", "should", "can", "is to", "are to"}));
  // `The load writes a count, so that we see it`: who gives a purpose describes what will be.
  bool const design = !u.past && !u.judges && w.size() > 6 && !lexicon::is_people(w[0].low) &&
                      flat.find(" so that ") != std::string::npos && flat.find(" so that ") > 0 &&
                      !lexicon::is_pronoun(w[0].low);
  if ((duty && !epistemic) || performs || design) {
    u.does = act::directive;
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
    bool const talks = will && contains_any(" ask tell complain answer respond ", {w[v].low});
    // `I'd have given it to them` wishes nothing any more.
    bool const unreal = would && w[v].low == "have" && v + 1 < w.size() &&
                        (lexicon::is_participle(w[v + 1].low) || w[v + 1].low.ends_with("en"));
    if (unreal)
      continue;
    if (!talks && (lexicon::is_change_verb(w[v].low) || contains_any(first_person, {w[v].low}))) {
      u.does = act::directive;
      return;
    }
  }
  // `Then we take the push messages.`, `so we keep 3.8`: a conclusion that is acted upon.
  auto const at_verb = std::size_t{w[0].low == "then" ? 1U : 0U};
  if (u.concludes && w.size() > at_verb + 2 && w[at_verb].low == "we" && !u.past &&
      (lexicon::is_change_verb(w[at_verb + 1].low) ||
       contains_any(" take go need want just ", {w[at_verb + 1].low}))) {
    u.does = act::directive;
    return;
  }
  if (contains_any(flat, {"let's", "let us"}) &&
      !contains_any(
          flat, {"let's see",        "let's start",      "let's get going", "let's get started",
                 "let's get on",     "let's get moving", "let's kick off",  "let's dive",
                 "let's eat",        "let's talk",       "let's move on",   "let's hope",
                 "let's go without", "let's go then",    "let's begin",     "let's meet",
                 "let's not",        "let's go through", "let's be",        "let's continue"}) &&
      !(contains_phrase(flat, "let's wait") && w.size() < 4)) {
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
      bool verbal = false;
      for (std::size_t k = 0; k < i; ++k)
        verbal = verbal || lexicon::is_auxiliary(w[k].low) || lexicon::is_verb_form(w[k].low) ||
                 lexicon::is_past(w[k].low);
      if (!verbal)
        u.does = act::directive;
    }
  // `Exit codes: 0 for fine, 1 for some, 2 for none` specifies.
  auto const colon = u.body.find(": ");
  if (u.does == act::none && !u.past && colon != std::string::npos && colon < 40 &&
      std::count(u.body.begin() + static_cast<std::ptrdiff_t>(colon), u.body.end(), ',') >= 2)
    u.does = act::directive;
  // `Tests with fake timers, please.`
  if (u.does == act::none && !u.past && w.size() >= 3 && contains_any(u.all, {"please", "pls"}) &&
      u.stance == 0)
    u.does = act::directive;
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
  if (!keeps || u.past ||
      contains_any(u.flat, {"and stay", "and remain", "stays there", "stay there", "stays here",
                            "stays at home"}))
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

} // namespace troupe::rules
