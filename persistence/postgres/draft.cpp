#include "persistence/postgres/draft.hpp"

#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/row_mapping.hpp"
#include "protocol/crash_point.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::postgres {

namespace {

using of = binary_array::of;

/// The parameters of `troupe.append`.
struct columns {
  binary_array s_lane{of::int2}, s_number{of::int8}, s_body{of::bytes};
  binary_array h_shard{of::int4}, h_tenant{of::texts}, h_kind{of::int2}, h_id{of::texts},
      h_expected{of::int8};
  binary_array i_tenant{of::texts}, i_source{of::texts}, i_key{of::texts}, i_hash{of::texts},
      i_answer{of::texts};
  binary_array d_shard{of::int4}, d_tenant{of::texts}, d_effect{of::texts};
  binary_array o_shard{of::int4}, o_tenant{of::texts}, o_effect{of::texts}, o_kind{of::texts},
      o_class{of::int2}, o_payload{of::texts}, o_not_before{of::int8}, o_attempt{of::int4},
      o_running{of::booleans}, o_epoch{of::int8};
  binary_array a_shard{of::int4}, a_tenant{of::texts}, a_effect{of::texts}, a_epoch{of::int8};

  void add_segment(segment_place const& at, std::string_view body) {
    s_lane.add_int2(static_cast<std::int16_t>(at.lane));
    s_number.add_int8(num(at.number));
    s_body.add_text(body);
  }
  void add_head(entity_ref const& ref, std::uint64_t expected) {
    h_shard.add_int4(static_cast<std::int32_t>(shard_of(ref)));
    h_tenant.add_text(ref.tenant.value);
    h_kind.add_int2(static_cast<std::int16_t>(ref.kind));
    h_id.add_text(ref.id);
    h_expected.add_int8(num(expected));
  }
  void add_beside(unit const& u) {
    auto const shard = static_cast<std::int32_t>(u.shard);
    if (u.inbox) {
      i_tenant.add_text(u.tenant.value);
      i_source.add_text(u.inbox->source);
      i_key.add_text(u.inbox->key);
      i_hash.add_text(u.inbox->request_hash);
      i_answer.add_text(u.inbox->answer);
    }
    for (auto const& id : u.outbox_done) {
      d_shard.add_int4(shard);
      d_tenant.add_text(u.tenant.value);
      d_effect.add_text(id);
    }
    for (auto const& x : u.outbox) {
      o_shard.add_int4(shard);
      o_tenant.add_text(u.tenant.value);
      o_effect.add_text(x.effect_id);
      o_kind.add_text(x.kind);
      o_class.add_int2(static_cast<std::int16_t>(x.declared));
      o_payload.add_text(x.payload);
      o_not_before.add_int8(ms(x.not_before));
      o_attempt.add_int4(x.attempt);
      o_running.add(x.running);
      o_epoch.add_int8(num(x.epoch));
    }
    for (auto const& id : u.outbox_started) {
      a_shard.add_int4(shard);
      a_tenant.add_text(u.tenant.value);
      a_effect.add_text(id);
      a_epoch.add_int8(num(u.epoch));
    }
  }
  [[nodiscard]] std::vector<std::string> segments() const {
    return {s_lane.bytes(), s_number.bytes(), s_body.bytes()};
  }
  [[nodiscard]] std::vector<std::string> params(time_point now) const {
    std::vector<std::string> out{binary_int8(ms(now))};
    for (auto const* a : {&s_lane,    &s_number,   &s_body,   &h_shard,   &h_tenant,     &h_kind,
                          &h_id,      &h_expected, &i_tenant, &i_source,  &i_key,        &i_hash,
                          &i_answer,  &d_shard,    &d_tenant, &d_effect,  &o_shard,      &o_tenant,
                          &o_effect,  &o_kind,     &o_class,  &o_payload, &o_not_before, &o_attempt,
                          &o_running, &o_epoch,    &a_shard,  &a_tenant,  &a_effect,     &a_epoch})
      out.push_back(a->bytes());
    return out;
  }
};

bool has_more_than_writes(unit const& u) {
  return u.inbox || !u.outbox.empty() || !u.outbox_done.empty() || !u.outbox_started.empty();
}

} // namespace

