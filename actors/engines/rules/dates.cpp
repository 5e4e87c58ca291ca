#include "actors/engines/rules/dates.hpp"

#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool weekday(std::string_view w) {
  if (w.ends_with("'s"))
    w.remove_suffix(2);
  return contains_any(" monday tuesday wednesday thursday friday saturday sunday mondays tuesdays "
                      "wednesdays thursdays fridays tomorrow tonight ",
                      {w});
}

bool month(std::string_view w) {
  return contains_any(" january february march april may june july august september october "
                      "november december jan feb mar apr jun jul aug sep sept oct nov dec ",
                      {w});
}

bool part_of_day(std::string_view w) {
  return contains_any(" noon morning afternoon evening midday lunchtime eod cob night ", {w});
}

bool iso_date(word const& w) {
  return w.text.size() == 10 && w.text[4] == '-' && w.text[7] == '-' && is_digit(w.text[0]) &&
         is_digit(w.text[9]);
}

bool day_number(word const& w) {
  return w.what == word::kind::number && w.text.size() <= 2 && w.text[0] != '0';
}

/// Number of words from `i` that name a day; 0 for none.
std::size_t length_at(std::vector<word> const& w, std::size_t i, bool& bare) {
  auto const n = w.size();
  auto const joined = [&](std::size_t k) { return k < n && w[k].before == 0; };
  bare = false;
  std::size_t end = i;
  auto const& low = w[i].low;
  if (iso_date(w[i])) {
    end = i + 1;
  } else if (weekday(low)) {
    end = i + 1;
    if (joined(end) && w[end].low == "the" && joined(end + 1) && ordinal_of(w[end + 1].low))
      end += 2;
    else if (joined(end) && (w[end].low == "after" || w[end].low == "week") &&
             (end + 1 >= n || w[end + 1].before != 0 || w[end + 1].low == "next"))
      ++end;
  } else if ((low == "next" || low == "this") && joined(i + 1) &&
             (weekday(w[i + 1].low) ||
              contains_any(" week month quarter sprint year ", {w[i + 1].low}))) {
    end = i + 2;
  } else if (low == "end" && joined(i + 2) && w[i + 1].low == "of") {
    auto k = i + 2;
    if (w[k].low == "the" || w[k].low == "this" || w[k].low == "next")
      ++k;
    if (k < n &&
        (month(w[k].low) || contains_any(" week month quarter year sprint day ", {w[k].low})))
      end = k + 1;
  } else if (auto const o = ordinal_of(low); o && *o <= 31) {
    if (joined(i + 1) && w[i + 1].low == "of" && joined(i + 2) && month(w[i + 2].low)) {
      end = i + 3;
    } else if (joined(i + 1) && month(w[i + 1].low)) {
      end = i + 2;
    } else {
      // `the second thing` counts; `the sixth` alone is a day if days are talked about.
      bool const noun = joined(i + 1) && !lexicon::is_auxiliary(w[i + 1].low) &&
                        !part_of_day(w[i + 1].low) &&
                        !contains_any(" then it works at please or but and ", {w[i + 1].low});
      if (!noun) {
        end = i + 1;
        bare = true;
      }
    }
  } else if (day_number(w[i]) && joined(i + 1) && month(w[i + 1].low)) {
    end = i + 2;
  } else if (month(low) && low != "may" && joined(i + 1) &&
             (day_number(w[i + 1]) || ordinal_of(w[i + 1].low))) {
    end = i + 2;
  } else if (month(low) && joined(i + 2) && w[i + 1].low == "the" && ordinal_of(w[i + 2].low)) {
    end = i + 3;
  } else if (low == "may" && joined(i + 1) && (day_number(w[i + 1]) || ordinal_of(w[i + 1].low))) {
    end = i + 2;
  } else if (part_of_day(low) && low != "night" && i == 0 && n <= 2) {
    end = i + 1;
    bare = true;
  }
  if (end > i && joined(end) && part_of_day(w[end].low))
    ++end;
  if (end > i && joined(end) && w[end].low == "at" && joined(end + 1) &&
      (part_of_day(w[end + 1].low) || w[end + 1].what == word::kind::number))
    end += 2;
  return end - i;
}

} // namespace

