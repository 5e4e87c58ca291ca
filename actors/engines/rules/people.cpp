#include "actors/engines/rules/people.hpp"

#include "actors/engines/rules/dates.hpp"
#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/requests.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool work_verb(std::string_view low) {
  static constexpr std::string_view verbs =
      " take takes do does write writes review reviews check checks handle handles own owns ask "
      "asks "
      "send sends prepare prepares test tests merge merges update updates fix fixes release "
      "releases "
      "look looks find finds draft drafts build builds implement implements document documents "
      "deploy deploys migrate migrates tell tells run runs verify verifies "
      "investigate investigates measure measures talk talks finish finishes start starts own "
      "code codes coordinate coordinates organise organize publish publishes port ports ";
  return contains_any(verbs, {low});
}

/// First word in [from, to) where somebody else's clause begins: `reviews | and I'd like it by
/// Thursday`; `to` if it is one clause. `Do it when you can` is.
std::size_t own_part(std::vector<word> const& w, std::size_t from, std::size_t to) {
  static constexpr std::string_view subjects =
      " i i'd i'll i'm i've we we'd we'll you you'd you'll he he'd he'll she she'd she'll they "
      "they'd they'll ";
  for (auto j = from + 1; j + 1 < to && j < w.size(); ++j) {
    bool const joined = contains_any(" and but so ", {w[j].low});
    auto const subject = joined ? j + 1 : j;
    if (!contains_any(subjects, {w[subject].low}) || (!joined && w[j].before == 0) ||
        subject + 1 >= to)
      continue;
    bool const contracted = w[subject].low.find('\'') != std::string::npos;
    if (contracted || joined || lexicon::is_auxiliary(w[subject + 1].low) ||
        lexicon::is_verb_form(w[subject + 1].low))
      return j;
  }
  return to;
}

/// Text of the words [from, to) of a unit; ends before a comma that opens another person's part.
std::string span(unit const& u, std::size_t from, std::size_t to) {
  if (from >= to || to > u.words.size())
    return {};
  to = own_part(u.words, from, to);
  return u.body.substr(u.words[from].begin, u.words[to - 1].end - u.words[from].begin);
}

/// The day that a part names, and the part without it where it stands at its end: `write the text`
/// for `write the text by Monday`.
std::string due_of(std::string& part) {
  unit u;
  u.body = part;
  u.words = words_of(part);
  u.flat = flat_of(u.words);
  for (auto const& d : days_in(u)) {
    if (d.bare)
      continue;
    auto from = d.first;
    while (from > 0 && contains_any(" by until till on before the for ", {u.words[from - 1].low}))
      --from;
    if (d.last == u.words.size() && from > 0)
      part = std::string{trim(std::string_view{part}.substr(0, u.words[from - 1].end))};
    return d.text;
  }
  return {};
}

} // namespace

