#include "persistence/postgres/append_call.hpp"

#include "persistence/postgres/record.hpp"
#include "persistence/postgres/row_mapping.hpp"
#include "persistence/postgres/session.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace troupe::postgres {

namespace {

using of = binary_array::of;

struct home {
  std::uint64_t epoch = 0;
  std::size_t place = 0; ///< in the order of the shards
  std::uint64_t events = 0;
};

struct columns {
  binary_array s_shard{of::int4}, s_epoch{of::int8}, s_events{of::int4};
  binary_array w_home{of::int4}, w_tenant{of::texts}, w_kind{of::int2}, w_id{of::texts},
      w_expected{of::int8}, w_head{of::booleans}, w_last{of::booleans}, w_wake{of::int8},
      w_at{of::int4}, w_count{of::int4}, w_first{of::uuids}, w_last_id{of::uuids},
      w_hash{of::bytes}, w_body{of::bytes};
  binary_array i_tenant{of::texts}, i_source{of::texts}, i_key{of::texts}, i_hash{of::texts},
      i_answer{of::texts};
  binary_array d_shard{of::int4}, d_tenant{of::texts}, d_effect{of::texts};
  binary_array o_shard{of::int4}, o_tenant{of::texts}, o_effect{of::texts}, o_kind{of::texts},
      o_class{of::int2}, o_payload{of::texts}, o_not_before{of::int8}, o_attempt{of::int4},
      o_running{of::booleans}, o_epoch{of::int8};
  binary_array a_shard{of::int4}, a_tenant{of::texts}, a_effect{of::texts}, a_epoch{of::int8};

  [[nodiscard]] std::vector<std::string> params(time_point now) const {
    std::vector<std::string> out{binary_int8(ms(now))};
    for (auto const* a :
         {&s_shard,    &s_epoch,  &s_events,  &w_home,       &w_tenant,  &w_kind,    &w_id,
          &w_expected, &w_head,   &w_last,    &w_wake,       &w_at,      &w_count,   &w_first,
          &w_last_id,  &w_hash,   &w_body,    &i_tenant,     &i_source,  &i_key,     &i_hash,
          &i_answer,   &d_shard,  &d_tenant,  &d_effect,     &o_shard,   &o_tenant,  &o_effect,
          &o_kind,     &o_class,  &o_payload, &o_not_before, &o_attempt, &o_running, &o_epoch,
          &a_shard,    &a_tenant, &a_effect,  &a_epoch})
      out.push_back(a->bytes());
    return out;
  }
};

bool is_plain(unit const& u) {
  return u.epoch != 0 && u.writes.size() == 1 && !u.writes.front().events.empty() && !u.inbox &&
         u.outbox.empty() && u.outbox_done.empty() && u.outbox_started.empty();
}

append_call call_of_one(unit const& u) {
  auto const& w = u.writes.front();
  record row;
  pack(row, u.epoch, w.events);
  return {true,
          {binary_int4(static_cast<std::int32_t>(u.shard)), binary_int8(num(u.epoch)),
           w.stream.tenant.value, binary_int2(static_cast<std::int16_t>(w.stream.kind)),
           w.stream.id, binary_int8(num(w.expected_version)), std::string(1, w.wake_at ? 1 : 0),
           binary_int8(w.wake_at ? ms(*w.wake_at) : 0),
           binary_int4(static_cast<std::int32_t>(w.events.size())), binary_hex(row.first_id),
           binary_hex(row.last_id), binary_hex(row.hash), std::move(row.body)},
          {{0, 1}}};
}

class builder {
public:
  bool add(std::span<unit const> units) {
    for (auto const& u : units) {
      auto const [it, fresh] = homes_.try_emplace(u.shard, home{u.epoch});
      if (u.epoch == 0 || it->second.epoch != u.epoch)
        return false;
    }
    std::size_t place = 0;
    for (auto& [shard, h] : homes_)
      h.place = place++;
    for (auto const& u : units)
      for (auto const& w : u.writes)
        last_[&w.stream] = &w;
    for (auto const& u : units)
      if (!add(u))
        return false;
    for (auto const& [shard, h] : homes_) {
      c_.s_shard.add_int4(static_cast<std::int32_t>(shard));
      c_.s_epoch.add_int8(num(h.epoch));
      c_.s_events.add_int4(static_cast<std::int32_t>(h.events));
    }
    return true;
  }

  append_call call(time_point now) && { return {false, c_.params(now), std::move(places_)}; }

private:
  struct by_name {
    std::size_t operator()(entity_ref const* r) const {
      return std::hash<std::string>{}(r->id) ^ static_cast<std::size_t>(r->kind);
    }
    bool operator()(entity_ref const* a, entity_ref const* b) const { return *a == *b; }
  };

