#include "actors/engines/rules/revise.hpp"

#include "actors/engines/rules/brief.hpp"
#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace troupe {
namespace rules {
namespace {

using terms = std::vector<std::string>;

/// A sentence of the notes that takes something out.
struct removal {
  std::string what; ///< as it was written: `months and years`
  bool asks = true; ///< `leave X out` asks for a change; `X is out of scope` also only states it
  citation said;
};

bool within(terms const& part, terms const& all) {
  return !part.empty() && std::includes(all.begin(), all.end(), part.begin(), part.end());
}

terms terms_in(std::string_view text) {
  return terms_of(words_of(text));
}

std::string_view without_ends(std::string_view s) {
  s = trim(s);
  while (!s.empty() && std::string_view{".!;,:"}.find(s.back()) != std::string_view::npos)
    s = trim(s.substr(0, s.size() - 1));
  return s;
}

/// `months and years` are two things.
std::vector<std::string> things_of(std::string_view what) {
  std::vector<std::string> out{{}};
  for (auto const& w : words_of(what)) {
    if (w.low == "and" || w.low == "or" || w.low == "nor" || w.before == ',')
      out.emplace_back();
    if (w.low != "and" && w.low != "or" && w.low != "nor")
      out.back() += (out.back().empty() ? "" : " ") + w.text;
  }
  std::erase_if(out, [](auto const& s) { return s.empty(); });
  return out;
}

/// Without the words for what a draft is made of: `the months criterion` is about months.
terms head_terms(std::string_view thing) {
  auto out = terms_in(thing);
  auto const all = out;
  for (std::string_view const word : {"requirement", "criterion", "criteria", "part", "bit",
                                      "thing", "point", "support", "sentence"})
    std::erase(out, stem_of(word));
  return out.empty() ? all : out;
}

/// Whether every one of the things is in the draft, or was put out of it before.
bool speaks_of(brief_content const& b, std::string_view what) {
  auto const things = things_of(what);
  return std::all_of(things.begin(), things.end(), [&](std::string const& thing) {
    auto const head = head_terms(thing);
    auto const in = [&](std::string_view text) { return within(head, terms_in(text)); };
    return std::any_of(b.requirements.begin(), b.requirements.end(),
                       [&](requirement const& r) {
                         return lower(thing) == lower(r.key) || in(r.title) ||
                                std::any_of(r.criteria.begin(), r.criteria.end(), in);
                       }) ||
           std::any_of(b.out_of_scope.begin(), b.out_of_scope.end(), [&](auto const& o) {
             return in(o.text) || std::any_of(o.cites.begin(), o.cites.end(),
                                              [&](auto const& c) { return in(c.quote); });
           });
  });
}

/// What a sentence takes out; empty if it takes nothing out.
std::string taken_out(brief_content const& b, std::string_view text, bool& asks) {
  auto const whole = without_ends(text);
  auto const low = lower(whole);
  if (low.size() != whole.size())
    return {};
  std::size_t begin = 0;
  for (bool again = true; again;) {
    again = false;
    for (std::string_view const lead :
         {"please ", "also ", "and ", "but ", "so ", "then ", "ok, ", "okay, ", "no, ", "just ",
          "let's ", "let us ", "we should ", "we can ", "we ", "you can ", "instead "})
      if (std::string_view{low}.substr(begin).starts_with(lead)) {
        begin += lead.size();
        again = true;
      }
  }
  auto const rest = std::string_view{low}.substr(begin);
  auto const part = [&](std::size_t from, std::size_t to) {
    return std::string{without_ends(whole.substr(begin + from, to - from))};
  };
  asks = true;
  for (std::string_view const end :
       {" is out of scope", " are out of scope", " is not needed", " are not needed",
        " isn't needed", " aren't needed", " is not wanted", " are not wanted"})
    if (rest.ends_with(end)) {
      asks = false;
      return part(0, rest.size() - end.size());
    }
  for (std::string_view const end : {" can go", " must go", " should go", " has to go"})
    if (rest.ends_with(end))
      return part(0, rest.size() - end.size());
  for (std::string_view const verb : {"leave ", "take ", "keep "})
    if (rest.starts_with(verb)) {
      if (rest.ends_with(" out"))
        return part(verb.size(), rest.size() - 4);
      if (rest.substr(verb.size()).starts_with("out "))
        return part(verb.size() + 4, rest.size());
    }
  for (std::string_view const begins : {"forget about ", "forget ", "don't need ", "do not need ",
                                        "don't want ", "do not want ", "cut out "})
    if (rest.starts_with(begins))
      return part(begins.size(), rest.size());
  // `Skip empty lines` may as well ask for something: it takes out what the draft speaks of.
  for (std::string_view const begins : {"drop ", "skip ", "omit ", "exclude ", "no ", "without "})
    if (rest.starts_with(begins))
      if (auto what = part(begins.size(), rest.size()); speaks_of(b, what))
        return what;
  return {};
}

/// The things that a title is about: behind its verb, before what says how, where and when.
terms subject_of_title(std::string_view title) {
  static constexpr std::array<std::string_view, 16> ends{
      "with", "for", "in",   "to", "of",      "from",   "on",    "by",
      "when", "if",  "that", "as", "returns", "return", "print", "accept"};
  std::vector<word> about;
  auto const all = words_of(title);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0 && std::find(ends.begin(), ends.end(), all[i].low) != ends.end())
      break;
    about.push_back(all[i]);
  }
  return terms_of(about);
}