std::vector<day_mention> days_in(unit const& u) {
  std::vector<day_mention> out;
  auto const& w = u.words;
  for (std::size_t i = 0; i < w.size();) {
    day_mention d;
    auto const n = length_at(w, i, d.bare);
    if (n == 0) {
      ++i;
      continue;
    }
    d.first = i;
    d.last = i + n;
    d.text = u.body.substr(w[i].begin, w[i + n - 1].end - w[i].begin);
    if (d.text.ends_with("'s"))
      d.text.resize(d.text.size() - 2);
    std::string lead = " ";
    for (std::size_t k = i > 4 ? i - 4 : 0; k < i; ++k)
      lead += w[k].low + ' ';
    d.wanted = lead.ends_with(" by ") || lead.ends_with(" by the ") ||
               ((lead.ends_with(" until ") || lead.ends_with(" until the ")) &&
                contains_any(u.flat, {"need", "needs", "want", "have it", "ready", "done",
                                      "finished", "deliver", "have this"})) ||
               lead.ends_with(" make it ") || lead.ends_with(" make it the ") ||
               lead.ends_with(" say ") || lead.ends_with(" say the ") ||
               lead.ends_with(" say on ") ||
               contains_any(lead, {"it on", "it by", "it for", "before", "pull request on",
                                   "complete on", "ready on", "needed by", "due", "due on",
                                   "deadline is", "ship on", "release on", "live on"});
    bool const own = n == 1 && w[i].low.ends_with("'s");
    bool const is = i + n < w.size() && w[i + n].before == 0 &&
                    (w[i + n].low == "is" || w[i + n].low == "isn't" || w[i + n].low == "doesn't" ||
                     w[i + n].low == "won't");
    std::size_t const last = i + n + (is ? 1 : 0);
    bool const fine =
        last < w.size() &&
        (lexicon::is_yes(w[last].low) || w[last].low == "it" ||
         contains_any(flat_of({w.begin() + static_cast<std::ptrdiff_t>(last), w.end()}),
                      {"the last day", "the deadline", "the latest", "the date", "the last date"}));
    bool const then = contains_any(u.flat, {"by then", "until then", "before then"});
    d.wanted = d.wanted || then; // `It starts on the ninth, it has to run by then.`
    d.ruled_out = (own || is) && !fine;
    d.ruled_out =
        d.ruled_out ||
        (!then && contains_any(lead, {"off from", "out on", "away on", "off on", "out from",
                                      "starts on", "opens on", "off until", "starts"})) ||
        (!then && !lead.ends_with(" by ") && !lead.ends_with(" by the ") &&
         contains_phrase(lead, "have")); // but `to have all this by Friday`

    out.push_back(d);
    i += n;
  }
  return out;
}