  bool add(unit const& u) {
    auto& h = homes_.at(u.shard);
    auto const before = h.events;
    for (auto const& w : u.writes)
      if (!add(h, w))
        return false;
    places_.push_back({h.place, h.events == before ? 0 : before + 1});
    return add_inbox(u) && add_effects(u);
  }

  bool add(home& h, stream_write const& w) {
    // A stream's earlier write in this batch says where the next one must go on.
    auto const [known, fresh] = versions_.try_emplace(&w.stream, w.expected_version);
    if (!fresh && known->second != w.expected_version)
      return false;
    known->second += w.events.size();
    c_.w_home.add_int4(static_cast<std::int32_t>(h.place + 1));
    c_.w_tenant.add_text(w.stream.tenant.value);
    c_.w_kind.add_int2(static_cast<std::int16_t>(w.stream.kind));
    c_.w_id.add_text(w.stream.id);
    c_.w_expected.add_int8(num(w.expected_version));
    c_.w_head.add(fresh);
    c_.w_last.add(last_.at(&w.stream) == &w);
    if (w.wake_at)
      c_.w_wake.add_int8(ms(*w.wake_at));
    else
      c_.w_wake.add_null();
    h.events += w.events.size();
    c_.w_at.add_int4(static_cast<std::int32_t>(h.events));
    if (w.events.empty()) {
      c_.w_count.add_int4(0);
      for (auto* none : {&c_.w_first, &c_.w_last_id, &c_.w_hash, &c_.w_body})
        none->add_null();
      return true;
    }
    pack(packed_, h.epoch, w.events);
    c_.w_count.add_int4(static_cast<std::int32_t>(w.events.size()));
    add_ids(c_.w_first, c_.w_last_id, packed_);
    c_.w_hash.add_hex(packed_.hash);
    c_.w_body.add_text(packed_.body);
    return true;
  }

  bool add_inbox(unit const& u) {
    if (!u.inbox)
      return true;
    c_.i_tenant.add_text(u.tenant.value);
    c_.i_source.add_text(u.inbox->source);
    c_.i_key.add_text(u.inbox->key);
    c_.i_hash.add_text(u.inbox->request_hash);
    c_.i_answer.add_text(u.inbox->answer);
    return touched_.insert("i" + u.tenant.value + '\0' + u.inbox->source + '\0' + u.inbox->key)
        .second;
  }

  bool add_effects(unit const& u) {
    if (u.outbox.empty() && u.outbox_done.empty() && u.outbox_started.empty())
      return true;
    std::unordered_set<std::string> mine; // a unit may speak of an effect twice: done and again
    auto const prefix = "o" + std::to_string(u.shard) + '\0' + u.tenant.value + '\0';
    auto const shard = static_cast<std::int32_t>(u.shard);
    for (auto const& id : u.outbox_done) {
      c_.d_shard.add_int4(shard);
      c_.d_tenant.add_text(u.tenant.value);
      c_.d_effect.add_text(id);
      mine.insert(prefix + id);
    }
    for (auto const& x : u.outbox) {
      c_.o_shard.add_int4(shard);
      c_.o_tenant.add_text(u.tenant.value);
      c_.o_effect.add_text(x.effect_id);
      c_.o_kind.add_text(x.kind);
      c_.o_class.add_int2(static_cast<std::int16_t>(x.declared));
      c_.o_payload.add_text(x.payload);
      c_.o_not_before.add_int8(ms(x.not_before));
      c_.o_attempt.add_int4(x.attempt);
      c_.o_running.add(x.running);
      c_.o_epoch.add_int8(num(x.epoch));
      mine.insert(prefix + x.effect_id);
    }
    for (auto const& id : u.outbox_started) {
      c_.a_shard.add_int4(shard);
      c_.a_tenant.add_text(u.tenant.value);
      c_.a_effect.add_text(id);
      c_.a_epoch.add_int8(num(u.epoch));
      mine.insert(prefix + id);
    }
    auto const others = touched_.size();
    auto const own = mine.size();
    touched_.merge(mine);
    return touched_.size() == others + own;
  }

  columns c_;
  std::vector<append_call::place> places_;
  std::map<std::uint32_t, home> homes_;
  std::unordered_map<entity_ref const*, stream_write const*, by_name, by_name> last_;
  std::unordered_map<entity_ref const*, std::uint64_t, by_name, by_name> versions_;
  std::unordered_set<std::string> touched_; ///< keys and effects of the units so far
  record packed_;
};

} // namespace

std::optional<append_call> make_call(std::span<unit const> units, time_point now) {
  if (units.size() == 1 && is_plain(units.front()))
    return call_of_one(units.front());
  builder all;
  if (!all.add(units))
    return std::nullopt;
  return std::move(all).call(now);
}

} // namespace troupe::postgres
