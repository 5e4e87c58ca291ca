#include "actors/domain/domain.hpp"
#include "actors/domain/plan_check.hpp"
#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/note_orders.hpp"
#include "actors/engines/rules/order_sayings.hpp"
#include "actors/engines/rules/plan.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe {
namespace {

using rules::named_thing;

std::vector<named_thing> things_in(plan_content const& p) {
  std::vector<named_thing> out;
  for (auto const& item : p.items)
    out.push_back(rules::named(item.key, item.title, item.text, item.criteria));
  return out;
}

plan_item* find(plan_content& p, std::string const& key) {
  auto const i = std::find_if(p.items.begin(), p.items.end(),
                              [&](plan_item const& item) { return item.key == key; });
  return i == p.items.end() ? nullptr : &*i;
}

void add_once(std::vector<std::string>& list, std::string const& key) {
  if (std::find(list.begin(), list.end(), key) == list.end())
    list.push_back(key);
}

/// Whoever waited for the ticket waits for what it waited for.
void drop(plan_content& p, std::string const& key) {
  auto const* gone = find(p, key);
  if (gone == nullptr)
    return;
  auto const before = gone->blocked_by;
  std::erase_if(p.items, [&](plan_item const& item) { return item.key == key; });
  for (auto& item : p.items)
    if (std::erase(item.blocked_by, key) > 0)
      for (auto const& b : before)
        add_once(item.blocked_by, b);
}

/// Words that a sentence takes out: behind `drop`, before `out` or `is not needed`; none if it
/// takes nothing out.
std::vector<rules::word> taken_out(std::vector<rules::word> const& w) {
  std::size_t b = 0;
  while (b < w.size() && rules::contains_any(" please also and but then just let's we can should "
                                             "you could ",
                                             {w[b].low}))
    ++b;
  if (b >= w.size())
    return {};
  auto const rest = rules::flat_of(rules::slice(w, b, w.size()));
  for (std::string_view const lead :
       {"drop", "remove", "delete", "skip", "omit", "cancel", "strike", "scrap", "leave out",
        "take out", "get rid of", "don't need", "do not need", "don't do", "forget", "without"}) {
    auto const n = static_cast<std::size_t>(std::count(lead.begin(), lead.end(), ' ')) + 1;
    if (rest.starts_with(' ' + std::string{lead} + ' '))
      return rules::slice(w, b + n, w.size());
  }
  for (std::string_view const end : {" is not needed ", " are not needed ", " isn't needed ",
                                     " is out of scope ", " are out of scope ", " can go "})
    if (rest.ends_with(end))
      return rules::slice(
          w, b, w.size() - static_cast<std::size_t>(std::count(end.begin(), end.end(), ' ')) + 1);
  if (rules::contains_any(" leave take ", {w[b].low}) && w.back().low == "out")
    return rules::slice(w, b + 1, w.size() - 1);
  return {};
}

/// `Ticket 2 is urgent`, `high priority for the readme`: the priority, and the words beside it.
bool says_priority(std::vector<rules::word> const& w, priority& out,
                   std::vector<rules::word>& rest) {
  bool const named =
      std::any_of(w.begin(), w.end(), [](rules::word const& x) { return x.low == "priority"; });
  std::size_t at = w.size();
  for (std::size_t i = 0; i < w.size() && at == w.size(); ++i) {
    static constexpr std::array<std::pair<std::string_view, priority>, 4> levels{
        {{"urgent", priority::urgent},
         {"high", priority::high},
         {"normal", priority::normal},
         {"low", priority::low}}};
    for (auto const& [word, level] : levels)
      if (w[i].low == word && (named || level == priority::urgent)) {
        out = level;
        at = i;
      }
  }
  if (at == w.size() || rules::contains_any(rules::flat_of(w), {"not", "isn't", "no"}))
    return false;
  for (std::size_t i = 0; i < w.size(); ++i)
    if (i != at &&
        !rules::contains_any(" priority make give set with as for more very ", {w[i].low}))
      rest.push_back(w[i]);
  return true;
}

std::string list_of(std::vector<std::string> const& keys) {
  std::string out;
  for (std::size_t i = 0; i < keys.size(); ++i)
    out += (i == 0 ? "" : i + 1 == keys.size() ? " and " : ", ") + keys[i];
  return out;
}

/// One sentence of the notes; what was done, or why nothing was.
struct answer {
  std::string done;
  std::string why;
  bool understood = false; ///< it cannot be done, and saying it in two parts would not help
};

answer follow(plan_content& p, std::string_view sentence, std::vector<std::string> const& fixed) {
  auto const w = rules::words_of(sentence);
  auto const things = things_in(p);
  if (auto const what = taken_out(w); !what.empty()) {
    auto const keys = rules::keys_named(what, things);
    if (keys.empty())
      return {{}, "no one ticket is named so"};
    for (auto const& k : keys)
      if (std::find(fixed.begin(), fixed.end(), k) != fixed.end())
        return {{}, "ticket " + k + " is of the version before; cancel it by itself", true};
    if (keys.size() >= p.items.size())
      return {{}, "nothing would be left of the plan", true};
    for (auto const& k : keys)
      drop(p, k);
    return {(keys.size() == 1 ? "dropped ticket " : "dropped tickets ") + list_of(keys), {}};
  }
  if (auto const orders = rules::orders_in(sentence, things); !orders.empty()) {
    auto next = p;
    std::string done;
    for (auto const& o : orders) {
      auto* const later = find(next, o.later);
      auto* const sooner = find(next, o.sooner);
      std::erase(sooner->blocked_by, o.later); // who says the other way round turns it round
      add_once(later->blocked_by, o.sooner);
      done += (done.empty() ? "" : ", ") + o.later + " after " + o.sooner;
    }
    if (auto const circle = cycle_in(next.items); !circle.empty()) {
      std::string path;
      for (auto const& k : circle)
        path += (path.empty() ? "" : " -> ") + k;
      return {{}, "it would close a circle: " + path, true};
    }
    p = std::move(next);
    return {done, {}};
  }
  priority level{};
  std::vector<rules::word> rest;
  if (says_priority(w, level, rest))
    if (auto const keys = rules::keys_named(rest, things); !keys.empty()) {
      for (auto const& k : keys)
        find(p, k)->importance = level;
      return {"priority of " + list_of(keys) + " " + name(level), {}};
    }
  return {};
}

} // namespace

