#include "actors/domain/principal.hpp"

namespace troupe::principal {

namespace {

using events = std::vector<event>;

constexpr transition<status> rows[] = {
    {status::none, status::active, "issued"},
    {status::active, status::USED, "redeemed"},
    {status::active, status::REVOKED, "revoked"},
    {status::active, status::EXPIRED, "its time is over"},
};

bool is_over(state const& s, time_point now) {
  return s.expires != time_point{} && now >= s.expires;
}

/// Decides one command; one small function an alternative.
struct judge {
  state const& s;
  command_context const& ctx;

  [[nodiscard]] error refuse(std::string sentence) const {
    return conflict(std::move(sentence), s.is, transitions());
  }

  result<events> operator()(issue const& c) const {
    if (s.is != status::none) {
      if (c.who == s.who && c.secret_hash == s.secret_hash && c.kind == s.kind)
        return events{};
      return refuse("this credential exists already; issue another one");
    }
    if (c.who.empty())
      return fail(errc::invalid_argument, "say for whom", {{"field", "who"}});
    if (c.secret_hash.size() != 64)
      return fail(errc::invalid_argument, "secret_hash must be a SHA-256 in hex",
                  {{"field", "secret_hash"}});
    if (c.roles.empty())
      return fail(errc::invalid_argument, "a credential needs at least one role",
                  {{"field", "roles"}});
    return events{
        issued{c.who, c.label, c.kind, c.secret_hash, c.roles, c.expires, status::active}};
  }

  result<events> operator()(redeem const&) const {
    if (s.kind != credential::code)
      return refuse("a token is not redeemed; send it with each request");
    if (s.is == status::USED)
      return refuse("this code was used already; ask for another one");
    if (s.is == status::REVOKED)
      return refuse("this code was revoked; ask for another one");
    if (s.is == status::EXPIRED || is_over(s, ctx.now))
      return refuse("this code has expired; ask for another one");
    return events{redeemed{}};
  }

  result<events> operator()(revoke const& c) const {
    if (s.is != status::active)
      return events{}; // it is good for nothing already
    return events{revoked{c.why, status::REVOKED}};
  }

  result<events> operator()(settle const&) const { return events{}; }
  result<events> operator()(tick const&) const {
    if (s.is != status::active || !is_over(s, ctx.now))
      return events{};
    return events{revoked{"its time is over", status::EXPIRED}};
  }
};

struct fold {
  state& s;
  event_context const& ctx;

  void operator()(issued const& e) const {
    s.who = e.who;
    s.label = e.label;
    s.kind = e.kind;
    s.secret_hash = e.secret_hash;
    s.roles = e.roles;
    s.expires = e.expires;
    s.issued_at = ctx.at;
  }
  void operator()(redeemed const&) const { s.ended_at = ctx.at; }
  void operator()(revoked const& e) const {
    s.why = e.why;
    s.ended_at = ctx.at;
  }
  void operator()(settled const&) const {}
};

} // namespace

transition_table<status> transitions() {
  return rows;
}

bool is_good(state const& s, time_point now) {
  return s.is == status::active && !is_over(s, now);
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const& ctx) {
  if (s.is == status::none && !std::holds_alternative<issue>(c))
    return fail(errc::not_found, "there is no such credential");
  return std::visit(judge{s, ctx}, c);
}

state evolve(state s, event const& e, event_context const& ctx) {
  std::visit(fold{s, ctx}, e);
  if (auto const to = target_of<status>(e); to != status::none)
    s.is = to;
  s.version = ctx.version;
  return s;
}

std::vector<obligation> obligations(state const& s) {
  if (s.is != status::active || s.expires == time_point{})
    return {};
  return {{"expires", false, alarm{s.expires}}};
}

} // namespace troupe::principal
