#include "actors/domain/kinds.hpp"
#include "gateway/routes/table.hpp"

namespace troupe {

namespace {

struct why_body {
  std::string why;
  TROUPE_FIELDS(why_body, why);
};
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

template <class Body, class Make>
handler with_body(api const& a, entity_kind kind, bool needed, Make make) {
  return [&a, kind, needed, make](request const& r, reply const& answer) {
    if (r.json.is_null() && needed) {
      refuse(r, answer, fail(errc::invalid_argument, "a JSON body is needed"));
      return;
    }
    auto b = r.json.is_null() ? result<Body>{Body{}} : json::from<Body>(r.json);
    if (!b) {
      refuse(r, answer, b.error());
      return;
    }
    a.command(r, answer, a.ref(kind, r.params.at("id")), any_command{make(std::move(*b))});
  };
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
  a.n.query(ref, [&a, answer, path = r.path, options = a.options(r), ref,
                  b = std::move(*b)](result<json::value> const& state) mutable {
    auto s = state ? json::from<ticket::state>(*state) : result<ticket::state>{state.error()};
    if (!s) {
      answer(problem(s.error(), path));
      return;
    }
    envelope const* asked = nullptr;
    for (auto const& m : s->conversation) {
      bool const wanted = b.message.empty() ? m.kind == message_kind::question : m.id == b.message;
      if (wanted)
        asked = &m;
    }
    if (asked == nullptr || s->is != ticket::status::waiting) {
      // The same answer sent again finds the ticket at work; the command is never reached.
      a.if_repeated(
          options,
          [&a, answer, path, options, ref] {
            a.n.submit(
                ref, ticket::command{hear{}}, options,
                [answer, path](command_result const& done) { answer(answer_of(done, path)); });
          },
          [answer, path,
           no = conflict("ticket " + ref.id + " is " + name(s->is) + " and waits for no answer",
                         s->is, ticket::transitions())] { answer(problem(no, path)); });
      return;
    }
    envelope e;
    e.id = asked->id + ".h";
    e.cause = asked->id;
    e.correlation = asked->correlation;
    e.reply_to = asked->id;
    e.kind = message_kind::answer;
    e.from = options.by;
    e.to = asked->from;
    e.hops = asked->hops + 1;
    e.parts.push_back(text_part(std::move(b.text)));
    a.n.submit(ref, ticket::command{hear{std::move(e)}}, std::move(options),
               [answer, path](command_result const& done) { answer(answer_of(done, path)); });
  });
}

} // namespace

void add_ticket_routes(std::vector<route>& out, api const& a) {
  constexpr auto t = entity_kind::ticket;
  out.push_back(get("/api/tickets", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, t,
           {{"project", "project"}, {"brief", "brief"}, {"run", "run"}, {"status", "is"}});
  }));
  out.push_back(get("/api/tickets/{id}", role::viewer, [&a](request const& r, reply const& answer) {
    a.show(r, answer, a.ref(t, r.params.at("id")));
  }));
  out.push_back(post("/api/tickets/{id}/comments", role::developer, submit_limit,
                     with_body<comment_body>(a, t, true, [](comment_body b) {
                       return ticket::command{ticket::comment{b.text, b.reply_to, b.metrics,
                                                              b.blockers, b.next_steps}};
                     })));
  out.push_back(post("/api/tickets/{id}/review", role::approver, small_body,
                     with_body<review_body>(a, t, true, [](review_body b) {
                       return ticket::command{ticket::review{b.approved, b.notes}};
                     })));
  out.push_back(post("/api/tickets/{id}/resolve", role::developer, small_body,
                     with_body<resolve_body>(a, t, true, [](resolve_body b) {
                       return ticket::command{ticket::resolve{b.how, b.why}};
                     })));
  out.push_back(post("/api/tickets/{id}/cancel", role::developer, small_body,
                     with_body<why_body>(a, t, false, [](why_body b) {
                       return ticket::command{ticket::cancel{b.why}};
                     })));
  out.push_back(
      post("/api/tickets/{id}/answer", role::developer, small_body,
           [&a](request const& r, reply const& answer) { answer_question(a, r, answer); }));

  constexpr auto u = entity_kind::run;
  out.push_back(get("/api/runs", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, u, {{"project", "project"}, {"brief", "brief"}, {"status", "is"}});
  }));
  out.push_back(get("/api/runs/{id}", role::viewer, [&a](request const& r, reply const& answer) {
    a.show(r, answer, a.ref(u, r.params.at("id")));
  }));
  out.push_back(post("/api/runs/{id}/pause", role::developer, small_body,
                     with_body<why_body>(
                         a, u, false, [](why_body b) { return run::command{run::pause{b.why}}; })));
  out.push_back(post("/api/runs/{id}/resume", role::developer, small_body,
                     bare_command(a, u, any_command{run::command{run::resume{}}})));
  out.push_back(post("/api/runs/{id}/cancel", role::developer, small_body,
                     with_body<why_body>(a, u, false, [](why_body b) {
                       return run::command{run::cancel{b.why}};
                     })));
}

} // namespace troupe
