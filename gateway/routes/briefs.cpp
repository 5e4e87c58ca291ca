#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript.hpp"
#include "gateway/http/redaction.hpp"
#include "gateway/routes/handlers.hpp"
#include "gateway/routes/table.hpp"
#include "gateway/routes/workforce.hpp"
#include "protocol/content_hash.hpp"
#include "protocol/redact_json.hpp"

#include <algorithm>

namespace troupe {

namespace {

struct submit_body {
  project_id project;
  std::string kind = "transcript";
  std::string name;
  std::string text;
  TROUPE_FIELDS(submit_body, project, kind, name, text);
};
struct notes_body {
  std::string notes;
  std::string content_hash;
  TROUPE_FIELDS(notes_body, notes, content_hash);
};
struct draft_body {
  brief_content content;
  TROUPE_FIELDS(draft_body, content);
};
struct decide_body {
  approval::choice how = approval::choice::approve;
  std::string notes;
  std::string content_hash;
  TROUPE_FIELDS(decide_body, how, notes, content_hash);
};
struct plan_body {
  plan_content content;
  TROUPE_FIELDS(plan_body, content);
};

constexpr char const* split_hint = "split the meeting, or leave out what is not about it";

/// Whether a body of this type can be a transcript: what says that it is something else is refused,
/// because almost any bytes can be read as prose.
bool may_be_text(std::string_view content_type) {
  std::string type{content_type.substr(0, content_type.find(';'))};
  while (!type.empty() && type.back() == ' ')
    type.pop_back();
  for (auto& c : type)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  // The form type is what curl says when nobody says anything.
  return type.empty() || type.starts_with("text/") || type == "application/octet-stream" ||
         type == "application/x-subrip" || type == "application/x-www-form-urlencoded";
}

/// Roles that the plan's tickets can have: those that it was made with, and those of agents that
/// the project has by now.
std::vector<std::string> roles_for(api const& a, plan::state const& s) {
  auto out = workforce{a, s.self.tenant}.roles_of(s.project);
  for (auto const& agent : s.config.roster)
    if (std::find(out.begin(), out.end(), agent.role) == out.end())
      out.push_back(agent.role);
  return out;
}

/// Reads the project, then submits its transcript with the configuration of this moment.
void submit(api const& a, request const& r, reply const& answer, submit_body body,
            std::string_view raw) {
  if (body.project.empty()) {
    refuse(r, answer,
           fail(errc::invalid_argument,
                "say which project this is for: field `project`, or ?project= with a plain body",
                {{"field", "project"}}));
    return;
  }
  if (raw.size() > brief::max_source_bytes) {
    refuse(r, answer,
           fail(errc::too_large,
                "a source may have " + std::to_string(brief::max_source_bytes) +
                    " bytes at most; " + split_hint,
                {{"limit_bytes", brief::max_source_bytes}}));
    return;
  }
  auto text = rules::decode_text(raw);
  if (!text) {
    refuse(r, answer, text.error());
    return;
  }
  // A plain body could not be redacted before it was decoded; strings of JSON are clean already.
  auto const redacted = redact_string(*text, "text") + redact_string(body.name, "name") +
                        redact_string(body.kind, "kind");
  auto const told = telling_redacted(answer, redacted);
  if (auto readable = parse_transcript(*text, body.name); !readable) {
    refuse(r, answer, readable.error());
    return;
  }
  auto digest = sha256(redacted == 0 ? raw : *text); // that of a secret could be guessed from
  brief::source from{body.kind, body.name, std::move(*text), std::move(digest)};
  with_state<project::state>(
      {a, r, told}, a.ref(entity_kind::project, body.project.value),
      [from = std::move(from), project = body.project](pending_request p,
                                                       project::state const& of) mutable {
        // A run keeps the configuration of this moment: without a repository every attempt would
        // fail, and no later change of the project could help.
        if (of.config.repository.empty()) {
          p.refuse(fail(errc::invalid_argument,
                        "project " + project.value +
                            " has no repository to work in; `troupe project change " +
                            project.value + " --repository …`, then submit this again",
                        {{"field", "repository"}}));
          return;
        }
        // The same request gives the same brief: its name comes from the idempotency key.
        auto id = p.on.n.ids().short_id();
        if (auto const& sent = p.options.idempotency)
          id = sha256(sent->source + "\n" + sent->key).substr(0, 8);
        p.options.correlation = id;
        p.carry_out(p.on.ref(entity_kind::brief, id),
                    brief::command{brief::submit{project, std::move(from), of.config}}, 201);
      },
      "; make it with `troupe project create " + body.project.value + " …`");
}

/// A plan that could not be worked must not be approved.
result<void> may_approve(api const& a, plan::state const& s) {
  auto ok = check_roles(s.content, roles_for(a, s));
  if (ok)
    return ok;
  auto no =
      conflict(ok.error().message + "; edit the plan, or send it back", s.is, plan::transitions());
  no.details.emplace("known", ok.error().details.at("known"));
  return no;
}
result<void> may_approve(api const&, brief::state const&) {
  return {};
}

/// Decides the approval that an entity waits for: found in its own state, so that a person may say
/// `brief approve` without knowing that approvals have names.
template <class State>
handler decide(api const& a, entity_kind kind, approval::choice how,
               transition_table<decltype(State::is)> table) {
  return [&a, kind, how, table](request const& r, reply const& answer) {
    auto body = optional_body<notes_body>(r);
    if (!body) {
      refuse(r, answer, body.error());
      return;
    }
    auto const subject = a.ref(kind, r.params.at("id"));
    with_state<State>(
        {a, r, answer}, subject,
        [how, table, subject, body = std::move(*body)](pending_request p, State const& s) {
          auto const id = p.on.ref(entity_kind::approval, present_approval(s).value);
          approval::command const decision{
              approval::decide_command{how, body.notes, body.content_hash}};
          if (name(s.is) != "pending_approval")
            p.refuse_unless_repeated(conflict(subject.id + " is " + name(s.is) +
                                                  ", not pending_approval: there is nothing to "
                                                  "decide",
                                              s.is, table),
                                     id, decision);
          else if (auto ok =
                       how == approval::choice::approve ? may_approve(p.on, s) : result<void>{};
                   !ok)
            p.refuse_unless_repeated(ok.error(), id, decision);
          else
            p.carry_out(id, decision);
        });
  };
}

handler decide_brief(api const& a, approval::choice how) {
  return decide<brief::state>(a, entity_kind::brief, how, brief::transitions());
}
handler decide_plan(api const& a, approval::choice how) {
  return decide<plan::state>(a, entity_kind::plan, how, plan::transitions());
}

/// Decides an approval by its own name. What it is about has its say here as well.
void decide_approval(api const& a, request const& r, reply const& answer) {
  auto b = body_of<decide_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  auto const id = a.ref(entity_kind::approval, r.params.at("id"));
  with_state<approval::state>(
      {a, r, answer}, id, [id, b = std::move(*b)](pending_request p, approval::state const& s) {
        approval::command const decision{approval::decide_command{b.how, b.notes, b.content_hash}};
        auto const about = entity_of(p.on.tenant, s.subject);
        bool const plan = about && about->kind == entity_kind::plan;
        if (!plan || b.how != approval::choice::approve || is_terminal(s.is)) {
          p.carry_out(id, decision);
          return;
        }
        with_state<plan::state>(std::move(p), *about,
                                [id, decision](pending_request q, plan::state const& of) {
                                  if (auto ok = may_approve(q.on, of); !ok)
                                    q.refuse_unless_repeated(ok.error(), id, decision);
                                  else
                                    q.carry_out(id, decision);
                                });
      });
}

/// A plan that a person edited. Roles are checked here: the plan's own check knows the
/// configuration that it was made with, and agents may have come since.
void edit_plan(api const& a, request const& r, reply const& answer) {
  auto b = body_of<plan_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  auto const id = a.ref(entity_kind::plan, r.params.at("id"));
  with_state<plan::state>({a, r, answer}, id,
                          [id, b = std::move(*b)](pending_request p, plan::state const& s) {
                            plan::command const edit{plan::propose{b.content}};
                            if (auto ok = check_roles(b.content, roles_for(p.on, s)); !ok)
                              p.refuse_unless_repeated(ok.error(), id, edit);
                            else
                              p.carry_out(id, edit);
                          });
}

} // namespace

void add_brief_routes(std::vector<route>& out, api const& a) {
  out.push_back(post("/api/briefs", role::developer, submit_limit,
                     [&a](request const& r, reply const& answer) {
                       auto b = body_of<submit_body>(r);
                       if (!b) {
                         refuse(r, answer, b.error());
                         return;
                       }
                       auto const text = b->text;
                       submit(a, r, answer, std::move(*b), text);
                     }));
  out.back().limit_hint = split_hint;
  // The transcript itself as the body, in whatever encoding it has.
  out.push_back(post_raw("/api/sources", role::developer, brief::max_source_bytes,
                         [&a](request const& r, reply const& answer) {
                           if (!may_be_text(r.headers.get("Content-Type"))) {
                             refuse(r, answer,
                                    fail(errc::unsupported,
                                         "send the transcript as text/plain, text/vtt or "
                                         "application/octet-stream; JSON goes to /api/briefs"));
                             return;
                           }
                           submit_body b;
                           b.project = project_id{r.query.get("project").value_or("")};
                           b.name = r.query.get("name").value_or("");
                           b.kind = r.query.get("kind").value_or("transcript");
                           submit(a, r, answer, std::move(b), r.body);
                         }));
  out.back().limit_hint = split_hint;
  out.push_back(get("/api/briefs", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, entity_kind::brief, {{"project", "project"}, {"status", "is"}});
  }));
  out.push_back(get("/api/briefs/{id}", role::viewer, [&a](request const& r, reply const& answer) {
    a.show(r, answer, a.ref(entity_kind::brief, r.params.at("id")));
  }));
  out.push_back(put("/api/briefs/{id}", role::developer, submit_limit,
                    with_body<draft_body>(a, entity_kind::brief, body_is::needed, [](draft_body b) {
                      return brief::command{brief::draft{std::move(b.content)}};
                    })));
  out.push_back(post("/api/briefs/{id}/approve", role::approver, small_body,
                     decide_brief(a, approval::choice::approve)));
  out.push_back(post("/api/briefs/{id}/revise", role::approver, small_body,
                     decide_brief(a, approval::choice::revise)));
  out.push_back(post("/api/briefs/{id}/reject", role::approver, small_body,
                     decide_brief(a, approval::choice::reject)));
  out.push_back(
      post("/api/briefs/{id}/resend", role::approver, small_body,
           bare_command(a, entity_kind::brief, any_command{brief::command{brief::resend{}}})));
  out.push_back(post("/api/briefs/{id}/hold", role::developer, small_body,
                     with_why(a, entity_kind::brief, [](std::string why) {
                       return brief::command{brief::hold{std::move(why)}};
                     })));
  out.push_back(
      post("/api/briefs/{id}/resume", role::developer, small_body,
           bare_command(a, entity_kind::brief, any_command{brief::command{brief::resume{}}})));
  out.push_back(post("/api/briefs/{id}/cancel", role::developer, small_body,
                     with_why(a, entity_kind::brief, [](std::string why) {
                       return brief::command{brief::cancel{std::move(why)}};
                     })));

  out.push_back(get("/api/plans", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, entity_kind::plan,
           {{"project", "project"}, {"brief", "brief"}, {"status", "is"}});
  }));
  out.push_back(get("/api/plans/{id}", role::viewer, [&a](request const& r, reply const& answer) {
    a.show(r, answer, a.ref(entity_kind::plan, r.params.at("id")));
  }));
  out.push_back(put("/api/plans/{id}", role::developer, submit_limit,
                    [&a](request const& r, reply const& answer) { edit_plan(a, r, answer); }));
  out.push_back(post("/api/plans/{id}/approve", role::approver, small_body,
                     decide_plan(a, approval::choice::approve)));
  out.push_back(post("/api/plans/{id}/revise", role::approver, small_body,
                     decide_plan(a, approval::choice::revise)));
  out.push_back(post("/api/plans/{id}/reject", role::approver, small_body,
                     decide_plan(a, approval::choice::reject)));

  out.push_back(get("/api/approvals", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, entity_kind::approval,
           {{"project", "project"}, {"subject", "subject"}, {"status", "is"}});
  }));
  out.push_back(
      get("/api/approvals/{id}", role::viewer, [&a](request const& r, reply const& answer) {
        a.show(r, answer, a.ref(entity_kind::approval, r.params.at("id")));
      }));
  out.push_back(
      post("/api/approvals/{id}/decide", role::approver, small_body,
           [&a](request const& r, reply const& answer) { decide_approval(a, r, answer); }));
}

} // namespace troupe
