#include "actors/domain/kinds.hpp"
#include "gateway/routes/handlers.hpp"
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

/// A name for what a request makes, the same for the same request; empty: it has no key.
std::string name_of_request(submit_options const& options) {
  return options.idempotency ? sha256(options.idempotency->source + "\n" + options.idempotency->key)
                             : std::string{};
}

result<void> check(grant_body const& b) {
  if (b.amount <= 0)
    return wrong("amount", "amount must be above 0");
  return {};
}

/// A budget begins with a limit, because without one nothing asks it before spending: money that
/// was granted would bind nobody.
std::string way_to_open(std::string const& id, std::int64_t amount) {
  constexpr std::string_view of_project = "project:";
  auto const project = id.starts_with(of_project) ? id.substr(of_project.size()) : "ID";
  return "; a budget begins with a limit: PATCH /api/projects/" + project +
         " with {\"limits\":{\"budget_micros\":" + std::to_string(amount) + "}}";
}

/// A scope that exists gets more; its parent is known.
void grant(api const& a, request const& r, reply const& answer) {
  auto const b = body_of<grant_body>(r);
  if (auto ok = b ? check(*b) : result<void>{b.error()}; !ok) {
    refuse(r, answer, ok.error());
    return;
  }
  auto const of = a.ref(entity_kind::budget, r.params.at("id"));
  with_state<budget::state>(
      {a, r, answer}, of,
      [of, b = *b](pending_request p, budget::state const& s) {
        auto const scope = b.scope.empty() ? of.id : b.scope;
        auto const known = s.scopes.find(scope);
        if (known == s.scopes.end())
          p.refuse(fail(errc::not_found, "there is no scope " + scope, {{"field", "scope"}}));
        else
          p.carry_out(of, budget::command{budget::grant{scope, known->second.parent, b.amount,
                                                        name_of_request(p.options)}});
      },
      way_to_open(of.id, b->amount));
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

/// Whether the project can have this ticket now.
result<void> fits(project::state const& p, ticket_body const& b) {
  if (p.is != project::status::active)
    return conflict("project " + b.project.value + " is archived", p.is, project::transitions());
  if (!b.role.empty() && with_role(p.config, b.role) == nullptr)
    return wrong("role", "no agent has the role " + b.role);
  return {};
}

/// A run of one ticket, outside of a plan: what a run does for its tickets, it does for this one.
void make_ticket(api const& a, request const& r, reply const& answer) {
  auto b = body_of<ticket_body>(r);
  if (auto ok = b ? check(*b) : result<void>{b.error()}; !ok) {
    refuse(r, answer, ok.error());
    return;
  }
  auto const project = a.ref(entity_kind::project, b->project.value); // before the body moves
  with_state<project::state>(
      {a, r, answer}, project,
      [b = std::move(*b)](pending_request p, project::state const& of) mutable {
        auto id = name_of_request(p.options).substr(0, 12);
        if (id.empty())
          id = p.on.n.ids().short_id();
        p.options.correlation = id;
        auto const send = [id, p](run::create c) {
          p.on.n.submit(p.on.ref(entity_kind::run, id), run::command{std::move(c)}, p.options,
                        [answer = p.answer, path = p.path, id](command_result const& done) {
                          answer(done ? json_response(201, json::object{{"id", id + "-1"},
                                                                        {"run", id},
                                                                        {"status", "backlog"}})
                                      : answer_of(done, path));
                        });
        };
        if (auto ok = fits(of, b); !ok) {
          // The project may have changed since; the command is never reached.
          p.on.if_repeated(
              p.options, [send] { send({}); }, [p, no = ok.error()] { p.refuse(no); });
          return;
        }
        run::create c;
        c.project = b.project;
        c.config = of.config;
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
  bool const review =
      !ticket::is_merge(s, s.holder->stage) &&
      s.stages[static_cast<std::size_t>(s.holder->stage)].kind == stage_kind::review;
  if (review && f.proof.head.empty()) // about what lies before him
    f.proof.head = s.proof->head;
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
  with_state<ticket::state>(
      {a, r, answer}, ref, [ref, b = std::move(*b)](pending_request p, ticket::state const& s) {
        if (ticket::is_leased(s) && s.holder->engine == engine_kind::human)
          p.carry_out(ref, ticket::command{ticket::finish{finished_of(s, b)}});
        else // the same report sent again finds the ticket further on
          p.refuse_unless_repeated(conflict("ticket " + ref.id + " is " + name(s.is) +
                                                " and not in the hands of a person",
                                            s.is, ticket::transitions()),
                                   ref, ticket::command{ticket::finish{}});
      });
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
