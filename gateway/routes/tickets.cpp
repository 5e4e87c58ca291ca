#include "gateway/routes/handlers.hpp"
#include "gateway/routes/resting.hpp"
#include "gateway/routes/situation.hpp"
#include "gateway/routes/table.hpp"
#include "gateway/routes/workforce.hpp"

namespace troupe {

namespace {

struct review_body {
  bool approved = false;
  std::vector<std::string> notes;
  TROUPE_FIELDS(review_body, approved, notes);
};
struct resolve_body {
  ticket::resolution how = ticket::resolution::retry;
  std::string why;
  TROUPE_FIELDS(resolve_body, how, why);
};
struct comment_body {
  std::string text;
  std::string reply_to;
  std::map<std::string, std::string> metrics;
  std::vector<std::string> blockers;
  std::vector<std::string> next_steps;
  TROUPE_FIELDS(comment_body, text, reply_to, metrics, blockers, next_steps);
};
struct answer_body {
  std::string message; ///< id of the question; empty: the one the ticket waits for
  std::string text;
  TROUPE_FIELDS(answer_body, message, text);
};

/// What the answer is about: the message that is named, else the last question; null for none.
envelope const* question_of(ticket::state const& s, std::string const& id) {
  envelope const* asked = nullptr;
  for (envelope const& m : s.conversation)
    if (id.empty() ? m.kind == message_kind::question : m.id == id)
      asked = &m;
  return s.is == ticket::status::waiting ? asked : nullptr;
}

/// Answers a question in place of the agent that was asked.
void answer_question(api const& a, request const& r, reply const& answer) {
  auto b = body_of<answer_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  if (b->text.empty()) {
    refuse(r, answer, fail(errc::invalid_argument, "text must not be empty", {{"field", "text"}}));
    return;
  }
  auto const ref = a.ref(entity_kind::ticket, r.params.at("id"));
  with_state<ticket::state>(
      {a, r, answer}, ref, [ref, b = std::move(*b)](pending_request p, ticket::state const& s) {
        auto const* asked = question_of(s, b.message);
        if (asked == nullptr) {
          // The same answer sent again finds the ticket at work.
          p.refuse_unless_repeated(
              conflict("ticket " + ref.id + " is " + name(s.is) + " and waits for no answer", s.is,
                       ticket::transitions()),
              ref, ticket::command{hear{}});
          return;
        }
        envelope e;
        e.id = asked->id + ".h";
        e.cause = asked->id;
        e.correlation = asked->correlation;
        e.reply_to = asked->id;
        e.kind = message_kind::answer;
        e.from = p.options.by;
        e.to = asked->from;
        e.hops = asked->hops + 1;
        e.parts.push_back(text_part(b.text));
        p.carry_out(ref, ticket::command{hear{std::move(e)}});
      });
}

/// Adds what happens with the ticket, and what it waits for although it could be taken, or would be
/// if its run went on.
void add_situation(api const& a, workforce& at_hand, resting& runs, json::object& shown,
                   json::value const& state) {
  auto lack = runs.lack_of_ticket(state);
  if (!lack && may_be_leased(state))
    if (auto const s = json::from<ticket::state>(state))
      lack = at_hand.lack_of(*s);
  auto const lacking = lack ? json::value(std::move(*lack)) : json::value{};
  shown.emplace("now", situation_of(state, lacking, a.n.clock().now()));
  if (!lacking.is_null())
    shown.emplace("lacks", lacking);
}

/// A page of tickets, each with what happens with it, and what it waits for although it could be
/// taken.
void list_tickets(api const& a, request const& r, reply const& answer) {
  workforce at_hand{a, r.principal.tenant};
  resting runs{a, r.principal.tenant};
  a.list(r, answer, entity_kind::ticket,
         {{"project", "project"}, {"brief", "brief"}, {"run", "run"}, {"status", "is"}},
         [&](json::object& shown, json::value const& state) {
           add_situation(a, at_hand, runs, shown, state);
         });
}

void show_ticket(api const& a, request const& r, reply const& answer) {
  a.n.query(
      a.ref(entity_kind::ticket, r.params.at("id")),
      [&a, answer, path = r.path, tenant = r.principal.tenant](result<json::value> const& state) {
        if (!state) {
          answer(problem(state.error(), path));
          return;
        }
        auto shown = present(*state, true);
        workforce at_hand{a, tenant};
        resting runs{a, tenant};
        add_situation(a, at_hand, runs, shown, *state);
        answer(json_response(200, shown));
      });
}

/// With what its open tickets have used, and what it waits for.
void add_to_run(api const& a, tenant_id const& tenant, json::object& shown,
                json::value const& state) {
  count_open_tickets(a, tenant, shown, state);
  if (auto lack = resting{a, tenant}.lack_of_run(state))
    shown.emplace("lacks", std::move(*lack));
}

void show_run(api const& a, request const& r, reply const& answer) {
  a.n.query(
      a.ref(entity_kind::run, r.params.at("id")),
      [&a, answer, path = r.path, tenant = r.principal.tenant](result<json::value> const& state) {
        if (!state) {
          answer(problem(state.error(), path));
          return;
        }
        auto shown = present(*state, true);
        add_to_run(a, tenant, shown, *state);
        answer(json_response(200, shown));
      });
}

} // namespace

void add_ticket_routes(std::vector<route>& out, api const& a) {
  constexpr auto t = entity_kind::ticket;
  out.push_back(get("/api/tickets", role::viewer,
                    [&a](request const& r, reply const& answer) { list_tickets(a, r, answer); }));
  out.push_back(get("/api/tickets/{id}", role::viewer,
                    [&a](request const& r, reply const& answer) { show_ticket(a, r, answer); }));
  out.push_back(post("/api/tickets/{id}/comments", role::developer, submit_limit,
                     with_body<comment_body>(a, t, body_is::needed, [](comment_body b) {
                       return ticket::command{ticket::comment{b.text, b.reply_to, b.metrics,
                                                              b.blockers, b.next_steps}};
                     })));
  out.push_back(post("/api/tickets/{id}/review", role::approver, small_body,
                     with_body<review_body>(a, t, body_is::needed, [](review_body b) {
                       return ticket::command{ticket::review{b.approved, b.notes}};
                     })));
  out.push_back(post("/api/tickets/{id}/resolve", role::developer, small_body,
                     with_body<resolve_body>(a, t, body_is::needed, [](resolve_body b) {
                       return ticket::command{ticket::resolve{b.how, b.why}};
                     })));
  out.push_back(post("/api/tickets/{id}/cancel", role::developer, small_body,
                     with_why(a, t, [](std::string why) {
                       return ticket::command{ticket::cancel{std::move(why)}};
                     })));
  out.push_back(
      post("/api/tickets/{id}/answer", role::developer, small_body,
           [&a](request const& r, reply const& answer) { answer_question(a, r, answer); }));

  constexpr auto u = entity_kind::run;
  out.push_back(get("/api/runs", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, u, {{"project", "project"}, {"brief", "brief"}, {"status", "is"}},
           [&](json::object& shown, json::value const& state) {
             add_to_run(a, r.principal.tenant, shown, state);
           });
  }));
  out.push_back(get("/api/runs/{id}", role::viewer,
                    [&a](request const& r, reply const& answer) { show_run(a, r, answer); }));
  out.push_back(post(
      "/api/runs/{id}/pause", role::developer, small_body,
      with_why(a, u, [](std::string why) { return run::command{run::pause{std::move(why)}}; })));
  out.push_back(post("/api/runs/{id}/resume", role::developer, small_body,
                     bare_command(a, u, any_command{run::command{run::resume{}}})));
  out.push_back(post(
      "/api/runs/{id}/cancel", role::developer, small_body,
      with_why(a, u, [](std::string why) { return run::command{run::cancel{std::move(why)}}; })));
}

} // namespace troupe
