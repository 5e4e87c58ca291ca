#include "actors/domain/kinds.hpp"
#include "gateway/auth/token.hpp"
#include "gateway/routes/table.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr auto code_life = std::chrono::minutes{15};

struct token_body {
  std::string name;
  std::vector<principal::role> roles;
  std::int64_t days = 0; ///< 0: does not expire
  TROUPE_FIELDS(token_body, name, roles, days);
};
struct enroll_body {
  std::string code;
  std::string name;
  std::vector<link::runner_info> runners;
  TROUPE_FIELDS(enroll_body, code, name, runners);
};
struct why_body {
  std::string why;
  TROUPE_FIELDS(why_body, why);
};

std::string entity_id(std::string const& hash) {
  return hash.substr(0, 32);
}

/// A new token for a person. Shown once: only its hash is kept.
void issue_token(api const& a, request const& r, reply const& answer) {
  auto b = body_of<token_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  bool const usual =
      !b->roles.empty() && !b->name.empty() &&
      std::find(b->roles.begin(), b->roles.end(), principal::role::daemon) == b->roles.end();
  if (!usual || b->days < 0 || b->days > 3650) {
    refuse(r, answer,
           fail(errc::invalid_argument,
                "name and roles (viewer, developer, approver, admin) are needed; days is 0 to 3650",
                {{"field", b->name.empty()    ? "name"
                           : b->roles.empty() ? "roles"
                                              : "days"}}));
    return;
  }
  auto const token = new_token();
  auto const hash = hash_token(token);
  principal::issue c;
  c.who = principal_id{"human:" + b->name};
  c.label = b->name;
  c.secret_hash = hash;
  c.roles = b->roles;
  if (b->days > 0)
    c.expires = a.n.clock().now() + std::chrono::hours{24} * b->days;
  auto o = a.options(r);
  o.idempotency.reset(); // a stored answer would have to store the token
  a.n.submit(a.ref(entity_kind::principal, entity_id(hash)), principal::command{std::move(c)},
             std::move(o), [&a, answer, path = r.path, token](command_result const& done) {
               if (!done) {
                 answer(problem(done.error(), path));
                 return;
               }
               a.tokens.learn_state(done->state); // valid from the moment it is shown
               auto out = present(done->state, true);
               out.erase("secret_hash");
               out.emplace("token", token);
               answer(json_response(201, out));
             });
}

/// A single-use code with which one daemon can enrol in the next minutes.
void issue_code(api const& a, request const& r, reply const& answer) {
  auto const code = new_enrolment_code();
  auto const hash = hash_token(code);
  principal::issue c;
  c.who = r.principal.id;
  c.label = "enrolment";
  c.kind = principal::credential::code;
  c.roles = {principal::role::daemon};
  c.secret_hash = hash;
  c.expires = a.n.clock().now() + code_life;
  auto const expires = c.expires;
  auto o = a.options(r);
  o.idempotency.reset();
  a.n.submit(a.ref(entity_kind::principal, entity_id(hash)), principal::command{std::move(c)},
             std::move(o), [answer, path = r.path, code, expires](command_result const& done) {
               answer(done ? json_response(
                                 201, json::object{{"code", code}, {"expires", json::to(expires)}})
                           : problem(done.error(), path));
             });
}

/// Code for identity: the code is used up first (durably, once), then the daemon and its token are
/// made. A crash in between costs the code, never gives two identities for one.
void enroll(api const& a, request const& r, reply const& answer) {
  auto b = body_of<enroll_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  auto const code = normalise_enrolment_code(b->code);
  auto const no_such = fail(
      errc::unauthorized, "this enrolment code is not valid: unknown, used or expired; make a new "
                          "one with `troupe daemon code`");
  if (!code || b->name.empty()) {
    refuse(r, answer,
           b->name.empty()
               ? fail(errc::invalid_argument, "name must not be empty", {{"field", "name"}})
               : no_such);
    return;
  }
  submit_options o;
  o.by = principal_id{"system"};
  o.want_state = true;
  auto const daemon = "d-" + a.n.ids().short_id();
  a.n.submit(
      a.ref(entity_kind::principal, entity_id(hash_token(*code))),
      principal::command{principal::redeem{}}, o,
      [&a, answer, path = r.path, no_such, name = b->name, daemon, o](command_result const& used) {
        if (!used) {
          bool const passing =
              used.error().code == errc::busy || used.error().code == errc::unavailable;
          answer(problem(passing ? used.error() : no_such, path));
          return;
        }
        if (used->events == 0) { // a command that changes nothing: somebody used it before
          answer(problem(no_such, path));
          return;
        }
        a.n.submit(a.ref(entity_kind::daemon, daemon), daemon::command{daemon::enroll{name}}, o,
                   [&a, answer, path, name, daemon, o](command_result const& enrolled) {
                     if (!enrolled) {
                       answer(problem(enrolled.error(), path));
                       return;
                     }
                     auto const token = new_token();
                     auto const hash = hash_token(token);
                     principal::issue c;
                     c.who = principal_id{"daemon:" + daemon};
                     c.label = name;
                     c.secret_hash = hash;
                     c.roles = {principal::role::daemon};
                     a.n.submit(a.ref(entity_kind::principal, entity_id(hash)),
                                principal::command{std::move(c)}, o,
                                [&a, answer, path, token, daemon](command_result const& done) {
                                  if (done)
                                    a.tokens.learn_state(done->state);
                                  answer(done ? json_response(201, json::object{{"daemon", daemon},
                                                                                {"token", token}})
                                              : problem(done.error(), path));
                                });
                   });
      });
}

