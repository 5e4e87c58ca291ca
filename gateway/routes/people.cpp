#include "actors/domain/kinds.hpp"
#include "gateway/routes/desks.hpp"
#include "gateway/routes/handlers.hpp"
#include "gateway/routes/table.hpp"

#include <algorithm>

/// Agents that are people: what they are asked, and their answers.
namespace troupe {

namespace {

struct answer_body {
  std::string message; ///< id; may be left out where one is open
  std::string text;
  json::value content; ///< what the question asks for, where that is more than words
  std::string refuse;  ///< why there will be no answer
  TROUPE_FIELDS(answer_body, message, text, content, refuse);
};

/// What the answer to a question must hold besides words.
enum class wanted { text, brief, plan, critique, resolution };
BOOST_DESCRIBE_ENUM(wanted, text, brief, plan, critique, resolution)

struct critique_content {
  std::vector<std::string> findings;
  bool blocking = false;
  TROUPE_FIELDS(critique_content, findings, blocking);
};
struct resolution_content {
  ticket::resolution how = ticket::resolution::fail;
  std::string why;
  TROUPE_FIELDS(resolution_content, how, why);
};

/// A question as a waiting shows it: who must do what until when.
struct open_question {
  principal_id owner;
  std::string action;
  time_point deadline{};
  std::string message;
  principal_id asked_by;
  wanted content = wanted::text;
  TROUPE_FIELDS(open_question, owner, action, deadline, message, asked_by, content);
};

wanted wanted_by(envelope const& m) {
  auto const* members = data_of(m).if_object();
  auto const* what = members ? members->if_contains("do") : nullptr;
  if (what == nullptr || !what->is_string())
    return wanted::text;
  auto const& name = what->get_string();
  return name == "draft_brief"      ? wanted::brief
         : name == "draft_plan"     ? wanted::plan
         : name == "critique_plan"  ? wanted::critique
         : name == "resolve_ticket" ? wanted::resolution
                                    : wanted::text;
}

std::vector<open_question> open_questions(agent::state const& s) {
  std::vector<open_question> out;
  if (s.spec.engine != engine_kind::human)
    return out;
  for (auto const& m : s.inbox) {
    auto action = text_of(m);
    out.push_back({principal_of(s.self),
                   action.empty() ? "answer " + m.from.value : std::move(action), m.deadline, m.id,
                   m.from, wanted_by(m)});
  }
  return out;
}

void show_agent(api const& a, request const& r, reply const& answer) {
  a.n.query(a.ref(entity_kind::agent, r.params.at("id")),
            [&a, answer, path = r.path](result<json::value> const& state) {
              auto s =
                  state ? json::from<agent::state>(*state) : result<agent::state>{state.error()};
              if (!s) {
                answer(problem(s.error(), path));
                return;
              }
              auto shown = present(*state, true);
              desks{a.n.view(), a.tenant}.show(shown);
              shown.insert_or_assign("waits", json::to(open_questions(*s)));
              answer(json_response(200, shown));
            });
}

error wrong_content(std::string what) {
  return fail(errc::invalid_argument, std::move(what), {{"field", "content"}});
}

template <class T>
result<T> content_as(json::value const& v, char const* what) {
  if (v.is_null())
    return wrong_content(std::string{"content must hold "} + what);
  auto out = json::from<T>(v);
  if (!out)
    return wrong_content("content: " + out.error().message);
  return out;
}

/// The data part that the asker reads; null for words alone. What it could not use is refused
/// here, where the person still sees it.
result<json::value> data_for(wanted w, answer_body const& b) {
  if (!b.refuse.empty())
    return json::value(json::object{{"refused", b.refuse}}); // braces would make a list of it
  switch (w) {
  case wanted::brief: {
    auto const c = content_as<brief_content>(b.content, "the brief");
    if (!c)
      return c.error();
    if (auto const ok = brief::check_content(*c); !ok)
      return wrong_content("content: " + ok.error().message);
    return json::value(json::object{{"brief", json::to(*c)}});
  }
  case wanted::plan: {
    auto const c = content_as<plan_content>(b.content, "the plan");
    if (!c)
      return c.error();
    if (c->items.empty())
      return wrong_content("content: a plan needs items");
    return json::value(json::object{{"plan", json::to(*c)}});
  }
  case wanted::critique: {
    auto const c = content_as<critique_content>(b.content, "findings (a list of sentences) and "
                                                           "blocking");
    return c ? result<json::value>(json::to(*c)) : c.error();
  }
  case wanted::resolution: {
    auto const c = content_as<resolution_content>(b.content, "how (retry, replan or fail) and why");
    return c ? result<json::value>(json::to(*c)) : c.error();
  }
  case wanted::text:
    break;
  }
  if (!b.content.is_null())
    return wrong_content("this question is answered with text alone");
  if (b.text.empty())
    return fail(errc::invalid_argument, "text must not be empty", {{"field", "text"}});
  return json::value{};
}

/// The question that is meant; the only one where none is named.
result<envelope> question_of(agent::state const& s, std::string const& id) {
  if (s.spec.engine != engine_kind::human)
    return conflict("agent " + s.self.id + " is no person: its engine is " + name(s.spec.engine),
                    name(s.is), {});
  if (id.empty() && s.inbox.size() > 1)
    return fail(errc::invalid_argument,
                "agent " + s.self.id + " has " + std::to_string(s.inbox.size()) +
                    " open questions; name the one that you answer",
                {{"field", "message"}});
  auto const at = std::find_if(s.inbox.begin(), s.inbox.end(),
                               [&](envelope const& m) { return id.empty() || m.id == id; });
  if (at == s.inbox.end())
    return conflict("agent " + s.self.id + " has no open question" + (id.empty() ? "" : " " + id),
                    name(s.is), {});
  return *at;
}

void answer_question(api const& a, request const& r, reply const& answer) {
  auto b = body_of<answer_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  auto const ref = a.ref(entity_kind::agent, r.params.at("id"));
  with_state<agent::state>(
      {a, r, answer}, ref, [ref, b = std::move(*b)](pending_request p, agent::state const& s) {
        auto const asked = question_of(s, b.message);
        if (!asked) { // the same answer sent again finds the question closed
          p.refuse_unless_repeated(asked.error(), ref, agent::command{agent::reply{}});
          return;
        }
        auto data = data_for(wanted_by(*asked), b);
        if (!data) {
          p.refuse(data.error());
          return;
        }
        envelope m;
        m.kind = message_kind::answer;
        m.reply_to = asked->id;
        m.engine = name(engine_kind::human);
        auto const& words = b.text.empty() ? b.refuse : b.text;
        if (!words.empty())
          m.parts.push_back(text_part(words));
        if (!data->is_null())
          m.parts.push_back(data_part(std::move(*data)));
        p.options.correlation = asked->correlation;
        p.carry_out(ref, agent::command{agent::reply{std::move(m)}});
      });
}

} // namespace

void add_people_routes(std::vector<route>& out, api const& a) {
  out.push_back(get("/api/agents/{id}", role::viewer,
                    [&a](request const& r, reply const& answer) { show_agent(a, r, answer); }));
  out.push_back(
      post("/api/agents/{id}/answer", role::developer, submit_limit,
           [&a](request const& r, reply const& answer) { answer_question(a, r, answer); }));
}

} // namespace troupe
