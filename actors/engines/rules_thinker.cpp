#include "actors/domain/kinds.hpp"
#include "actors/engines/rules/brief.hpp"
#include "actors/engines/rules/plan.hpp"
#include "actors/engines/rules/revise.hpp"
#include "actors/engines/rules/transcript.hpp"
#include "actors/thinkers.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace troupe {

namespace {

std::string text_member(json::value const& v, std::string_view name) {
  if (!v.is_object())
    return {};
  auto const* m = v.get_object().if_contains(name);
  return m != nullptr && m->is_string() ? std::string{std::string_view{m->get_string()}}
                                        : std::string{};
}

envelope say(std::string text, json::object data) {
  envelope e;
  e.engine = "rules";
  e.parts.push_back(text_part(std::move(text)));
  e.parts.push_back(data_part(std::move(data)));
  return e;
}

template <class State>
result<State> read_state(state_reader const& read, tenant_id const& tenant, entity_kind kind,
                         std::string const& id) {
  auto v = read({tenant, kind, id});
  if (!v)
    return v.error();
  return json::from<State>(*v);
}

/// Words that carry meaning: lower case, three letters and more.
std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> out;
  std::string word;
  auto const end_word = [&] {
    if (word.size() >= 3)
      out.insert(word);
    word.clear();
  };
  for (char const c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_')
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else
      end_word();
  }
  end_word();
  return out;
}

std::string count_of(std::size_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string{what} + (n == 1 ? "" : "s");
}

/// A sentence as a part of another one.
std::string without_stop(std::string text) {
  while (!text.empty() && (text.back() == '.' || text.back() == ' '))
    text.pop_back();
  return text;
}

constexpr char const* nothing_asked =
    "nothing in it was recognised as asked for; say what is wanted in sentences such as "
    "`The export should …`, `We need …`, `Please add …` or `There is a bug: …`, one for each "
    "thing, and submit it again";

class rules_thinker : public thinker {
public:
  result<envelope> think(thought_request const& r, state_reader const& read) override {
    auto const& data = data_of(r.message);
    auto const what = text_member(data, "do");
    if (what == "draft_brief")
      return brief_for(r, text_member(data, "brief"), read);
    if (what == "draft_plan")
      return plan_for(r, text_member(data, "plan"), read);
    if (what == "critique_plan")
      return critique(r, text_member(data, "plan"), read);
    if (what == "resolve_ticket")
      return resolve(r, text_member(data, "ticket"), read);
    return answer(r, read);
  }

private:
  static result<envelope> brief_for(thought_request const& r, std::string const& id,
                                    state_reader const& read) {
    auto s = read_state<brief::state>(read, r.agent.tenant, entity_kind::brief, id);
    if (!s)
      return s.error();
    auto parsed = parse_transcript(s->from.text, s->from.name);
    if (!parsed)
      return say(parsed.error().message, {{"refused", parsed.error().message}});
    auto content = s->notes.empty() ? draft_brief(*parsed)
                                    : revise_brief(s->content, std::move(*parsed), s->notes);
    if (!content)
      return say(content.error().message, {{"refused", content.error().message}});
    // The rules draft the same again however often they are asked: one answer is enough.
    if (content->requirements.empty())
      return say(nothing_asked, {{"refused", nothing_asked}});
    return say("A brief with " + count_of(content->requirements.size(), "requirement") + " and " +
                   count_of(content->open_questions.size(), "open question") + ".",
               {{"brief", json::to(*content)}});
  }

  static result<envelope> plan_for(thought_request const& r, std::string const& id,
                                   state_reader const& read) {
    auto s = read_state<plan::state>(read, r.agent.tenant, entity_kind::plan, id);
    if (!s)
      return s.error();
    if (!s->notes.empty() && !s->content.items.empty())
      return revised(*s);
    if (!s->failed_key.empty())
      return replan(*s);
    auto content = draft_plan(s->wanted);
    if (!content)
      return say(content.error().message, {{"refused", content.error().message}});
    for (auto& item : content->items)
      if (!s->config.roster.empty() &&
          std::none_of(s->config.roster.begin(), s->config.roster.end(),
                       [&](agent_spec const& agent) { return agent.role == item.role; }))
        item.role.clear(); // nobody has it: the process says who works
    return say("A plan of " + count_of(content->items.size(), "ticket") + ".",
               {{"plan", json::to(*content)}});
  }

  /// What a person asked to change, in the plan that they were shown.
  static result<envelope> revised(plan::state const& s) {
    std::vector<std::string> fixed;
    for (auto const& item : s.previous.items)
      fixed.push_back(item.key);
    auto content = revise_plan(s.content, s.notes, fixed);
    if (!content)
      return say(content.error().message, {{"refused", content.error().message}});
    return say("A plan of " + count_of(content->items.size(), "ticket") + ". " + content->note,
               {{"plan", json::to(*content)}});
  }

