#include "gateway/auth/token_index.hpp"

#include "actors/domain/principal.hpp"
#include "actors/ports.hpp"
#include "gateway/auth/token.hpp"

#include <algorithm>

namespace troupe {

namespace {

role api_role(principal::role r) {
  switch (r) {
  case principal::role::viewer:
    return role::viewer;
  case principal::role::developer:
    return role::developer;
  case principal::role::approver:
    return role::approver;
  case principal::role::admin:
    return role::admin;
  case principal::role::daemon:
    return role::daemon;
  case principal::role::observe:
    return role::observe;
  case principal::role::observe_contents:
    return role::observe_contents;
  }
  return role::none;
}

} // namespace

void token_index::learn(stored_event const& e) {
  if (e.stream.kind != entity_kind::principal)
    return;
  if (e.event.type == "principal.issued") {
    auto const data = json::parse(e.event.data);
    auto const x =
        data ? json::from<principal::issued>(*data) : result<principal::issued>{data.error()};
    if (!x || x->kind != principal::credential::token)
      return;
    known k;
    k.hash = x->secret_hash;
    k.who.id = x->who;
    k.who.tenant = e.stream.tenant;
    for (auto const r : x->roles)
      k.who.roles.insert(api_role(r));
    k.expires = x->expires;
    std::unique_lock lock{mutex_};
    by_entity_[e.stream.id] = std::move(k);
  } else if (e.event.type == "principal.revoked") {
    std::unique_lock lock{mutex_};
    if (auto const it = by_entity_.find(e.stream.id); it != by_entity_.end())
      it->second.revoked = true;
  }
}

void token_index::learn_state(json::value const& state) {
  auto const s = json::from<principal::state>(state);
  if (!s || s->kind != principal::credential::token)
    return;
  known k;
  k.hash = s->secret_hash;
  k.who.id = s->who;
  k.who.tenant = s->self.tenant;
  for (auto const r : s->roles)
    k.who.roles.insert(api_role(r));
  k.expires = s->expires;
  k.revoked = s->is != principal::status::active;
  std::unique_lock lock{mutex_};
  by_entity_[s->self.id] = std::move(k);
}

std::optional<principal_info> token_index::check(std::string_view token) {
  auto const hash = hash_token(token);
  std::shared_lock lock{mutex_};
  auto const it = by_entity_.find(hash.substr(0, 32));
  if (it == by_entity_.end() || it->second.revoked || !constant_time_equal(it->second.hash, hash))
    return std::nullopt;
  if (it->second.expires != time_point{} && it->second.expires <= clock_.now())
    return std::nullopt;
  return it->second.who;
}

bool token_index::has_admin() const {
  std::shared_lock lock{mutex_};
  return std::any_of(by_entity_.begin(), by_entity_.end(), [&](auto const& kv) {
    return !kv.second.revoked && kv.second.who.roles.contains(role::admin) &&
           (kv.second.expires == time_point{} || kv.second.expires > clock_.now());
  });
}

} // namespace troupe
