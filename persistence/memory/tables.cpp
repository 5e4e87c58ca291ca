#include "persistence/memory/tables.hpp"

namespace troupe::memory {

stream_record const* tables::find(entity_ref const& ref) const {
  auto const& streams = shards[shard_of(ref)].streams;
  auto const found = streams.find(ref);
  return found == streams.end() ? nullptr : &found->second;
}

std::uint64_t tables::version(entity_ref const& ref) const {
  auto const* s = find(ref);
  return s == nullptr ? 0 : s->seqs.size();
}

std::optional<stored_place> tables::place(std::uint32_t shard, std::string const& event_id,
                                          entity_ref const&, std::uint64_t) const {
  auto const& home = shards[shard];
  auto const found = home.seq_of.find(event_id);
  if (found == home.seq_of.end())
    return std::nullopt;
  auto const& e = home.log[found->second - 1];
  return stored_place{e.stream, e.version, e.seq};
}

std::optional<inbox_entry> tables::answered(tenant_id const& tenant, std::string const& source,
                                            std::string const& key) const {
  auto const found = inbox.find({tenant, source, key});
  if (found == inbox.end())
    return std::nullopt;
  return found->second.entry;
}

bool tables::has_effect(std::uint32_t shard, tenant_id const& tenant,
                        std::string const& effect_id) const {
  return shards[shard].outbox.contains({tenant, effect_id});
}

void tables::set_wake(shard_record& home, entity_ref const& ref, stream_record& s,
                      std::optional<time_point> wake_at) {
  if (s.wake_at == wake_at)
    return;
  if (s.wake_at)
    home.wakes.erase({*s.wake_at, ref});
  s.wake_at = wake_at;
  if (wake_at)
    home.wakes.emplace(*wake_at, ref);
}

void tables::add_event(stored_event e) {
  auto& home = shards[e.shard];
  auto& s = home.streams[e.stream];
  s.seqs.push_back(e.seq);
  s.hash = e.event.hash;
  home.seq_of.emplace(e.event.event_id, e.seq);
  home.log.push_back(std::move(e));
}

std::uint64_t tables::store(unit const& u, time_point now) {
  auto& home = shards[u.shard];
  std::uint64_t first = 0;
  for (auto const& w : u.writes) {
    auto version = w.expected_version;
    for (auto const& e : w.events) {
      std::uint64_t const seq = home.log.size() + 1;
      if (first == 0)
        first = seq;
      add_event({u.shard, seq, u.epoch, w.stream, ++version, e});
    }
    set_wake(home, w.stream, home.streams[w.stream], w.wake_at);
  }
  for (auto const& id : u.outbox_done)
    home.outbox.erase({u.tenant, id});
  for (auto row : u.outbox) {
    row.tenant = u.tenant;
    home.outbox.insert_or_assign({u.tenant, row.effect_id}, std::move(row));
  }
  for (auto const& id : u.outbox_started) {
    auto& row = home.outbox.at({u.tenant, id});
    row.attempt += 1;
    row.running = true;
    row.epoch = u.epoch;
  }
  if (u.inbox)
    inbox.emplace(std::tuple{u.tenant, u.inbox->source, u.inbox->key},
                  inbox_row{u.tenant, *u.inbox, now});
  return first;
}

} // namespace troupe::memory