  /// The failed item is replaced by a new one that says what went wrong; whoever waited for it
  /// waits for the replacement.
  static envelope replan(plan::state const& s) {
    auto content = s.previous;
    int highest = 0;
    for (auto const& item : content.items) {
      if (!item.key.empty() &&
          std::all_of(item.key.begin(), item.key.end(),
                      [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }) &&
          item.key.size() < 9)
        highest = std::max(highest, std::stoi(item.key));
    }
    auto const key = std::to_string(highest + 1);
    auto const failed = std::find_if(content.items.begin(), content.items.end(),
                                     [&](auto const& i) { return i.key == s.failed_key; });
    if (failed == content.items.end())
      return say("The failed ticket is not in the plan.", {{"refused", "unknown failed ticket"}});
    plan_item next = *failed;
    next.key = key;
    next.supersedes = s.failed_key;
    next.text += "\n\nThe ticket before this one (" + s.failed_key +
                 ") was given up: " + without_stop(s.failure) +
                 ". Take the smallest step that meets the criteria.";
    for (auto& item : content.items) {
      for (auto& blocker : item.blocked_by) {
        if (blocker == s.failed_key)
          blocker = key;
      }
    }
    content.items.push_back(std::move(next));
    content.note = "Ticket " + s.failed_key + " is replaced by " + key + ": " + s.failure;
    return say(content.note, {{"plan", json::to(content)}});
  }

  static result<envelope> critique(thought_request const& r, std::string const& id,
                                   state_reader const& read) {
    auto s = read_state<plan::state>(read, r.agent.tenant, entity_kind::plan, id);
    if (!s)
      return s.error();
    auto const findings = critique_plan(s->wanted, s->content);
    json::array list;
    for (auto const& f : findings)
      list.emplace_back(f);
    auto text = findings.empty() ? std::string{"Nothing is missing in this plan."}
                                 : count_of(findings.size(), "finding") + ".";
    for (auto const& f : findings)
      text += "\n- " + f;
    // Findings are for the person who approves; the rules would draft the same plan again.
    return say(std::move(text), {{"findings", std::move(list)}, {"blocking", false}});
  }

  static result<envelope> resolve(thought_request const& r, std::string const& id,
                                  state_reader const& read) {
    auto s = read_state<ticket::state>(read, r.agent.tenant, entity_kind::ticket, id);
    if (!s)
      return s.error();
    auto why = text_member(data_of(r.message), "why");
    if (why.empty())
      why = s->why;
    if (!s->item->supersedes.empty() && !s->supersedes.empty()) {
      auto const text = "The replacement failed as well: a person has to look.";
      return say(text, {{"how", "fail"}, {"why", why.empty() ? std::string{text} : why}});
    }
    return say("Replan: ticket " + id + " is replaced by a new one. " + why,
               {{"how", "replan"}, {"why", why}});
  }

  /// Answers a question from what the brief says: the statement that shares most of its words.
  static result<envelope> answer(thought_request const& r, state_reader const& read) {
    auto const asked = words_of(text_of(r.message));
    std::string best;
    std::size_t best_score = 0;
    auto const consider = [&](std::string const& statement, std::string const& say_it) {
      auto const words = words_of(statement);
      auto const score = static_cast<std::size_t>(std::count_if(
          words.begin(), words.end(), [&](auto const& w) { return asked.contains(w); }));
      if (score > best_score) {
        best_score = score;
        best = say_it;
      }
    };
    auto const brief_name = r.message.correlation;
    auto s = read_state<brief::state>(read, r.agent.tenant, entity_kind::brief, brief_name);
    if (s) {
      for (auto const& q : s->content.requirements) {
        auto cited = q.text;
        if (!q.cites.empty())
          cited += " (" + q.cites.front().speaker + ": \"" + q.cites.front().quote + "\")";
        consider(q.title + " " + q.text, cited);
        for (auto const& c : q.criteria)
          consider(c, c);
      }
      for (auto const& d : s->content.decisions)
        consider(d.text, d.text);
      for (auto const& o : s->content.out_of_scope)
        consider(o.text, "Out of scope: " + o.text);
    }
    if (best_score < 2)
      best = "The brief does not say. Do the simplest thing that meets the acceptance criteria and "
             "write down what you assumed.";
    auto e = say(best, {{"source", best_score < 2 ? "none" : "brief"}});
    e.kind = message_kind::answer;
    return e;
  }
};

} // namespace

std::unique_ptr<thinker> make_rules_thinker() {
  return std::make_unique<rules_thinker>();
}

} // namespace troupe
