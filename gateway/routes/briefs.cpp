#include "actors/domain/kinds.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript.hpp"
#include "gateway/http/redaction.hpp"
#include "gateway/routes/table.hpp"
#include "protocol/content_hash.hpp"
#include "protocol/redact_json.hpp"

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
struct why_body {
  std::string why;
  TROUPE_FIELDS(why_body, why);
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
  a.n.query(
      a.ref(entity_kind::project, body.project.value),
      [&a, answer = told, path = r.path, options = a.options(r), from = std::move(from),
       project = body.project](result<json::value> const& state) mutable {
        auto p = state ? json::from<project::state>(*state) : result<project::state>{state.error()};
        if (!p) {
          auto e = p.error();
          if (e.code == errc::not_found)
            e.message += "; make it with `troupe project create " + project.value + " …`";
          answer(problem(e, path));
          return;
        }
        // A run keeps the configuration of this moment: without a repository every attempt would
        // fail, and no later change of the project could help.
        if (p->config.repository.empty()) {
          answer(problem(fail(errc::invalid_argument,
                              "project " + project.value +
                                  " has no repository to work in; `troupe project change " +
                                  project.value + " --repository …`, then submit this again",
                              {{"field", "repository"}}),
                         path));
          return;
        }
        // The same request gives the same brief: its name comes from the idempotency key.
        auto id = a.n.ids().short_id();
        if (options.idempotency) {
          auto const hash = sha256(options.idempotency->source + "\n" + options.idempotency->key);
          id = hash.substr(0, 8);
        }
        options.correlation = id;
        a.n.submit(
            a.ref(entity_kind::brief, id),
            brief::command{brief::submit{project, std::move(from), p->config}}, std::move(options),
            [answer, path](command_result const& done) { answer(answer_of(done, path, 201)); });
      });
}

/// Decides the approval that an entity waits for: found in its own state, so that a person may say
/// `brief approve` without knowing that approvals have names.
template <class State>
void decide(api const& a, request const& r, reply const& answer, entity_kind kind,
            approval::choice how, transition_table<decltype(State::is)> table,
            std::function<std::string(State const&)> const& approval_id_of) {
  auto body = optional_body<notes_body>(r);
  if (!body) {
    refuse(r, answer, body.error());
    return;
  }
  auto const subject = a.ref(kind, r.params.at("id"));
  a.n.query(subject, [&a, answer, path = r.path, options = a.options(r), how, subject, table,
                      body = std::move(*body),
                      approval_id_of](result<json::value> const& state) mutable {
    auto s = state ? json::from<State>(*state) : result<State>{state.error()};
    if (!s) {
      answer(problem(s.error(), path));
      return;
    }
    auto const go = [&a, answer, path, options, how, body, id = approval_id_of(*s)] {
      a.n.submit(a.ref(entity_kind::approval, id),
                 approval::command{approval::decide_command{how, body.notes, body.content_hash}},
                 options,
                 [answer, path](command_result const& done) { answer(answer_of(done, path)); });
    };
    if (name(s->is) == "pending_approval") {
      go();
      return;
    }
    a.if_repeated(options, go,
                  [answer, path,
                   no = conflict(subject.id + " is " + name(s->is) +
                                     ", not pending_approval: there is "
                                     "nothing to decide",
                                 s->is, table)] { answer(problem(no, path)); });
  });
}

handler decide_brief(api const& a, approval::choice how) {
  return [&a, how](request const& r, reply const& answer) {
    decide<brief::state>(a, r, answer, entity_kind::brief, how, brief::transitions(),
                         [](brief::state const& s) { return brief::present_approval(s).value; });
  };
}
handler decide_plan(api const& a, approval::choice how) {
  return [&a, how](request const& r, reply const& answer) {
    decide<plan::state>(a, r, answer, entity_kind::plan, how, plan::transitions(),
                        [](plan::state const& s) { return plan::present_approval(s).value; });
  };
}

template <class Command>
handler brief_why(api const& a) {
  return [&a](request const& r, reply const& answer) {
    auto b = optional_body<why_body>(r);
    if (!b) {
      refuse(r, answer, b.error());
      return;
    }
    a.command(r, answer, a.ref(entity_kind::brief, r.params.at("id")),
              brief::command{Command{b->why}});
  };
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
                    [&a](request const& r, reply const& answer) {
                      auto b = body_of<draft_body>(r);
                      if (!b) {
                        refuse(r, answer, b.error());
                        return;
                      }
                      a.command(r, answer, a.ref(entity_kind::brief, r.params.at("id")),
                                brief::command{brief::draft{std::move(b->content)}});
                    }));
  out.push_back(post("/api/briefs/{id}/approve", role::approver, small_body,
                     decide_brief(a, approval::choice::approve)));
  out.push_back(post("/api/briefs/{id}/revise", role::approver, small_body,
                     decide_brief(a, approval::choice::revise)));
  out.push_back(post("/api/briefs/{id}/reject", role::approver, small_body,
                     decide_brief(a, approval::choice::reject)));
  out.push_back(
      post("/api/briefs/{id}/resend", role::approver, small_body,
           bare_command(a, entity_kind::brief, any_command{brief::command{brief::resend{}}})));
  out.push_back(
      post("/api/briefs/{id}/hold", role::developer, small_body, brief_why<brief::hold>(a)));
  out.push_back(
      post("/api/briefs/{id}/resume", role::developer, small_body,
           bare_command(a, entity_kind::brief, any_command{brief::command{brief::resume{}}})));
  out.push_back(
      post("/api/briefs/{id}/cancel", role::developer, small_body, brief_why<brief::cancel>(a)));

  out.push_back(get("/api/plans", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, entity_kind::plan,
           {{"project", "project"}, {"brief", "brief"}, {"status", "is"}});
  }));
  out.push_back(get("/api/plans/{id}", role::viewer, [&a](request const& r, reply const& answer) {
    a.show(r, answer, a.ref(entity_kind::plan, r.params.at("id")));
  }));
  out.push_back(put("/api/plans/{id}", role::developer, submit_limit,
                    [&a](request const& r, reply const& answer) {
                      auto b = body_of<plan_body>(r);
                      if (!b) {
                        refuse(r, answer, b.error());
                        return;
                      }
                      a.command(r, answer, a.ref(entity_kind::plan, r.params.at("id")),
                                plan::command{plan::propose{std::move(b->content)}});
                    }));
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
  out.push_back(post("/api/approvals/{id}/decide", role::approver, small_body,
                     [&a](request const& r, reply const& answer) {
                       auto b = body_of<decide_body>(r);
                       if (!b) {
                         refuse(r, answer, b.error());
                         return;
                       }
                       a.command(r, answer, a.ref(entity_kind::approval, r.params.at("id")),
                                 approval::command{
                                     approval::decide_command{b->how, b->notes, b->content_hash}});
                     }));
}

} // namespace troupe