std::optional<std::vector<unit_result>> draft::store(std::span<unit const> units) {
  std::vector<unit_result> out;
  out.reserve(units.size());
  for (auto const& u : units) {
    auto r = take(u);
    if (!r)
      return std::nullopt;
    out.push_back(std::move(*r));
  }
  flush();
  return out;
}

/// None: it must be seen with care.
std::optional<unit_result> draft::take(unit const& u) {
  if (!speaks_of_new(u)) {
    if (!careful_)
      return std::nullopt;
    flush();
    (void)speaks_of_new(u);
  }
  judged_ = &u;
  auto r = judge(*this, u);
  if (r.status == unit_status::ok)
    add(u, r);
  else if (!careful_)
    return std::nullopt;
  return r;
}

/// Whether no unit that waits speaks of a key or an effect of this one: one call takes them all in
/// no order.
bool draft::speaks_of_new(unit const& u) {
  if (!has_more_than_writes(u))
    return true;
  std::unordered_set<std::string> mine; // a unit may speak of an effect twice: done and again
  if (u.inbox)
    mine.insert("i" + u.tenant.value + '\0' + u.inbox->source + '\0' + u.inbox->key);
  auto const prefix = "o" + std::to_string(u.shard) + '\0' + u.tenant.value + '\0';
  for (auto const* ids : {&u.outbox_done, &u.outbox_started})
    for (auto const& id : *ids)
      mine.insert(prefix + id);
  for (auto const& x : u.outbox)
    mine.insert(prefix + x.effect_id);
  for (auto const& m : mine)
    if (touched_.contains(m))
      return false;
  touched_.merge(mine);
  return true;
}

void draft::add(unit const& u, unit_result& r) {
  auto const at = lane_of(u.shard);
  auto const& known = by_.at(s_, tail_, at);
  auto& l = lanes_.try_emplace(at, drafted_lane{known.number, 0, false, {}, {}}).first->second;
  l.wanted = true;
  auto& seq = seqs_.try_emplace(u.shard, by_.shards_.at(u.shard).last_seq).first->second;
  for (auto const& w : u.writes) {
    if (!w.events.empty() && r.first_seq == 0)
      r.first_seq = seq + 1;
    seq += w.events.size();
    versions_[w.stream] = {w.expected_version + w.events.size(), l.number + 1};
    l.waiting.push_back(records::make_section(u.shard, u.epoch, seq, w));
  }
  units_.push_back(&u);
}

/// Stores what waits, in one call.
void draft::flush() {
  if (units_.empty())
    return;
  columns c;
  bool const beside =
      !unseen_.empty() || std::any_of(units_.begin(), units_.end(),
                                      [](auto const* u) { return has_more_than_writes(*u); });
  auto const wanted =
      std::count_if(lanes_.begin(), lanes_.end(), [](auto const& l) { return l.second.wanted; });
  std::vector<std::string> only; // the parameters of a single segment
  for (auto& [number, l] : lanes_) {
    if (!std::exchange(l.wanted, false))
      continue;
    segment_place const at{number, ++l.number};
    auto const body = encode_segment(at, l.waiting);
    l.bytes += body.size();
    if (!beside && wanted == 1)
      only = {binary_int2(static_cast<std::int16_t>(at.lane)), binary_int8(num(at.number)), body};
    else
      c.add_segment(at, body);
    if (careful_)
      std::move(l.waiting.begin(), l.waiting.end(), std::back_inserter(stored_));
    else
      l.stored.push_back({at.number, body.substr(0, fresh_segments::beginning), body.size(),
                          std::make_shared<std::vector<section> const>(std::move(l.waiting))});
    l.waiting.clear();
  }
  for (auto const& [ref, expected] : unseen_)
    c.add_head(ref, expected);
  for (auto const* u : units_)
    c.add_beside(*u);
  TROUPE_CRASH_POINT(3, "store: before the commit");
  if (beside)
    s_.query_binary(sql::append, c.params(now_));
  else if (wanted == 1)
    s_.query_binary(sql::append_segment, only);
  else
    s_.query_binary(sql::append_segments, c.segments());
  TROUPE_CRASH_POINT(4, "store: after the commit");
  unseen_.clear();
  units_.clear();
  touched_.clear();
}