/// Revokes a daemon and every token that is its own.
void revoke_daemon(api const& a, request const& r, reply const& answer) {
  auto const id = r.params.at("id");
  std::size_t total = 0;
  auto const tokens = a.n.view().list(
      a.tenant, entity_kind::principal,
      [&](json::value const& s) {
        auto const* who = s.is_object() ? s.get_object().if_contains("who") : nullptr;
        return who != nullptr && who->is_string() && who->get_string() == "daemon:" + id;
      },
      0, 100, total);
  for (auto const& t : tokens) {
    auto const shown = present(t, false);
    submit_options o;
    o.by = r.principal.id;
    a.n.submit(
        a.ref(entity_kind::principal, std::string{std::string_view{shown.at("id").get_string()}}),
        principal::command{principal::revoke{"daemon revoked"}}, o, {});
  }
  a.hub.drop(daemon_id{id}, "this daemon was revoked");
  a.command(r, answer, a.ref(entity_kind::daemon, id),
            daemon::command{daemon::revoke{"revoked by " + r.principal.id.value}});
}

} // namespace

void add_access_routes(std::vector<route>& out, api const& a) {
  out.push_back(get("/api/daemons", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(r, answer, entity_kind::daemon, {{"status", "is"}});
  }));
  out.push_back(get("/api/daemons/{id}", role::viewer, [&a](request const& r, reply const& answer) {
    a.show(r, answer, a.ref(entity_kind::daemon, r.params.at("id")));
  }));
  out.push_back(post("/api/daemons/codes", role::admin, small_body,
                     [&a](request const& r, reply const& answer) { issue_code(a, r, answer); }));
  out.push_back(post("/api/daemons/enroll", role::none, small_body,
                     [&a](request const& r, reply const& answer) { enroll(a, r, answer); }));
  out.push_back(post("/api/daemons/{id}/revoke", role::admin, small_body,
                     [&a](request const& r, reply const& answer) { revoke_daemon(a, r, answer); }));
  out.push_back(post("/api/daemons/{id}/drain", role::admin, small_body,
                     [&a](request const& r, reply const& answer) {
                       a.command(r, answer, a.ref(entity_kind::daemon, r.params.at("id")),
                                 daemon::command{daemon::drain{}});
                     }));

  out.push_back(get("/api/tokens", role::admin, [&a](request const& r, reply const& answer) {
    a.list(r,
           [answer](response page) {
             auto v = json::parse(page.body);
             if (page.status == 200 && v) { // hashes are nobody's business
               for (auto& item : v->get_object().at("items").get_array())
                 item.get_object().erase("secret_hash");
               page.body = json::canonical(*v);
             }
             answer(std::move(page));
           },
           entity_kind::principal, {{"status", "is"}, {"who", "who"}});
  }));
  out.push_back(post("/api/tokens", role::admin, small_body,
                     [&a](request const& r, reply const& answer) { issue_token(a, r, answer); }));
  out.push_back(
      remove("/api/tokens/{id}", role::admin, [&a](request const& r, reply const& answer) {
        a.command(r, answer, a.ref(entity_kind::principal, r.params.at("id")),
                  principal::command{principal::revoke{"revoked by " + r.principal.id.value}});
      }));
  out.push_back(socket(
      "/api/daemon/link", role::daemon,
      [&a](request const& r, std::shared_ptr<web_socket> s) { a.hub.serve(r, std::move(s)); }));
}

} // namespace troupe