std::vector<duty> duty_finder::take(unit const& u, unit const* before, bool& asks_for_change,
                                    bool& puts_question) {
  asks_for_change = puts_question = false;
  std::vector<duty> out;
  auto const add = [&](std::string const& who, std::string what) {
    what = std::string{trim(what)};
    while (!what.empty() && (what.back() == ',' || what.back() == '.' || what.back() == '?'))
      what.pop_back();
    auto const flat = ' ' + lower(what) + ' ';
    if (!last_demand_.empty() && what.size() < 24 &&
        contains_any(flat, {"do that", "do it", "take it", "take that", "do that one", "do this"}))
      what = last_demand_;
    // `I can do that after the averages are in`: what is taken is the last demand, all the same.
    for (std::string_view const that : {" do that one ", " do that ", " do it ", " take that ",
                                        " take it ", " do this ", " take this "})
      if (!last_demand_.empty() && what != last_demand_ && flat.starts_with(that) &&
          contains_any(flat, {"after", "once", "when", "before", "as soon as", "by", "until"})) {
        auto demand = without_complaint(last_demand_);
        while (!demand.empty() && (demand.back() == '.' || demand.back() == '!'))
          demand.pop_back();
        what = demand + ", " + what.substr(that.size() - 1);
      }
    if (who.empty() || what.size() <= 2 || out.size() >= 8)
      return;
    auto day = due_of(what);
    // `By Thursday Jonas reviews it.`, unless another clause of the sentence has the day.
    if (day.empty() && own_part(u.words, 0, u.words.size()) == u.words.size()) {
      auto whole_part = u.body;
      day = due_of(whole_part);
    }
    out.push_back({who, std::move(what), std::move(day), {citation_of(u)}});
  };
  auto const words = words_of(u.quote);
  unit whole;
  whole.body = u.quote;
  whole.words = words;
  bool const sharing = u.turn <= sharing_until_ && sharing_until_ > 0;
  if (u.organises ||
      contains_any(u.all, {"who does what", "who takes", "who takes it", "who does it", "who wants",
                           "who's doing", "who is doing", "who will", "who can"})) {
    sharing_until_ = u.turn + 5;
  }
  // A question that was put to somebody: `Ifeoma, the page?` — `Yes, mine.`
  if (!asked_.empty() && u.turn > asked_turn_) {
    if (u.speaker == asked_ && u.stance >= 0 && u.turn <= asked_turn_ + 2)
      out.push_back({asked_, asked_what_, {}, {citation_of(u)}});
    if (u.turn > asked_turn_)
      asked_.clear();
  }
  // First person.
  auto const& w = u.words;
  for (std::size_t i = 0; i + 1 < w.size(); ++i) {
    bool const will =
        w[i].low == "i'll" || (w[i].low == "i" && (w[i + 1].low == "will" || w[i + 1].low == "do"));
    if (u.does == act::question && i > 0)
      break; // `Shall I do the phone book, too?`
    bool const can =
        w[i].low == "i" && (w[i + 1].low == "can" || w[i + 1].low == "could") && i == 0;
    // `I'd do chapters`, `I'm on the transcripts`, `I am doing the rest`, while parts are shared
    // out.
    bool const shares = sharing && i == 0 &&
                        ((w[i].low == "i'd" && work_verb(w[i + 1].low)) || w[i].low == "i'm" ||
                         (w[i].low == "i" && (w[i + 1].low == "am" || work_verb(w[i + 1].low))));
    // `They phone me and I do it by hand` tells how it is today.
    if (w[i + 1].low == "do" && i + 2 < w.size() && w[i].low == "i" &&
        (w[i + 2].low == "it" || w[i + 2].low == "that") && i + 3 < w.size())
      continue;
    if (shares) {
      auto const from = w[i].low == "i'm" || w[i + 1].low != "am" ? i + 1 : i + 2;
      if (from >= w.size())
        break; // `I am.`
      bool const on = w[from].low == "on" || w[from].low.ends_with("ing");
      bool const stresses =
          w[from].low == "do" && from + 1 < w.size() &&
          contains_any(" want think like need have not agree see know mean believe hope ",
                       {w[from + 1].low});
      if (!stresses && (on || work_verb(w[from].low)) && from + 1 < w.size()) {
        auto end = from + 1;
        while (end < w.size() && (w[end].before != ',' || end == from + 1))
          ++end;
        add(u.speaker, span(u, from, end));
        break;
      }
    }
    if (!will && !can)
      continue;
    auto v = i + (w[i].low == "i'll" || w[i + 1].low == "do" ? 1 : 2);
    while (v + 1 < w.size() && (w[v].low == "also" || w[v].low == "just" || w[v].low == "then"))
      ++v;
    if (v >= w.size())
      break;
    // `I do want tests` only stresses the wish.
    if (w[v].low == "do" && v + 1 < w.size() &&
        contains_any(" want think like need have not agree see know mean believe hope ",
                     {w[v + 1].low}))
      break;
    bool const open_verb = lexicon::is_change_verb(w[v].low) && !work_verb(w[v].low);
    if (!work_verb(w[v].low) && !open_verb)
      continue;
    if (v + 1 < w.size() && v + 2 >= w.size() && !last_question_.empty() && w[v].low == "check") {
      add(u.speaker, "check: " + last_question_);
      break;
    }
    if (v + 1 < w.size() && (w[v + 1].low == "that" || w[v + 1].low == "it") && v + 2 >= w.size() &&
        u.words.size() < 5) {
      // `Could you fix the typo? It says …` — `I'll do that.`: what was asked, not what explains
      // it.
      bool const asked = before != nullptr && before->does == act::statement &&
                         !last_question_.empty() && question_turn_ == before->turn;
      if (before != nullptr)
        add(u.speaker, asked                  ? last_question_
                       : before->body.empty() ? span(u, v, w.size())
                                              : before->body);
      break;
    }
    asks_for_change = open_verb && can == false;
    auto end = v + 1;
    while (end < w.size() && (w[end].before != ',' || names_.find(w[end].low).empty()))
      ++end; // `I'll take the export, Priya does the page`
    add(u.speaker, span(u, v, end));
    break;
  }
  // `Drafts and the table are mine.`
  if (out.empty() && w.size() >= 3 && w.back().low == "mine" &&
      contains_any(" is are ", {w[w.size() - 2].low}))
    add(u.speaker, span(u, 0, w.size() - 2));
  if (out.empty() && u.acknowledges && before != nullptr && before->speaker != u.speaker &&
      before->does == act::directive)
    add(u.speaker, before->body);
  // Named people.
  std::vector<std::pair<std::size_t, std::string>> named;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto low = words[i].low;
    if (low.ends_with("'s"))
      continue;
    if (auto const full = names_.find(low); !full.empty() && !is_lower(words[i].text[0]))
      named.emplace_back(i, full);
  }
  if (!named.empty())
    last_named_ = named.back().second;
  auto const end_of = [&](std::size_t k) {
    auto end = k + 1 < named.size() ? named[k + 1].first : words.size();
    while (end > 0 && end <= words.size() &&
           (words[end - 1].low == "and" || words[end - 1].low == "let"))
      --end;
    return end;
  };
  for (std::size_t k = 0; k < named.size(); ++k) {
    auto const [i, who] = named[k];
    auto const end = end_of(k);
    auto v = i + 1;
    if (v < end && !names_.find(words[v].low).empty())
      ++v; // first and last name
    if (v >= end)
      continue;
    bool const comma = words[v].before == ',';
    auto const at = [&](std::size_t j) { return j < end ? std::string_view{words[j].low} : ""; };
    bool const let = i > 0 && words[i - 1].low == "let";
    bool const asked =
        (at(v) == "can" || at(v) == "could" || at(v) == "will" || at(v) == "would") &&
        at(v + 1) == "you";
    bool const modal = (at(v) == "can" || at(v) == "will" || at(v) == "to" || at(v) == "could") &&
                       (work_verb(at(v + 1)) || lexicon::is_change_verb(at(v + 1)));
    if (asked) {
      // What is asked of somebody may be a change of the product all the same.
      asks_for_change = asks_for_change || !request_in(u).empty();
      add(who, span(whole, v + 2, end));
    } else if (at(v) == "you" || at(v) == "you'd" || at(v) == "you'll") {
      if (work_verb(at(v + 1)) || at(v + 1) == "want")
        add(who, span(whole, at(v + 1) == "want" ? v + 2 : v + 1, end));
    } else if (modal || (!comma && (work_verb(at(v)) || (let && lexicon::is_change_verb(at(v)))) &&
                         !lexicon::is_past(at(v)))) {
      add(who, span(whole, modal ? v + 1 : v, end));
    } else if (comma && at(v) == "please" &&
               (work_verb(at(v + 1)) || lexicon::is_change_verb(at(v + 1)))) {
      asks_for_change = asks_for_change || lexicon::is_change_verb(at(v + 1));
      add(who, span(whole, v + 1, end)); // `Karl, please add …`
    } else if (comma && k == 0 && u.does == act::question && words.size() - v <= 6 && i <= 1) {
      asked_ = who; // `Piotr, the icons?`
      asked_what_ = span(whole, v, end);
      asked_turn_ = u.turn;
      puts_question = true;
    } else if (!comma && (sharing || !out.empty()) && end - v <= 5 && !u.past) {
      add(who, span(whole, v, end)); // `Benedikt the refund bits`
    }
  }
  if (contains_any(u.flat, {"he can", "she can", "he'll", "she'll"}) && !last_named_.empty() &&
      out.empty()) {
    for (std::size_t i = 0; i + 2 < w.size(); ++i)
      if ((w[i].low == "he" || w[i].low == "she") && w[i + 1].low == "can" &&
          work_verb(w[i + 2].low))
        add(last_named_, span(u, i + 2, w.size()));
  }
  if (u.does == act::question && u.words.size() > 3) {
    last_question_ = u.body;
    question_turn_ = u.turn;
  }
  bool const answer = u.fragment && u.does == act::statement && terms_of(u.words).size() >= 2;
  if (out.empty() && !u.chatter && !u.leans &&
      (u.does == act::directive || u.does == act::constraint))
    last_demand_ = u.body;
  else if (out.empty() && !u.chatter && answer && u.words.size() > 4)
    last_demand_ = u.body; // `A file every month.` — `Can you do that?`
  if (!out.empty())
    sharing_until_ = std::max(sharing_until_, u.turn + 2);
  return out;
}

} // namespace troupe::rules