result<plan_content> revise_plan(plan_content before, std::string_view notes,
                                 std::vector<std::string> const& fixed) {
  std::string done;
  std::string open;
  auto const hear = [&](std::string_view one) {
    auto a = follow(before, one, fixed);
    if (!a.done.empty())
      done += (done.empty() ? "" : "; ") + a.done;
    return a;
  };
  for (auto const line : rules::split_lines(notes))
    for (auto const sentence : rules::sentences_of(line)) {
      auto const text = rules::trim(sentence);
      if (text.empty())
        continue;
      auto a = hear(text);
      // `Drop ticket 2, and ticket 3 after ticket 1.`, `drop ticket 2, it is too much`
      auto const cut = text.find(", ");
      if (a.done.empty() && !a.understood && cut != std::string_view::npos) {
        auto rest = text.substr(cut + 2);
        bool const joined = rest.starts_with("and ");
        auto const words = rules::words_of(rest);
        bool const reason =
            !joined && !words.empty() &&
            rules::contains_any(" it it's that that's this we nobody because since as they ",
                                {words[0].low});
        auto const first = hear(text.substr(0, cut));
        auto const second = reason ? answer{} : hear(joined ? rest.substr(4) : rest);
        if (!first.done.empty() && (reason || !second.done.empty()))
          continue;
        if (!first.done.empty() || !second.done.empty())
          a.why = "only in part";
      }
      if (a.done.empty())
        open += (open.empty() ? "" : "\n") + std::string{"Not understood: \""} + std::string{text} +
                "\" (" +
                (a.why.empty() ? "it names no ticket to drop, put after another or rank" : a.why) +
                "; `troupe plan edit` changes the plan by hand)";
    }
  if (!done.empty())
    done = "As asked: " + done + ".";
  before.note = done + (done.empty() || open.empty() ? "" : "\n") + open;
  if (auto const ok = check_plan(before, work_limits{}); !ok)
    return ok.error();
  before.forecast_time = forecast(before);
  return before;
}

} // namespace troupe
