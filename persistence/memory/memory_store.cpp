#include "persistence/memory/memory_store.hpp"

#include "persistence/batch.hpp"
#include "persistence/memory/tables.hpp"

#include <algorithm>
#include <mutex>
#include <shared_mutex>

namespace troupe {

namespace {

using memory::shard_record;
using memory::stream_record;
using memory::tables;

struct shared_state {
  std::shared_mutex mutex;
  tables data;
};

time_point now() {
  return std::chrono::floor<duration>(std::chrono::system_clock::now());
}

error no_such_shard() {
  return fail(errc::invalid_argument, "there are 256 shards, from 0");
}

stream_info info_of(entity_ref const& ref, stream_record const& s) {
  return {ref, s.seqs.size(), s.hash, s.wake_at};
}

class memory_store final : public event_store {
public:
  explicit memory_store(std::shared_ptr<shared_state> state) : state_(std::move(state)) {}

  result<std::uint64_t> claim(std::uint32_t shard, std::string const& owner) override {
    if (shard >= shard_count)
      return no_such_shard();
    return write([&](tables& t) -> result<std::uint64_t> {
      t.shards[shard].owner = owner;
      return ++t.shards[shard].epoch;
    });
  }

  result<std::vector<std::uint64_t>> claim_all(std::string const& owner) override {
    return write([&](tables& t) -> result<std::vector<std::uint64_t>> {
      std::vector<std::uint64_t> epochs;
      for (auto& home : t.shards) {
        home.owner = owner;
        epochs.push_back(++home.epoch);
      }
      return epochs;
    });
  }

  result<std::vector<shard_info>> shards() override {
    return read([](tables const& t) {
      std::vector<shard_info> out;
      for (std::uint32_t i = 0; i < shard_count; ++i)
        out.push_back({i, t.shards[i].epoch, t.shards[i].owner, t.shards[i].log.size()});
      return out;
    });
  }

  result<std::vector<unit_result>> append(std::span<unit const> units) override {
    if (auto ok = check_batch(units); !ok)
      return ok.error();
    return write([&](tables& t) -> result<std::vector<unit_result>> {
      std::vector<unit_result> out;
      for (auto const& u : units) {
        out.push_back(judge(t, u));
        if (out.back().status == unit_status::ok)
          out.back().first_seq = t.store(u, now());
      }
      return out;
    });
  }

  result<std::vector<stored_event>> read_stream(entity_ref const& stream, std::uint64_t after,
                                                std::size_t limit) override {
    return read([&](tables const& t) {
      std::vector<stored_event> out;
      if (auto const* s = t.find(stream))
        for (auto v = after; v < s->seqs.size() && out.size() < limit; ++v)
          out.push_back(t.shards[shard_of(stream)].log[s->seqs[v] - 1]);
      return out;
    });
  }

  result<std::vector<stored_event>> read_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return read([&](tables const& t) {
      std::vector<stored_event> out;
      auto const& log = t.shards[shard].log;
      for (auto i = after; i < log.size() && out.size() < limit; ++i)
        out.push_back(log[i]);
      return out;
    });
  }

  result<stored_event> find_event(tenant_id const& tenant, std::string const& event_id) override {
    return read([&](tables const& t) -> result<stored_event> {
      for (auto const& home : t.shards)
        if (auto const found = home.seq_of.find(event_id); found != home.seq_of.end())
          if (auto const& e = home.log[found->second - 1]; e.stream.tenant == tenant)
            return e;
      return fail(errc::not_found, "no such event");
    });
  }

  result<stream_info> stream(entity_ref const& ref) override {
    return read([&](tables const& t) {
      auto const* s = t.find(ref);
      return s == nullptr ? stream_info{ref, 0, std::string{no_hash()}, {}} : info_of(ref, *s);
    });
  }

  result<std::vector<due_stream>> due(std::uint32_t shard, time_point until,
                                      std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return read([&](tables const& t) {
      std::vector<due_stream> out;
      for (auto const& [at, ref] : t.shards[shard].wakes) {
        if (at > until || out.size() == limit)
          break;
        out.push_back({ref, at});
      }
      return out;
    });
  }

