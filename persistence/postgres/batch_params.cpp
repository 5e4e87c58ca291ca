#include "persistence/postgres/batch_params.hpp"

#include <algorithm>
#include <unordered_set>

namespace troupe::postgres {

namespace {

std::int64_t ms(time_point at) {
  return at.time_since_epoch().count();
}

/// What a unit touches, each as one text that no other thing has.
std::vector<std::string> touched(unit const& u) {
  std::vector<std::string> out;
  for (auto const& w : u.writes) {
    out.push_back("s" + to_string(w.stream));
    for (auto const& e : w.events)
      out.push_back("e" + e.event_id);
  }
  auto const home = u.tenant.value + '\0';
  if (u.inbox)
    out.push_back("i" + home + u.inbox->source + '\0' + u.inbox->key);
  auto const effect = [&](std::string const& id) {
    out.push_back("o" + home + std::to_string(u.shard) + '\0' + id);
  };
  for (auto const& row : u.outbox)
    effect(row.effect_id);
  for (auto const& id : u.outbox_started)
    effect(id);
  for (auto const& id : u.outbox_done)
    effect(id);
  return out;
}

} // namespace

std::vector<std::size_t> independent_runs(std::span<unit const> units) {
  std::vector<std::size_t> ends;
  std::unordered_set<std::string> taken;
  for (std::size_t i = 0; i < units.size(); ++i) {
    auto things = touched(units[i]);
    if (std::any_of(things.begin(), things.end(),
                    [&](auto const& x) { return taken.contains(x); })) {
      ends.push_back(i);
      taken.clear();
    }
    for (auto& x : things) // a unit may touch one thing twice: done and again
      taken.insert(std::move(x));
  }
  ends.push_back(units.size());
  return ends;
}

params append_params(std::span<unit const> units, time_point now) {
  array run_ends;
  array u_shard, u_epoch, u_tenant, u_events;
  array i_unit, i_source, i_key, i_hash, i_answer;
  array w_unit, w_kind, w_id, w_expected, w_count, w_hash, w_wake;
  array e_unit, e_write, e_pos, e_version, e_event, e_type, e_schema, e_at, e_principal, e_cause,
      e_correlation, e_data, e_hash;
  array o_unit, o_effect, o_kind, o_class, o_payload, o_not_before, o_attempt, o_running, o_epoch;
  array s_unit, s_effect, d_unit, d_effect;

  for (auto const end : independent_runs(units))
    run_ends.add(std::uint64_t{end});
  std::int32_t n = 0;       // of the unit, from 1 as in SQL
  std::int32_t written = 0; // of the write, from 1
  for (auto const& u : units) {
    ++n;
    std::int32_t pos = 0; // of the event within the unit, from 0
    for (auto const& w : u.writes) {
      ++written;
      w_unit.add(n);
      w_kind.add(static_cast<std::int32_t>(w.stream.kind));
      w_id.add(w.stream.id);
      w_expected.add(w.expected_version);
      w_count.add(std::uint64_t{w.events.size()});
      w_hash.add(w.events.empty() ? std::string_view{} : std::string_view{w.events.back().hash});
      w_wake.add(w.wake_at ? std::optional{ms(*w.wake_at)} : std::nullopt);
      auto version = w.expected_version;
      for (auto const& e : w.events) {
        e_unit.add(n);
        e_write.add(written);
        e_pos.add(pos++);
        e_version.add(++version);
        e_event.add(e.event_id);
        e_type.add(e.type);
        e_schema.add(e.schema);
        e_at.add(ms(e.at));
        e_principal.add(e.principal);
        e_cause.add(e.cause);
        e_correlation.add(e.correlation);
        e_data.add(e.data);
        e_hash.add(e.hash);
      }
    }
    u_shard.add(u.shard);
    u_epoch.add(u.epoch);
    u_tenant.add(u.tenant.value);
    u_events.add(pos);
    if (u.inbox) {
      i_unit.add(n);
      i_source.add(u.inbox->source);
      i_key.add(u.inbox->key);
      i_hash.add(u.inbox->request_hash);
      i_answer.add(u.inbox->answer);
    }
    for (auto const& row : u.outbox) {
      o_unit.add(n);
      o_effect.add(row.effect_id);
      o_kind.add(row.kind);
      o_class.add(static_cast<std::int32_t>(row.declared));
      o_payload.add(row.payload);
      o_not_before.add(ms(row.not_before));
      o_attempt.add(row.attempt);
      o_running.add(row.running);
      o_epoch.add(row.epoch);
    }
    for (auto const& id : u.outbox_started) {
      s_unit.add(n);
      s_effect.add(id);
    }
    for (auto const& id : u.outbox_done) {
      d_unit.add(n);
      d_effect.add(id);
    }
  }
  params out = with(ms(now));
  for (auto* a :
       {&run_ends,     &u_shard,   &u_epoch,   &u_tenant, &u_events,    &i_unit,   &i_source,
        &i_key,        &i_hash,    &i_answer,  &w_unit,   &w_kind,      &w_id,     &w_expected,
        &w_count,      &w_hash,    &w_wake,    &e_unit,   &e_write,     &e_pos,    &e_version,
        &e_event,      &e_type,    &e_schema,  &e_at,     &e_principal, &e_cause,  &e_correlation,
        &e_data,       &e_hash,    &o_unit,    &o_effect, &o_kind,      &o_class,  &o_payload,
        &o_not_before, &o_attempt, &o_running, &o_epoch,  &s_unit,      &s_effect, &d_unit,
        &d_effect})
    out.add(std::move(*a));
  return out;
}

} // namespace troupe::postgres