bool is_about(requirement const& r, std::string const& thing, terms const& head) {
  if (lower(thing) == lower(r.key))
    return true;
  auto const colon = r.text.find(": ");
  bool const labelled = colon != std::string::npos && colon < 40 &&
                        terms_in(std::string_view{r.text}.substr(0, colon)) == head;
  bool const several = flat_of(words_of(r.title)).find(" and ") != std::string::npos;
  return labelled || (!several && within(head, subject_of_title(r.title))) ||
         std::all_of(r.criteria.begin(), r.criteria.end(),
                     [&](auto const& c) { return within(head, terms_in(c)); });
}

/// Takes sentences of the requirement that speak of the thing out of it.
bool thin(requirement& r, terms const& head) {
  std::vector<std::string> gone;
  for (auto const& c : r.criteria)
    if (within(head, terms_in(c)))
      gone.push_back(c);
  if (gone.empty())
    return false;
  std::erase_if(r.criteria, [&](auto const& c) { return within(head, terms_in(c)); });
  std::string text;
  for (auto const s : sentences_of(r.text))
    if (!within(head, terms_in(s)))
      text += (text.empty() ? "" : " ") + std::string{trim(s)};
  if (text.empty())
    for (auto const& c : r.criteria)
      text += (text.empty() ? "" : " ") + c;
  r.text = std::move(text);
  if (within(head, terms_in(r.title)))
    r.title = imperative_of(r.criteria.front(), {});
  auto const speaks = [&](citation const& c) { return within(head, terms_in(c.quote)); };
  if (!std::all_of(r.cites.begin(), r.cites.end(), speaks))
    std::erase_if(r.cites, speaks);
  return true;
}

/// Whoever waited for a requirement waits for what that one waited for.
void erase_requirement(brief_content& b, std::size_t at) {
  auto const gone = std::move(b.requirements[at]);
  b.requirements.erase(b.requirements.begin() + static_cast<std::ptrdiff_t>(at));
  std::erase_if(b.decisions, [&](cited_statement const& d) {
    return std::find(gone.criteria.begin(), gone.criteria.end(), d.text) != gone.criteria.end();
  });
  for (auto& r : b.requirements) {
    if (std::erase(r.after, gone.key) == 0)
      continue;
    for (auto const& k : gone.after)
      if (std::find(r.after.begin(), r.after.end(), k) == r.after.end())
        r.after.push_back(k);
  }
}

/// True if the draft spoke of it.
bool take_out(brief_content& b, std::string const& thing) {
  auto const head = head_terms(thing);
  bool found = false;
  for (std::size_t i = b.requirements.size(); i-- > 0;) {
    auto& r = b.requirements[i];
    if (is_about(r, thing, head)) {
      erase_requirement(b, i);
      found = true;
    } else if (thin(r, head)) {
      found = true;
    }
  }
  auto const speaks = [&](cited_statement const& s) { return within(head, terms_in(s.text)); };
  std::erase_if(b.decisions, speaks);
  std::erase_if(b.open_questions, speaks);
  return found;
}

cited_statement not_understood(citation said, std::string const& why) {
  cited_statement out;
  out.text = "Not understood: \"" + said.quote + "\"" + (why.empty() ? "" : " (" + why + ")");
  out.who = reviewer_name;
  out.cites = {std::move(said)};
  return out;
}

void apply(brief_content& b, removal const& r) {
  auto after = b;
  std::string unknown;
  auto what = capitalized(r.what);
  for (auto const& thing : things_of(r.what)) {
    for (auto const& q : b.requirements) // a key says nothing once the requirement is gone
      if (lower(q.key) == lower(thing))
        what += ": " + q.title;
    // One that is out of scope already need not be in the draft.
    auto const head = head_terms(thing);
    bool const known = take_out(after, thing) ||
                       std::any_of(b.out_of_scope.begin(), b.out_of_scope.end(),
                                   [&](auto const& o) { return within(head, terms_in(o.text)); });
    if (!known)
      unknown += (unknown.empty() ? "" : ", ") + thing;
  }
  if (after.requirements.empty()) {
    b.open_questions.push_back(not_understood(r.said, "nothing would be left of the brief"));
    return;
  }
  b = std::move(after);
  cited_statement out;
  out.text = what + ".";
  out.who = reviewer_name;
  out.cites = {r.said};
  b.out_of_scope.push_back(std::move(out));
  if (r.asks && !unknown.empty())
    b.open_questions.push_back(not_understood(r.said, "nothing in the draft speaks of " + unknown));
}

/// A round of notes, taken apart.
struct round_of_notes {
  std::vector<removal> out;
  std::vector<citation> rest;
};

