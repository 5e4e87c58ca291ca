#pragma once

#include "actors/domain/kinds.hpp"
#include "persistence/event_store.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

namespace troupe::test {

/// A UUID v7 with this time.
inline std::string id_at(std::int64_t ms, int n) {
  char text[64];
  std::snprintf(text, sizeof text, "%08llx-%04llx-7000-8000-%012d",
                static_cast<unsigned long long>(ms) >> 16U,
                static_cast<unsigned long long>(ms) & 0xFFFFU, n);
  return text;
}

/// Writes events of credentials with the ids that a test wants, past every actor.
class scribe {
public:
  explicit scribe(event_store& store) : store_(store), epochs_(*store.claim_all("scribe")) {}

  void issue(std::string const& id, std::int64_t ms) {
    principal::issued x;
    x.who = principal_id{"human:" + id};
    x.secret_hash = std::string(64, 'a');
    x.roles = {principal::role::viewer};
    write(id, "issued", json::to(principal::event{x}), ms);
  }
  void revoke(std::string const& id, std::int64_t ms) {
    principal::revoked x;
    x.why = "lost";
    write(id, "revoked", json::to(principal::event{x}), ms);
  }
  void write(std::string const& id, std::string const& name, json::value data, std::int64_t ms) {
    entity_ref const stream{tenant_id{"default"}, entity_kind::principal, id};
    auto const at = store_.stream(stream).value();
    unit u;
    u.shard = shard_of(stream);
    u.epoch = epochs_[u.shard];
    u.tenant = stream.tenant;
    new_event e;
    e.event_id = id_at(ms, ++count_);
    e.type = "principal." + name;
    e.at = time_point{duration{ms}};
    e.principal = "human:ada";
    e.cause = "c1";
    data.as_object().erase("type");
    e.data = json::canonical(data);
    e.hash = chain_hash(at.hash, stream, at.version + 1, e);
    u.writes.push_back({stream, at.version, {std::move(e)}, std::nullopt});
    auto const r = store_.append(std::span{&u, 1});
    REQUIRE(r.has_value());
    REQUIRE(r->front().status == unit_status::ok);
  }

private:
  event_store& store_;
  std::vector<std::uint64_t> epochs_;
  int count_ = 0;
};

} // namespace troupe::test