void draft::keep() {
  for (auto const& [shard, seq] : seqs_)
    by_.shards_.at(shard).last_seq = seq;
  for (auto const& [ref, head] : versions_) {
    auto& l = by_.lanes_.at(lane_of(shard_of(ref)));
    if (l.known)
      l.heads[ref] = head;
  }
  for (auto& [number, l] : lanes_) {
    by_.lanes_.at(number).number = l.number;
    by_.bytes_.at(number) += l.bytes;
    for (auto& one : l.stored)
      by_.fresh_.add(number, std::move(one));
  }
}

std::uint64_t draft::epoch(std::uint32_t shard) {
  by_.at(s_, tail_, lane_of(shard));
  return by_.shards_.at(shard).epoch;
}

std::uint64_t draft::version(entity_ref const& ref) {
  if (auto const mine = versions_.find(ref); mine != versions_.end())
    return mine->second.version;
  auto const& l = by_.at(s_, tail_, lane_of(shard_of(ref)));
  if (auto const known = l.heads.find(ref); known != l.heads.end())
    return known->second.version;
  std::uint64_t out = 0;
  if (careful_) {
    if (auto const r = s_.query(sql::find_stream, named(ref)); r.size() != 0)
      out = r.whole(0, 0);
  } else {
    for (auto const& w : judged_->writes)
      if (w.stream == ref)
        out = w.expected_version;
    unseen_.emplace_back(ref, out);
  }
  versions_.emplace(ref, appender::head{out, 0});
  return out;
}

std::optional<stored_place> draft::place(std::uint32_t, std::string const& event_id,
                                         entity_ref const& stream, std::uint64_t at) {
  if (version(stream) < at)
    return std::nullopt;
  // A first try that finds it taken is judged again with care.
  if (!careful_)
    return std::nullopt;
  std::optional<stored_place> out;
  auto const look = [&](stored_event const& e) {
    if (e.version == at && e.event.event_id == event_id)
      out = stored_place{e.stream, e.version, e.seq};
  };
  auto const look_into = [&](section const& x) {
    if (x.stream == stream && x.version - x.count < at && at <= x.version)
      for (auto const& e : tail::events(x))
        look(e);
  };
  auto p = named(stream);
  auto const r = s_.query(sql::read_stream, p.add(num(at - 1)).add(std::int64_t{1}));
  for (std::size_t i = 0; i < r.size(); ++i)
    for (auto const& e : unpack(record_of(r, i)))
      look(e);
  for (auto const* x : tail_.of(stream))
    look_into(*x);
  for (auto const& x : stored_)
    look_into(x);
  for (auto const& [number, l] : lanes_)
    for (auto const& x : l.waiting)
      look_into(x);
  return out;
}

std::optional<inbox_entry> draft::answered(tenant_id const& tenant, std::string const& source,
                                           std::string const& key) {
  return careful_ ? find_inbox(s_, tenant, source, key) : std::nullopt;
}

bool draft::has_effect(std::uint32_t shard, tenant_id const& tenant, std::string const& effect_id) {
  return s_.query(sql::has_effect, with(num(shard), tenant.value, effect_id)).size() != 0;
}

} // namespace troupe::postgres