  result<std::optional<time_point>> next_due(time_point after) override {
    return read([&](tables const& t) {
      std::optional<time_point> out;
      if (after == time_point::max())
        return out;
      for (auto const& home : t.shards) {
        auto const next = home.wakes.lower_bound({after + duration{1}, entity_ref{}});
        if (next != home.wakes.end() && (!out || next->first < *out))
          out = next->first;
      }
      return out;
    });
  }

  result<std::optional<inbox_entry>> find_inbox(tenant_id const& tenant, std::string const& source,
                                                std::string const& key) override {
    return read([&](tables const& t) { return t.answered(tenant, source, key); });
  }

  result<std::size_t> prune_inbox(time_point before, std::size_t limit) override {
    return write([&](tables& t) -> result<std::size_t> {
      std::size_t removed = 0;
      for (auto it = t.inbox.begin(); it != t.inbox.end() && removed < limit;) {
        bool const old = it->second.stored_at < before;
        it = old ? t.inbox.erase(it) : std::next(it);
        removed += old ? 1 : 0;
      }
      return removed;
    });
  }

  result<std::vector<outbox_row>> outbox(std::uint32_t shard, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return read([&](tables const& t) {
      std::vector<outbox_row> out;
      for (auto const& [key, row] : t.shards[shard].outbox)
        out.push_back(row);
      std::stable_sort(out.begin(), out.end(), [](auto const& a, auto const& b) {
        return a.not_before < b.not_before; // within a time: by tenant and id, as in the map
      });
      if (out.size() > limit)
        out.resize(limit);
      return out;
    });
  }

  result<void> save_snapshot(snapshot const& s) override {
    return write([&](tables& t) -> result<void> {
      auto& streams = t.shards[shard_of(s.stream)].streams;
      auto const found = streams.find(s.stream);
      if (found == streams.end())
        return fail(errc::not_found, "no such stream");
      auto& kept = found->second.snapshots;
      if (!kept.empty() && kept.back().version > s.version)
        return {};
      if (!kept.empty() && kept.back().version == s.version)
        kept.pop_back();
      kept.push_back(s);
      if (kept.size() > 2)
        kept.pop_front();
      return {};
    });
  }

  result<std::optional<snapshot>> load_snapshot(entity_ref const& stream,
                                                std::string const& fingerprint) override {
    return read([&](tables const& t) {
      std::optional<snapshot> out;
      if (auto const* s = t.find(stream))
        for (auto const& kept : s->snapshots)
          if (kept.fingerprint == fingerprint)
            out = kept;
      return out;
    });
  }

  result<void> drop_snapshots() override {
    return write([&](tables& t) -> result<void> {
      for (auto& home : t.shards)
        for (auto& [ref, s] : home.streams)
          s.snapshots.clear();
      return {};
    });
  }

  result<void> import(std::span<stored_event const> events) override {
    for (auto const& e : events)
      if (auto ok = check_event(e); !ok)
        return ok;
    return write([&](tables& t) -> result<void> {
      // All or nothing: what the span would lead to is worked out beside the tables.
      struct head {
        std::uint64_t seq = 0;
        std::uint64_t epoch = 0;
      };
      std::map<std::uint32_t, head> heads;
      std::map<entity_ref, stream_head> streams;
      std::set<std::pair<std::uint32_t, std::string>> ids;
      for (auto const& e : events) {
        auto const& home = t.shards[e.shard];
        auto const h = heads.emplace(e.shard, head{home.log.size(), last_epoch(home)}).first;
        auto const* known = t.find(e.stream);
        auto const s =
            streams
                .emplace(e.stream, known == nullptr ? stream_head{0, std::string{no_hash()}}
                                                    : stream_head{known->seqs.size(), known->hash})
                .first;
        if (auto ok = check_next(e, h->second.seq, h->second.epoch, s->second); !ok)
          return ok;
        if (home.seq_of.contains(e.event.event_id) ||
            !ids.emplace(e.shard, e.event.event_id).second)
          return fail(errc::conflict, "event " + e.event.event_id + " stands twice in its shard");
        h->second = {e.seq, e.epoch};
        s->second = {e.version, e.event.hash};
      }
      for (auto const& e : events) {
        auto& home = t.shards[e.shard];
        home.epoch = std::max(home.epoch, e.epoch);
        t.add_event(e);
      }
      return {};
    });
  }