bool due_tracker::take(unit const& u, name_list const& names) {
  // `not this quarter`; `he's on holiday until the tenth`
  if (u.defers ||
      contains_any(u.flat, {"on holiday", "on leave", "on vacation", "is away", "is off",
                            "out of office", "he's back", "she's back", "is back"}))
    return false;
  auto const days = days_in(u);
  bool const near = last_talk_ != 0 && u.turn + 1 - last_talk_ <= 4;
  bool const question_of_day =
      u.does == act::question &&
      contains_any(u.flat, {"when", "by when", "ship date", "deadline"}) &&
      contains_any(u.all, {"when do you want it", "when can", "when do you need", "by when",
                           "when could", "when is it due", "deadline", "when should it be ready",
                           "when will it be", "when would", "when do we need", "when do we want"});
  bool const opens =
      question_of_day ||
      (u.words.size() <= 4 &&
       contains_any(u.flat, {"deadline", "ship date", "when", "timing", "timeline", "delivery date",
                             "due date", "release date", "dates", "schedule"}));
  // `We'd like to have this in the March release.` is about when.
  if (!opens && days.empty() &&
      contains_any(u.flat, {"have this in", "have it in", "need this for", "like this in",
                            "want it in", "want this in"}) &&
      contains_any(u.flat, {"release", "sprint", "quarter", "version"})) {
    last_talk_ = u.turn + 1;
    return true;
  }
  if (opens)
    last_talk_ = u.turn + 1;
  if (days.empty())
    return opens;
  bool const delivery = contains_any(
      u.flat,
      {"pull request",  "release",       "deadline",  "due",        "code complete", "ship",
       "done",          "finished",      "ready",     "have it",    "have this",     "like it",
       "want it",       "need it",       "needed",    "needed by",  "need this",     "beta",
       "at the latest", "in production", "deliver",   "delivered",  "live",          "the pr",
       "running",       "manage",        "merged",    "i could do", "end of",        "it by",
       "land",          "launch",        "have that", "freeze",     "code freeze",   "last day",
       "latest"});
  std::string const rest = [&] {
    std::string left;
    for (std::size_t i = 0; i < u.words.size(); ++i)
      if (std::none_of(days.begin(), days.end(),
                       [&](auto const& d) { return i >= d.first && i < d.last; }) &&
          !lexicon::is_stopword(u.words[i].low) && !part_of_day(u.words[i].low))
        left += u.words[i].low + ' ';
    return left;
  }();
  bool const only_day = rest.size() < 12;
  bool const bare = std::all_of(days.begin(), days.end(), [](auto const& d) { return d.bare; });
  bool const wanted = std::any_of(days.begin(), days.end(), [](auto const& d) { return d.wanted; });
  // `I do the release myself next Tuesday` is somebody's part, not the whole.
  // unless it goes on: `I do the release on the 30th, so everything merged by the 27th`.
  bool const by = std::any_of(days.begin() + 1, days.end(), [](auto const& d) { return d.wanted; });
  bool const own_part = !by && contains_any(u.flat, {"i'll do the", "i do the", "i'll take",
                                                     "myself", "i release", "i'll release"});
  bool const told = u.past && !delivery && !wanted;
  bool const context = (delivery && (wanted || near || only_day || u.does != act::none)) ||
                       (near && (only_day || wanted || contains_any(u.flat, {"until", "so"}))) ||
                       (wanted && !u.past && u.words.size() < 20) ||
                       (only_day && !bare && u.turn > 0 && !told);
  if (own_part || told || !context || u.chatter)
    return false;
  if (only_day && !near && !delivery && !wanted && u.does != act::question && u.stance == 0 &&
      u.words.size() > 4)
    return false;
  day_mention const* best = nullptr;
  for (auto const& d : days) {
    if (d.ruled_out || (d.bare && !near && !d.wanted && !delivery))
      continue;
    if (best == nullptr || (d.wanted && !best->wanted) || (d.wanted == best->wanted && d.wanted))
      best = &d;
  }
  last_talk_ = u.turn + 1;
  if (best == nullptr)
    return true;
  // `The tenth of April.` — `Tenth, okay.` repeats it with fewer words.
  if (best->bare && !due_.empty() && ordinal_of(lower(best->text)) && near) {
    unit before;
    before.body = due_;
    before.words = words_of(due_);
    auto const said = days_in(before);
    if (std::any_of(
            before.words.begin(), before.words.end(),
            [&](word const& x) { return ordinal_of(x.low) == ordinal_of(lower(best->text)); }) &&
        !said.empty() && !said[0].bare) {
      turn_ = u.turn;
      return true;
    }
  }
  due_ = best->text;
  if (auto const n = due_.find(" the "); n == 0)
    due_.erase(0, 5);
  turn_ = u.turn;
  (void)names;
  // A demand that only carries a date along is still a demand.
  bool const about_work =
      u.does != act::question && std::any_of(u.words.begin(), u.words.end(), [](word const& w) {
        return w.what == word::kind::literal || w.what == word::kind::identifier;
      });
  return !about_work;
}

} // namespace troupe::rules
