#pragma once

#include "gateway/routes/api.hpp"

/// Shapes that the handlers of several resources share.
namespace troupe {

/// `{"why":"…"}`, for the ledger.
struct why_body {
  std::string why;
  TROUPE_FIELDS(why_body, why);
};

/// A request whose answer comes later, on some thread: what is still needed of it then.
struct pending_request {
  api const& on;
  reply answer;
  std::string path;
  submit_options options;

  pending_request(api const& a, request const& r, reply const& to)
      : on(a), answer(to), path(r.path), options(a.options(r)) {}

  void refuse(error const& e) const { answer(problem(e, path)); }
  /// Sends the command and answers with the entity's state (`status`), or the problem.
  void carry_out(entity_ref to, any_command c, int status = 200) const {
    on.n.submit(std::move(to), std::move(c), options,
                [answer = answer, path = path, status](command_result const& done) {
                  answer(answer_of(done, path, status));
                });
  }
  /// The refusal, or, where this is the same request again, the answer that was given then: any
  /// command of the kind brings it, because it is never reached.
  void refuse_unless_repeated(error no, entity_ref to, any_command any) const {
    on.if_repeated(
        options, [me = *this, to = std::move(to), any = std::move(any)] { me.carry_out(to, any); },
        [me = *this, no = std::move(no)] { me.refuse(no); });
  }
};

/// Reads an entity's state as its domain has it, then calls `then(pending_request, State)`. Where
/// there is no such entity the request is answered with that, and with `way_out`.
template <class State, class Then>
void with_state(pending_request p, entity_ref of, Then then, std::string way_out = {}) {
  auto& n = p.on.n;
  n.query(std::move(of), [p = std::move(p), then = std::move(then),
                          way_out = std::move(way_out)](result<json::value> const& state) mutable {
    auto s = state ? json::from<State>(*state) : result<State>{state.error()};
    if (s) {
      then(std::move(p), std::move(*s));
      return;
    }
    auto no = s.error();
    if (no.code == errc::not_found)
      no.message += way_out;
    p.refuse(no);
  });
}

enum class body_is { needed, optional };

/// A handler that reads a body and sends what `make` makes of it to the entity `{id}`.
template <class Body, class Make>
[[nodiscard]] handler with_body(api const& a, entity_kind kind, body_is wanted, Make make) {
  return [&a, kind, wanted, make](request const& r, reply const& answer) {
    auto b = wanted == body_is::needed ? body_of<Body>(r) : optional_body<Body>(r);
    if (!b)
      refuse(r, answer, b.error());
    else
      a.command(r, answer, a.ref(kind, r.params.at("id")), any_command{make(std::move(*b))});
  };
}

/// The same for a command that is told why, or not.
template <class Make>
[[nodiscard]] handler with_why(api const& a, entity_kind kind, Make make) {
  return with_body<why_body>(a, kind, body_is::optional,
                             [make](why_body b) { return make(std::move(b.why)); });
}

} // namespace troupe
