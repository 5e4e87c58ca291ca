#include "actors/domain/principal.hpp"

#include <algorithm>

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

  result<events> operator()(begin_watch const& c) const {
    if (s.kind != credential::token || s.is != status::active || is_over(s, ctx.now))
      return refuse("only who has a token that is good can watch");
    if (c.id.empty())
      return fail(errc::invalid_argument, "a watch needs an id", {{"field", "id"}});
    std::size_t open = 0;
    for (auto const& w : s.watches) {
      if (w.id == c.id)
        return events{};
      open += w.ended == time_point{} ? 1 : 0;
    }
    if (open >= most_open_watches)
      return fail(errc::busy, "this token has " + std::to_string(open) +
                                  " different watches open or just closed, which is the limit; try "
                                  "again later");
    return events{watch_begun{c.id, c.filter, c.contents}};
  }
  result<events> operator()(end_watch const& c) const {
    bool const open = std::any_of(s.watches.begin(), s.watches.end(), [&](watch const& w) {
      return w.id == c.id && w.ended == time_point{};
    });
    return open ? events{watch_ended{c.id, c.why, c.records}} : events{};
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
  void operator()(watch_begun const& e) const {
    s.watches.push_back({e.id, e.filter, e.contents, ctx.at, {}, {}, 0});
    if (s.watches.size() <= most_known_watches)
      return;
    auto const over = std::find_if(s.watches.begin(), s.watches.end(),
                                   [](watch const& w) { return w.ended != time_point{}; });
    if (over != s.watches.end())
      s.watches.erase(over);
  }
  void operator()(watch_ended const& e) const {
    for (auto& w : s.watches) {
      if (w.id != e.id || w.ended != time_point{})
        continue;
      w.ended = ctx.at;
      w.why = e.why;
      w.records = e.records;
    }
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
