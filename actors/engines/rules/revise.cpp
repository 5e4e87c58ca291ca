#include "actors/engines/rules/revise.hpp"

#include "actors/engines/rules/brief.hpp"
#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/revise_apply.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace troupe {
namespace rules {
namespace {

/// Key of the requirement of `now` that says what `old` said: most of its sentences; empty if none
/// does.
std::string key_now(brief_content const& now, requirement const& old) {
  std::string out;
  std::ptrdiff_t most = 0;
  for (auto const& r : now.requirements) {
    auto const both = std::count_if(r.cites.begin(), r.cites.end(), [&](citation const& c) {
      return std::find(old.cites.begin(), old.cites.end(), c) != old.cites.end();
    });
    if (both > most || (both == most && both > 0 && r.title == old.title)) {
      most = both;
      out = r.key;
    }
  }
  return out;
}

/// The notes name requirements by the keys that the draft had when they were written.
void rename_keys(round_of_notes& n, brief_content const& before, brief_content const& now) {
  std::map<std::string, std::string> keys;
  for (auto const& r : before.requirements)
    if (auto const key = key_now(now, r); !key.empty() && key != r.key)
      keys[lower(r.key)] = key;
  if (keys.empty())
    return;
  auto const renamed = [&](std::string& key) {
    if (auto const k = keys.find(lower(key)); k != keys.end())
      key = k->second;
  };
  for (auto& r : n.out) {
    if (r.exact)
      continue;
    std::string what;
    for (auto const& w : words_of(r.what)) {
      auto text = w.text;
      renamed(text);
      what += (what.empty() ? "" : w.before == ',' ? ", " : " ") + text;
    }
    r.what = what;
  }
  for (auto& o : n.orders)
    for (auto& pair : o.orders) {
      renamed(pair.later);
      renamed(pair.sooner);
    }
  for (auto& a : n.additions)
    renamed(a.key);
}

/// Requirements that the sentences make by themselves, without the talk; their keys follow on.
void append_alone(brief_content& b, transcript t, std::vector<citation> const& sentences) {
  for (auto& turn : t.turns)
    turn.text.clear();
  for (auto const& c : sentences)
    t.turns.back().text += (t.turns.back().text.empty() ? "" : " ") + as_sentence(c.quote);
  auto const alone = draft_brief(t);
  int highest = 0;
  for (auto const& r : b.requirements)
    highest = std::max(highest, std::atoi(r.key.c_str() + 1));
  if (alone)
    for (auto r : alone->requirements) {
      r.after.clear();
      r.key = "R" + std::to_string(++highest);
      b.requirements.push_back(std::move(r));
    }
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
  // Turns of silence before each round: notes answer, refuse and correct nothing by being next.
  constexpr std::int32_t silence = 5;
  auto const now =
      silence + (said.empty() ? static_cast<std::int32_t>(first) - 1 : said.rbegin()->first);
  said[now] = std::string{notes};
  t.notes_from = first;

  std::map<std::int32_t, round_of_notes> rounds;
  std::string due;
  for (auto const& [turn, text] : said) {
    auto& round = rounds[turn] = read_notes(before, text, static_cast<std::size_t>(turn), at);
    if (!round.due.empty())
      due = round.due;
    t.turns.resize(static_cast<std::size_t>(turn) + 1, {std::string{reviewer_name}, at, {}});
    for (auto const& c : round.rest)
      t.turns.back().text += (t.turns.back().text.empty() ? "" : " ") + as_sentence(c.quote);
  }
  auto& latest = rounds[now];
  auto const finish = [&](brief_content& out) {
    for (auto const& u : latest.unclear)
      out.open_questions.push_back(not_understood(u.said, u.why));
  };
  // What a round asks for beside new sentences; only of the latest one it is told what failed.
  auto const follow_round = [&](brief_content& out, round_of_notes const& round, bool is_new) {
    for (auto const& a : round.additions)
      if (!apply(out, a) && is_new)
        out.open_questions.push_back(not_understood(a.said, "the draft has no " + a.key));
    for (auto const& r : round.out)
      if (is_new || !r.exact || !best_match(out, r.what).empty())
        apply(out, r);
    for (auto const& c : round.conditions)
      if (!apply(out, c) && is_new)
        out.open_questions.push_back(not_understood(c.said, {}));
    for (auto const& o : round.orders)
      if (auto const why = apply(out, o); !why.empty() && is_new)
        out.open_questions.push_back(not_understood(o.said, why));
  };

  if (latest.rest.empty() && !before.requirements.empty()) { // keeps what people changed by hand
    auto out = before;
    follow_round(out, latest, true);
    finish(out);
    if (!due.empty())
      out.due = due;
    return out;
  }
  auto out = draft_brief(t);
  if (!out)
    return out;
  if (out->requirements.empty() && !before.requirements.empty())
    out = before; // notes that say nothing cannot take everything away
  auto const heard = [&](citation const& c) {
    // A sentence is cited as it stands in the talk, with its full stop.
    auto ended = c;
    ended.quote = as_sentence(c.quote);
    return is_cited(*out, c) || is_cited(*out, ended);
  };
  std::vector<citation> asked;
  for (auto const& c : latest.rest) {
    if (heard(c))
      asked.push_back(c);
    else
      out->open_questions.push_back(not_understood(c, {}));
  }
  rename_keys(latest, before, *out);
  for (auto const& [turn, round] : rounds)
    follow_round(*out, round, turn == now);
  // `Drop R2. Add a changelog.`, where R2 was about that: what is asked for now is wanted.
  std::erase_if(asked, heard);
  if (!asked.empty()) {
    append_alone(*out, t, asked);
    for (auto const& c : asked)
      if (!heard(c))
        out->open_questions.push_back(
            not_understood(c, "it belonged to what the same notes take out"));
  }
  finish(*out);
  // What a draft that was changed by hand had for a day holds where nobody names another.
  if (!due.empty())
    out->due = due;
  else if (out->due.empty())
    out->due = before.due;
  return out;
}

} // namespace troupe
