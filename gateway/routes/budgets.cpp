#include "actors/domain/kinds.hpp"
#include "gateway/routes/table.hpp"
#include "protocol/content_hash.hpp"

/// Money, runs that go on, tickets outside of a plan, and what a person reports about his work.
namespace troupe {

namespace {

struct grant_body {
  std::string scope; ///< empty: the root, whose name the budget has
  std::int64_t amount = 0;
  TROUPE_FIELDS(grant_body, scope, amount);
};
struct why_body {
  std::string why;
  TROUPE_FIELDS(why_body, why);
};
struct ticket_body {
  project_id project;
  std::string title;
  std::string text;
  std::string role;
  std::vector<std::string> criteria;
  std::vector<std::string> files;
  priority importance = priority::normal;
  TROUPE_FIELDS(ticket_body, project, title, text, role, criteria, files, importance);
};
struct report_body {
  link::outcome outcome = link::outcome::done;
  std::string summary;
  std::vector<std::string> notes;
  std::string base;
  std::string head; ///< commit; empty: nothing was changed
  std::vector<std::string> files;
  TROUPE_FIELDS(report_body, outcome, summary, notes, base, head, files);
};

/// A scope that exists gets more; its parent is known.
void grant(api const& a, request const& r, reply const& answer) {
  auto b = body_of<grant_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  if (b->amount <= 0) {
    refuse(r, answer,
           fail(errc::invalid_argument, "amount must be above 0", {{"field", "amount"}}));
    return;
  }
  auto const of = a.ref(entity_kind::budget, r.params.at("id"));
  a.n.query(of, [&a, answer, path = r.path, options = a.options(r), of,
                 b = std::move(*b)](result<json::value> const& state) mutable {
    auto s = state ? json::from<budget::state>(*state) : result<budget::state>{state.error()};
    if (!s) {
      answer(problem(s.error(), path));
      return;
    }
    auto const scope = b.scope.empty() ? of.id : b.scope;
    auto const known = s->scopes.find(scope);
    if (known == s->scopes.end()) {
      answer(
          problem(fail(errc::not_found, "there is no scope " + scope, {{"field", "scope"}}), path));
      return;
    }
    // The same request again is the same grant.
    auto id = options.idempotency
                  ? sha256(options.idempotency->source + "\n" + options.idempotency->key)
                  : std::string{};
    a.n.submit(of,
               budget::command{budget::grant{scope, known->second.parent, b.amount, std::move(id)}},
               std::move(options),
               [answer, path](command_result const& done) { answer(answer_of(done, path)); });
  });
}

/// A run of one ticket, outside of a plan: what a run does for its tickets, it does for this one.
void make_ticket(api const& a, request const& r, reply const& answer) {
  auto b = body_of<ticket_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  if (b->title.empty() || b->project.empty()) {
    auto const* field = b->title.empty() ? "title" : "project";
    refuse(r, answer,
           fail(errc::invalid_argument, std::string{field} + " must not be empty",
                {{"field", field}}));
    return;
  }
  auto const project = a.ref(entity_kind::project, b->project.value); // before the body moves
  a.n.query(project, [&a, answer, path = r.path, options = a.options(r),
                      b = std::move(*b)](result<json::value> const& state) mutable {
    auto p = state ? json::from<project::state>(*state) : result<project::state>{state.error()};
    if (!p) {
      answer(problem(p.error(), path));
      return;
    }
    if (p->is != project::status::active) {
      answer(
          problem(conflict("project " + b.project.value + " is archived", name(p->is), {}), path));
      return;
    }
    if (!b.role.empty() && with_role(p->config, b.role) == nullptr) {
      answer(problem(
          fail(errc::invalid_argument, "no agent has the role " + b.role, {{"field", "role"}}),
          path));
      return;
    }
    auto id =
        options.idempotency
            ? sha256(options.idempotency->source + "\n" + options.idempotency->key).substr(0, 8)
            : a.n.ids().short_id();
    run::create c;
    c.project = b.project;
    c.config = p->config;
    c.by_hand = true;
    plan_item item;
    item.key = "1";
    item.title = b.title;
    item.text = b.text;
    item.role = b.role;
    item.criteria = b.criteria;
    item.files = b.files;
    item.importance = b.importance;
    c.items = {std::move(item)};
    options.correlation = id;
    a.n.submit(a.ref(entity_kind::run, id), run::command{std::move(c)}, std::move(options),
               [answer, path, id](command_result const& done) {
                 if (!done) {
                   answer(answer_of(done, path));
                   return;
                 }
                 answer(json_response(
                     201, json::object{{"id", id + "-1"}, {"run", id}, {"status", "backlog"}}));
               });
  });
}

/// What a person did with the ticket that was given to him. The lease is found in the ticket.
void report(api const& a, request const& r, reply const& answer) {
  auto b = body_of<report_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  bool const known = b->outcome == link::outcome::done ||
                     b->outcome == link::outcome::changes_requested ||
                     b->outcome == link::outcome::failed;
  if (!known || b->summary.empty()) {
    refuse(r, answer,
           fail(errc::invalid_argument,
                known ? "summary must not be empty"
                      : "outcome must be done, changes_requested or failed",
                {{"field", known ? "summary" : "outcome"}}));
    return;
  }
  auto const ref = a.ref(entity_kind::ticket, r.params.at("id"));
  a.n.query(ref, [&a, answer, path = r.path, options = a.options(r), ref,
                  b = std::move(*b)](result<json::value> const& state) mutable {
    auto s = state ? json::from<ticket::state>(*state) : result<ticket::state>{state.error()};
    if (!s) {
      answer(problem(s.error(), path));
      return;
    }
    if (!ticket::is_leased(*s) || s->holder.engine != engine_kind::human) {
      answer(problem(
          conflict("ticket " + ref.id + " is " + name(s->is) + " and not in the hands of a person",
                   name(s->is), {}),
          path));
      return;
    }
    link::finished f;
    f.ticket = ticket_id{ref.id};
    f.token = s->last_token;
    f.how = b.outcome;
    f.summary = std::move(b.summary);
    f.notes = std::move(b.notes);
    f.proof.branch = "agent/" + ref.id;
    f.proof.base = std::move(b.base);
    f.proof.head = std::move(b.head);
    f.proof.files = std::move(b.files);
    bool const review =
        !ticket::is_merge(*s, s->holder.stage) &&
        s->stages[static_cast<std::size_t>(s->holder.stage)].kind == stage_kind::review;
    if (review && f.proof.head.empty()) // about what lies before him
      f.proof.head = s->proof.head;
    a.n.submit(ref, ticket::command{ticket::finish{std::move(f)}}, std::move(options),
               [answer, path](command_result const& done) { answer(answer_of(done, path)); });
  });
}

handler with_why(api const& a, entity_kind kind, any_command (*make)(std::string)) {
  return [&a, kind, make](request const& r, reply const& answer) {
    auto b = optional_body<why_body>(r);
    if (!b) {
      refuse(r, answer, b.error());
      return;
    }
    a.command(r, answer, a.ref(kind, r.params.at("id")), make(std::move(b->why)));
  };
}

} // namespace

void add_budget_routes(std::vector<route>& out, api const& a) {
  out.push_back(get("/api/budgets", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, entity_kind::budget, {{"status", "is"}});
  }));
  out.push_back(get("/api/budgets/{id}", role::viewer, [&a](request const& r, reply const& answer) {
    a.show(r, answer, a.ref(entity_kind::budget, r.params.at("id")));
  }));
  out.push_back(post("/api/budgets/{id}/grant", role::approver, small_body,
                     [&a](request const& r, reply const& answer) { grant(a, r, answer); }));
  out.push_back(post("/api/runs/{id}/start", role::developer, small_body,
                     bare_command(a, entity_kind::run, any_command{run::command{run::start{}}})));
  out.push_back(post(
      "/api/runs/{id}/stop", role::developer, small_body,
      with_why(a, entity_kind::run, [](std::string why) {
        return any_command{run::command{run::stop{run::status::STOPPED_OPERATOR, std::move(why)}}};
      })));
  out.push_back(post("/api/runs/{id}/continue", role::developer, small_body,
                     with_why(a, entity_kind::run, [](std::string why) {
                       return any_command{run::command{run::carry_on{std::move(why)}}};
                     })));
  out.push_back(post("/api/tickets", role::developer, submit_limit,
                     [&a](request const& r, reply const& answer) { make_ticket(a, r, answer); }));
  out.push_back(post("/api/tickets/{id}/report", role::developer, submit_limit,
                     [&a](request const& r, reply const& answer) { report(a, r, answer); }));
}

} // namespace troupe
