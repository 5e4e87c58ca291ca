#include "actors/domain/kinds.hpp"
#include "gateway/auth/address_limit.hpp"
#include "gateway/auth/token.hpp"
#include "gateway/routes/table.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

namespace troupe {

namespace {

constexpr std::int64_t code_seconds = 15 * 60;
constexpr std::int64_t longest_code_seconds = 24 * 60 * 60;
constexpr std::int64_t day_seconds = 24 * 60 * 60;
constexpr std::int64_t longest_token_seconds = 3650 * day_seconds;

struct token_body {
  std::string name;
  std::vector<principal::role> roles;
  std::int64_t days = 0;    ///< with `seconds`: until it expires; both 0: it does not
  std::int64_t seconds = 0; ///< for a job's token
  TROUPE_FIELDS(token_body, name, roles, days, seconds);
};
struct code_body {
  std::int64_t seconds = code_seconds; ///< how long it is good for
  TROUPE_FIELDS(code_body, seconds);
};
struct enroll_body {
  std::string code;
  std::string name;
  std::vector<link::runner_info> runners;
  TROUPE_FIELDS(enroll_body, code, name, runners);
};

std::string entity_id(std::string const& hash) {
  return hash.substr(0, 32);
}

/// What was shown once cannot be shown again: the request was sent a second time.
response shown_before(receipt const& made, std::string_view path, std::string const& way_out) {
  return problem(
      fail(errc::conflict,
           "this request was carried out before, and its secret is shown only once; " + way_out,
           {{"id", made.entity.id}}),
      path);
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
  bool const days = b->days >= 0 && b->days <= 3650;
  bool const seconds = b->seconds >= 0 && b->seconds <= longest_token_seconds;
  if (!usual || !days || !seconds) {
    refuse(
        r, answer,
        fail(errc::invalid_argument,
             "name and roles (viewer, developer, approver, admin, observe, observe_contents) are "
             "needed; days is 0 to 3650, seconds not more",
             {{"field", b->name.empty() ? "name"
                        : !usual        ? "roles"
                        : !days         ? "days"
                                        : "seconds"}}));
    return;
  }
  auto const token = new_token();
  auto const hash = hash_token(token);
  principal::issue c;
  c.who = principal_id{"human:" + b->name};
  c.label = b->name;
  c.secret_hash = hash;
  c.roles = b->roles;
  if (auto const life = b->days * day_seconds + b->seconds; life > 0)
    c.expires = a.n.clock().now() + std::chrono::seconds{life};
  a.n.submit(a.ref(entity_kind::principal, entity_id(hash)), principal::command{std::move(c)},
             a.options(r),
             [&a, answer, path = r.path, token, id = entity_id(hash)](command_result const& done) {
               if (!done) {
                 answer(answer_of(done, path));
                 return;
               }
               if (done->entity.id != id) {
                 answer(shown_before(*done, path,
                                     "revoke that token with DELETE /api/tokens/" +
                                         done->entity.id + " and ask with another key"));
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
  auto const b = optional_body<code_body>(r);
  if (!b) {
    refuse(r, answer, b.error());
    return;
  }
  if (b->seconds < 1 || b->seconds > longest_code_seconds) {
    refuse(r, answer,
           fail(errc::invalid_argument, "seconds is 1 to " + std::to_string(longest_code_seconds),
                {{"field", "seconds"}}));
    return;
  }
  auto const code = new_enrolment_code();
  auto const hash = hash_token(code);
  principal::issue c;
  c.who = r.principal.id;
  c.label = "enrolment";
  c.kind = principal::credential::code;
  c.roles = {principal::role::daemon};
  c.secret_hash = hash;
  c.expires = a.n.clock().now() + std::chrono::seconds{b->seconds};
  auto const expires = c.expires;
  a.n.submit(
      a.ref(entity_kind::principal, entity_id(hash)), principal::command{std::move(c)},
      a.options(r),
      [answer, path = r.path, code, expires, id = entity_id(hash)](command_result const& done) {
        if (!done)
          answer(answer_of(done, path));
        else if (done->entity.id != id)
          answer(shown_before(*done, path, "ask for another code with another key"));
        else
          answer(json_response(201, json::object{{"code", code}, {"expires", json::to(expires)}}));
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

error too_many_tries(std::chrono::seconds wait) {
  return fail(errc::busy,
              "too many enrolments were tried from this address; try again in " +
                  std::to_string(wait.count()) + " s",
              {{"retry_after", wait.count()}});
}

/// One that is online in the ledger and has no link is not called so: it may have gone while no
/// server was there to see it.
std::string shown_status(json::value const& state, std::set<daemon_id> const& linked) {
  auto const shown = present(state, false);
  std::string is{std::string_view{shown.at("status").get_string()}};
  daemon_id const id{std::string{std::string_view{shown.at("id").get_string()}}};
  if (is == name(daemon::status::online) && !linked.contains(id))
    is = name(daemon::status::suspect);
  return is;
}

/// Adds when the daemon was heard last; nothing of one that was not since the server's start.
void add_heard(json::object& shown, std::map<daemon_id, time_point> const& heard) {
  auto const at = heard.find(daemon_id{std::string{std::string_view{shown.at("id").get_string()}}});
  if (at != heard.end())
    shown.emplace("heard_at", json::to(at->second));
}

void show_daemon(api const& a, request const& r, reply const& answer) {
  a.n.query(a.ref(entity_kind::daemon, r.params.at("id")),
            [&a, answer, path = r.path](result<json::value> const& state) {
              if (!state) {
                answer(problem(state.error(), path));
                return;
              }
              auto shown = present(*state, true);
              // Looked up after the state: a link is there before the ledger says online.
              shown.insert_or_assign("status", shown_status(*state, a.hub.linked()));
              add_heard(shown, a.hub.heard());
              answer(json_response(200, shown));
            });
}

/// Revokes a daemon and every token that is its own. Where a token could not be revoked the daemon
/// is not, either: who is told that it is gone must be able to rely on it.
void revoke_daemon(api const& a, request const& r, reply const& answer) {
  if (auto ok = no_fields(r); !ok) {
    refuse(r, answer, ok.error());
    return;
  }
  auto const id = r.params.at("id");
  std::size_t total = 0;
  auto const tokens = a.n.view().list(
      a.tenant, entity_kind::principal,
      [&](state_view const& s) { return s.has("who", "daemon:" + id); }, 0,
      std::numeric_limits<std::size_t>::max(), total);
  auto const last = [&a, r, answer, id] {
    a.n.submit(a.ref(entity_kind::daemon, id),
               daemon::command{daemon::revoke{"revoked by " + r.principal.id.value}}, a.options(r),
               [&a, answer, path = r.path, id](command_result const& done) {
                 // The link is cut when its tokens are no longer good and its entity refuses a new
                 // one: cut before, the daemon would be back.
                 a.hub.drop(daemon_id{id}, "this daemon was revoked");
                 answer(answer_of(done, path));
               });
  };
  if (tokens.empty()) {
    last();
    return;
  }
  struct progress {
    std::mutex mutex;
    std::size_t left = 0;
    std::optional<error> refused;
  };
  auto const common = std::make_shared<progress>();
  common->left = tokens.size();
  for (auto const& t : tokens) {
    auto const shown = present(t, false);
    submit_options o;
    o.by = r.principal.id;
    o.want_state = true;
    a.n.submit(
        a.ref(entity_kind::principal, std::string{std::string_view{shown.at("id").get_string()}}),
        principal::command{principal::revoke{"daemon revoked"}}, o,
        [&a, common, last, answer, path = r.path](command_result const& done) {
          if (done)
            a.tokens.learn_state(done->state);
          {
            std::lock_guard lock{common->mutex};
            if (!done && !common->refused)
              common->refused = done.error();
            if (--common->left != 0)
              return;
          }
          if (common->refused)
            answer(problem(*common->refused, path));
          else
            last();
        });
  }
}

/// Lets a daemon finish what it has. The hub is told, too: the dispatcher knows daemons by their
/// presence and not by their state.
void drain_daemon(api const& a, request const& r, reply const& answer) {
  if (auto ok = no_fields(r); !ok) {
    refuse(r, answer, ok.error());
    return;
  }
  auto const id = r.params.at("id");
  a.n.submit(a.ref(entity_kind::daemon, id), daemon::command{daemon::drain{}}, a.options(r),
             [&a, answer, path = r.path, id](command_result const& done) {
               if (done)
                 a.hub.learn(daemon_id{id}, done->state);
               answer(answer_of(done, path));
             });
}

/// Revokes a token, and what was opened with it goes too: streams see it by themselves, a daemon's
/// link is cut.
void revoke_token(api const& a, request const& r, reply const& answer) {
  a.n.submit(a.ref(entity_kind::principal, r.params.at("id")),
             principal::command{principal::revoke{"revoked by " + r.principal.id.value}},
             a.options(r), [&a, answer, path = r.path](command_result const& done) {
               if (!done) {
                 answer(answer_of(done, path));
                 return;
               }
               a.tokens.learn_state(done->state);
               auto shown = present(done->state, true);
               shown.erase("secret_hash");
               constexpr std::string_view daemon_prefix = "daemon:";
               if (auto const* who = shown.if_contains("who"); who != nullptr && who->is_string())
                 if (auto const text = std::string_view{who->get_string()};
                     text.starts_with(daemon_prefix))
                   a.hub.drop(daemon_id{std::string{text.substr(daemon_prefix.size())}},
                              "the token of this daemon was revoked");
               answer(json_response(200, shown));
             });
}

} // namespace

void add_access_routes(std::vector<route>& out, api const& a) {
  out.push_back(get("/api/daemons", role::viewer, [&a](request const& r, reply const& answer) {
    a.list(
        r, answer, entity_kind::daemon, {{"status", "is"}},
        [heard = a.hub.heard()](json::object& shown, json::value const&) {
          add_heard(shown, heard);
        },
        [linked = a.hub.linked()](json::value const& s) { return shown_status(s, linked); });
  }));
  out.push_back(get("/api/daemons/{id}", role::viewer,
                    [&a](request const& r, reply const& answer) { show_daemon(a, r, answer); }));
  out.push_back(post("/api/daemons/codes", role::admin, small_body,
                     [&a](request const& r, reply const& answer) { issue_code(a, r, answer); }));
  out.push_back(
      post("/api/daemons/enroll", role::none, small_body,
           [&a, limit = std::make_shared<address_limit>()](request const& r, reply const& answer) {
             // Anybody may try a code: not as fast as they can.
             if (auto const wait = limit->take(r.peer, std::chrono::steady_clock::now()))
               refuse(r, answer, too_many_tries(*wait));
             else
               enroll(a, r, answer);
           }));
  out.push_back(post("/api/daemons/{id}/revoke", role::admin, small_body,
                     [&a](request const& r, reply const& answer) { revoke_daemon(a, r, answer); }));
  out.push_back(post("/api/daemons/{id}/drain", role::admin, small_body,
                     [&a](request const& r, reply const& answer) { drain_daemon(a, r, answer); }));

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
      remove("/api/tokens/{id}", role::admin,
             [&a](request const& r, reply const& answer) { revoke_token(a, r, answer); }));
  out.push_back(socket(
      "/api/daemon/link", role::daemon,
      [&a](request const& r, std::shared_ptr<web_socket> s) { a.hub.serve(r, std::move(s)); }));
}

} // namespace troupe