round_of_notes read_notes(brief_content const& b, std::string_view notes, std::size_t turn,
                          duration at) {
  round_of_notes out;
  auto const add = [&](std::string_view sentence) {
    citation said{static_cast<std::int32_t>(turn), std::string{reviewer_name}, at,
                  std::string{trim(sentence)}};
    bool asks = true;
    auto what = taken_out(b, sentence, asks);
    if (!what.empty() && (!head_terms(what).empty() || what.size() < 4))
      out.out.push_back({std::move(what), asks, std::move(said)});
    else
      out.rest.push_back(std::move(said));
  };
  for (auto const one : split_lines(notes))
    for (auto const s : sentences_of(one)) {
      if (trim(s).empty())
        continue;
      // `Leave months out, and make the default 10.` asks for two things.
      auto const low = lower(s);
      auto cut = std::string::npos;
      for (std::string_view const sign : {"; ", ", but ", ", and "})
        cut = std::min(cut, low.find(sign));
      bool asks = true;
      if (cut != std::string::npos && low.size() == s.size() &&
          !taken_out(b, s.substr(0, cut), asks).empty() && terms_in(s.substr(cut)).size() > 1) {
        add(s.substr(0, cut));
        add(s.substr(s.find(' ', cut) + 1));
      } else {
        add(s);
      }
    }
  return out;
}

/// What people asked for in earlier rounds: the sentences that the draft cites, a round a text.
std::map<std::int32_t, std::string> earlier_notes(brief_content const& b, std::size_t first) {
  std::map<std::int32_t, std::string> out;
  auto const look = [&](std::vector<citation> const& cites) {
    for (auto const& c : cites)
      if (c.speaker == reviewer_name && c.turn >= static_cast<std::int32_t>(first))
        if (auto& text = out[c.turn]; text.find(c.quote) == std::string::npos)
          text += (text.empty() ? "" : "\n") + c.quote;
  };
  for (auto const& r : b.requirements)
    look(r.cites);
  for (auto const* list : {&b.decisions, &b.out_of_scope})
    for (auto const& s : *list)
      look(s.cites);
  return out;
}

/// Whether anything in the draft comes from the sentence.
bool is_cited(brief_content const& b, citation const& said) {
  auto const in = [&](std::vector<citation> const& cites) {
    return std::any_of(cites.begin(), cites.end(), [&](citation const& c) {
      return c.turn == said.turn && c.speaker == said.speaker &&
             (c.quote.find(said.quote) != std::string::npos ||
              said.quote.find(c.quote) != std::string::npos);
    });
  };
  auto const in_list = [&](std::vector<cited_statement> const& list) {
    return std::any_of(list.begin(), list.end(), [&](auto const& s) { return in(s.cites); });
  };
  return std::any_of(b.requirements.begin(), b.requirements.end(),
                     [&](auto const& r) { return in(r.cites); }) ||
         in_list(b.decisions) || in_list(b.open_questions) || in_list(b.out_of_scope) ||
         std::any_of(b.people.begin(), b.people.end(), [&](auto const& d) { return in(d.cites); });
}

} // namespace
} // namespace rules

result<brief_content> revise_brief(brief_content const& before, transcript t,
                                   std::string_view notes) {
  using namespace rules;
  if (t.turns.empty())
    return fail(errc::invalid_argument, "the transcript has no turns: nothing was said");
  auto const first = t.turns.size();
  auto const at = t.turns.back().at;
  auto said = earlier_notes(before, first);
  auto const now = static_cast<std::int32_t>(said.empty() ? first : said.rbegin()->first + 1);
  said[now] = std::string{notes};

  std::vector<removal> removals;
  std::vector<citation> latest;
  bool adds = false;
  for (auto const& [turn, text] : said) {
    auto round = read_notes(before, text, static_cast<std::size_t>(turn), at);
    bool const is_new = turn == now;
    for (auto& r : round.out)
      removals.push_back(std::move(r));
    t.turns.resize(static_cast<std::size_t>(turn) + 1, {std::string{reviewer_name}, at, {}});
    for (auto const& c : round.rest)
      t.turns.back().text += (t.turns.back().text.empty() ? "" : " ") + as_sentence(c.quote);
    if (is_new) {
      latest = round.rest;
      adds = !round.rest.empty();
    }
  }

  if (!adds && !before.requirements.empty()) { // keeps what people changed by hand
    auto out = before;
    std::erase_if(removals, [&](removal const& r) { return r.said.turn != now; });
    for (auto const& r : removals)
      apply(out, r);
    return out;
  }
  auto out = draft_brief(t);
  if (!out)
    return out;
  for (auto const& c : latest) {
    if (is_cited(*out, c))
      continue;
    // A sentence is cited as it stands in the talk, with its full stop.
    auto ended = c;
    ended.quote = as_sentence(c.quote);
    if (!is_cited(*out, ended))
      out->open_questions.push_back(not_understood(c, {}));
  }
  for (auto const& r : removals)
    apply(*out, r);
  return out;
}

} // namespace troupe