  result<void> restore(side_rows const& rows) override {
    if (auto ok = check_rows(rows); !ok)
      return ok;
    return write([&](tables& t) -> result<void> {
      auto next = t; // all or nothing; a restore is rare
      for (auto const& s : rows.shards) {
        auto& home = next.shards[s.shard];
        if (s.last_seq != home.log.size() || s.epoch < home.epoch)
          return fail(errc::conflict,
                      "shard " + std::to_string(s.shard) + " disagrees with its events");
        home.epoch = s.epoch;
        home.owner = s.owner;
      }
      for (auto const& s : rows.streams) {
        auto& home = next.shards[shard_of(s.stream)];
        auto const found = home.streams.find(s.stream);
        if (found == home.streams.end() || found->second.seqs.size() != s.version ||
            found->second.hash != s.hash)
          return fail(errc::conflict,
                      "stream " + to_string(s.stream) + " disagrees with its events");
        next.set_wake(home, s.stream, found->second, s.wake_at);
      }
      for (auto const& row : rows.inbox)
        if (!next.inbox.emplace(std::tuple{row.tenant, row.entry.source, row.entry.key}, row)
                 .second)
          return fail(errc::conflict, "inbox key " + row.entry.key + " is there already");
      for (auto const& [shard, row] : rows.outbox)
        if (!next.shards[shard].outbox.emplace(std::pair{row.tenant, row.effect_id}, row).second)
          return fail(errc::conflict, "effect " + row.effect_id + " is there already");
      t = std::move(next);
      return {};
    });
  }

  result<std::vector<stream_info>>
  streams(std::uint32_t shard, std::optional<entity_ref> const& after, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return read([&](tables const& t) {
      std::vector<stream_info> out;
      auto const& all = t.shards[shard].streams;
      for (auto it = after ? all.upper_bound(*after) : all.begin();
           it != all.end() && out.size() < limit; ++it)
        out.push_back(info_of(it->first, it->second));
      return out;
    });
  }

  result<std::vector<inbox_row>> inbox_rows(std::optional<inbox_row> const& after,
                                            std::size_t limit) override {
    return read([&](tables const& t) {
      std::vector<inbox_row> out;
      auto it = t.inbox.begin();
      if (after)
        it = t.inbox.upper_bound({after->tenant, after->entry.source, after->entry.key});
      for (; it != t.inbox.end() && out.size() < limit; ++it)
        out.push_back(it->second);
      return out;
    });
  }

  result<void> freeze() override {
    std::shared_lock const lock{state_->mutex};
    frozen_ = std::make_unique<tables>(state_->data);
    return {};
  }
  result<void> thaw() override {
    frozen_.reset();
    return {};
  }

private:
  template <class F>
  auto read(F f) -> result<std::invoke_result_t<F, tables const&>>
  requires(!requires(std::invoke_result_t<F, tables const&> r) { r.error(); }) {
    if (frozen_)
      return f(*frozen_);
    std::shared_lock const lock{state_->mutex};
    return f(std::as_const(state_->data));
  }
  template <class F>
  auto read(F f) -> std::invoke_result_t<F, tables const&> {
    if (frozen_)
      return f(*frozen_);
    std::shared_lock const lock{state_->mutex};
    return f(std::as_const(state_->data));
  }
  template <class F>
  auto write(F f) -> std::invoke_result_t<F, tables&> {
    if (frozen_)
      return fail(errc::unsupported, "the store is frozen for reading");
    std::unique_lock const lock{state_->mutex};
    return f(state_->data);
  }

  static std::uint64_t last_epoch(shard_record const& home) {
    return home.log.empty() ? 0 : home.log.back().epoch;
  }

  std::shared_ptr<shared_state> state_;
  std::unique_ptr<tables> frozen_;
};

} // namespace

store_factory open_memory_store() {
  return [state = std::make_shared<shared_state>()]() -> result<std::unique_ptr<event_store>> {
    return std::unique_ptr<event_store>{std::make_unique<memory_store>(state)};
  };
}

} // namespace troupe
