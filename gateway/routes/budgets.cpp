#include "actors/domain/kinds.hpp"
#include "gateway/routes/table.hpp"
#include "protocol/content_hash.hpp"

#include <algorithm>

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

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// A commit by its whole name: a review, a gate and a merge are bound to exactly this one.
bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

error wrong(char const* field, std::string sentence) {
  return fail(errc::invalid_argument, std::move(sentence), {{"field", field}});
}

/// A scope that exists gets more; its parent is known.
void grant(api const& a, request const& r, reply const& answer) {
  auto b = body_of<grant_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  if (b->amount <= 0) {
    refuse(r, answer, wrong("amount", "amount must be above 0"));
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

result<void> check(ticket_body const& b) {
  if (b.project.empty())
    return wrong("project", "project must not be empty");
  if (is_blank(b.title))
    return wrong("title", "title must not be empty");
  if (std::any_of(b.criteria.begin(), b.criteria.end(), is_blank))
    return wrong("criteria", "no criterion may be empty");
  return {};
}

plan_item item_of(ticket_body b) {
  plan_item item;
  item.key = "1";
  item.title = std::move(b.title);
  item.text = std::move(b.text);
  item.role = std::move(b.role);
  item.criteria = std::move(b.criteria);
  item.files = std::move(b.files);
  item.importance = b.importance;
  return item;
}

/// A run of one ticket, outside of a plan: what a run does for its tickets, it does for this one.
void make_ticket(api const& a, request const& r, reply const& answer) {
  auto b = body_of<ticket_body>(r);
  if (auto ok = b ? check(*b) : result<void>{b.error()}; !ok) {
    refuse(r, answer, ok.error());
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
    // The same request again is the same ticket.
    auto const id =
        options.idempotency
            ? sha256(options.idempotency->source + "\n" + options.idempotency->key).substr(0, 12)
            : a.n.ids().short_id();
    options.correlation = id;
    auto const send = [&a, answer, path, id, options](run::create c) {
      a.n.submit(a.ref(entity_kind::run, id), run::command{std::move(c)}, options,
                 [answer, path, id](command_result const& done) {
                   if (!done) {
                     answer(answer_of(done, path));
                     return;
                   }
                   answer(json_response(
                       201, json::object{{"id", id + "-1"}, {"run", id}, {"status", "backlog"}}));
                 });
    };
    result<void> fits;
    if (p->is != project::status::active)
      fits = conflict("project " + b.project.value + " is archived", p->is, project::transitions());
    else if (!b.role.empty() && with_role(p->config, b.role) == nullptr)
      fits = wrong("role", "no agent has the role " + b.role);
    if (!fits) {
      // The project may have changed since; the command is never reached.
      a.if_repeated(
          options, [send] { send({}); },
          [answer, path, no = fits.error()] { answer(problem(no, path)); });
      return;
    }
    run::create c;
    c.project = b.project;
    c.config = std::move(p->config);
    c.by_hand = true;
    c.items = {item_of(std::move(b))};
    send(std::move(c));
  });
}

result<void> check(report_body const& b) {
  if (b.outcome != link::outcome::done && b.outcome != link::outcome::changes_requested &&
      b.outcome != link::outcome::failed)
    return wrong("outcome", "outcome must be done, changes_requested or failed");
  if (is_blank(b.summary))
    return wrong("summary", "summary must not be empty");
  if (!b.head.empty() && !is_commit(b.head))
    return wrong("head", "head must be the whole hash of a commit, as `git rev-parse` prints it");
  if (!b.base.empty() && !is_commit(b.base))
    return wrong("base", "base must be the whole hash of a commit, as `git rev-parse` prints it");
  return {};
}

/// The report as the holder of the ticket's lease sends it.
link::finished finished_of(ticket::state const& s, report_body b) {
  link::finished f;
  f.ticket = ticket_id{s.self.id};
  f.token = s.last_token;
  f.how = b.outcome;
  f.summary = std::move(b.summary);
  f.notes = std::move(b.notes);
  f.proof.branch = "agent/" + s.self.id;
  f.proof.base = std::move(b.base);
  f.proof.head = std::move(b.head);
  f.proof.files = std::move(b.files);
  bool const review = !ticket::is_merge(s, s.holder.stage) &&
                      s.stages[static_cast<std::size_t>(s.holder.stage)].kind == stage_kind::review;
  if (review && f.proof.head.empty()) // about what lies before him
    f.proof.head = s.proof.head;
  return f;
}

/// What a person did with the ticket that was given to him. The lease is found in the ticket.
void report(api const& a, request const& r, reply const& answer) {
  auto b = body_of<report_body>(r);
  if (auto ok = b ? check(*b) : result<void>{b.error()}; !ok) {
    refuse(r, answer, ok.error());
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
    auto const send = [&a, answer, path, ref, options](link::finished f) {
      a.n.submit(ref, ticket::command{ticket::finish{std::move(f)}}, options,
                 [answer, path](command_result const& done) { answer(answer_of(done, path)); });
    };
    if (!ticket::is_leased(*s) || s->holder.engine != engine_kind::human) {
      // The same report sent again finds the ticket further on; the command is never reached.
      a.if_repeated(
          options, [send] { send({}); },
          [answer, path,
           no = conflict("ticket " + ref.id + " is " + name(s->is) +
                             " and not in the hands of a person",
                         s->is, ticket::transitions())] { answer(problem(no, path)); });
      return;
    }
    send(finished_of(*s, std::move(b)));
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
