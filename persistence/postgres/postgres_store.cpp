#include "persistence/postgres/postgres_store.hpp"

#include "persistence/batch.hpp"
#include "persistence/postgres/connection.hpp"
#include "persistence/postgres/importer.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/reader.hpp"
#include "persistence/postgres/row_mapping.hpp"
#include "persistence/postgres/schema.hpp"

namespace troupe {

namespace {

using postgres::at;
using postgres::effect_of;
using postgres::failure;
using postgres::ms;
using postgres::named;
using postgres::num;
using postgres::params;
using postgres::rows;
using postgres::session;
using postgres::tail;
using postgres::with;
namespace sql = postgres::sql;

/// Above this, as it is stored, whoever appends settles first: it is what others have to read anew.
constexpr std::size_t most_unsettled = 8 * 1024 * 1024;

time_point now() {
  return std::chrono::floor<duration>(std::chrono::system_clock::now());
}

error no_such_shard() {
  return fail(errc::invalid_argument, "there are 256 shards, from 0");
}

class postgres_store final : public event_store {
public:
  postgres_store(std::string url, bool read_only, std::shared_ptr<postgres::program> shared)
      : link_(std::move(url), read_only, std::move(shared)) {}

  /// Connects, so that a wrong URL is told at once.
  result<void> open() {
    return link_.run([](session&) -> result<void> { return {}; });
  }

  result<void> hold(std::string const& owner, duration wait) override {
    return link_.hold(owner, wait);
  }

  result<std::uint64_t> claim(std::uint32_t shard, std::string const& owner) override {
    if (shard >= shard_count)
      return no_such_shard();
    std::uint64_t epoch = 0;
    auto ok = link_.alone({postgres::lane_of(shard)}, [&](session& s) -> result<void> {
      epoch = s.query(sql::claim, with(num(shard), owner)).whole(0, 0);
      return {};
    });
    return ok ? result<std::uint64_t>{epoch} : result<std::uint64_t>{ok.error()};
  }

  result<std::vector<std::uint64_t>> claim_all(std::string const& owner) override {
    std::vector<std::uint64_t> epochs(shard_count);
    auto const ok = link_.alone(link_.all_lanes(), [&](session& s) -> result<void> {
      auto const r = s.query(sql::claim_all, with(owner));
      for (std::size_t i = 0; i < r.size(); ++i)
        epochs.at(static_cast<std::size_t>(r.number(i, 0))) = r.whole(i, 1);
      return {};
    });
    if (!ok)
      return ok.error();
    return epochs;
  }

  result<std::vector<shard_info>> shards() override {
    return link_.read([](session& s, tail const& t) -> result<std::vector<shard_info>> {
      return postgres::read_shards(s, t);
    });
  }

  result<std::vector<unit_result>> append(std::span<unit const> units) override {
    if (auto ok = check_batch(units); !ok)
      return ok.error();
    if (units.empty())
      return std::vector<unit_result>{};
    return link_.append(
        [&](session& s, tail& t, postgres::appender& by) -> result<std::vector<unit_result>> {
          if (auto ok = link_.still_held(); !ok) {
            if (ok.error().code != errc::fenced)
              return ok.error();
            unit_result fenced;
            fenced.status = unit_status::fenced;
            return std::vector<unit_result>(units.size(), fenced);
          }
          for (std::uint32_t lane = 0; lane < postgres::lane_count; ++lane)
            if (by.bytes(lane) > most_unsettled)
              help_settling(s, by, lane);
          return by.append(s, t, units, now());
        });
  }

  [[nodiscard]] bool puts_off() const override { return !link_.read_only(); }

  result<bool> settle() override {
    return link_.write([&](session& s) -> result<bool> {
      bool more = false;
      for (std::uint32_t lane = 0; lane < postgres::lane_count; ++lane)
        more = link_.settle(s, lane) || more;
      return more;
    });
  }

  result<std::vector<stored_event>> read_stream(entity_ref const& stream, std::uint64_t after,
                                                std::size_t limit) override {
    return link_.read([&](session& s, tail const& t) -> result<std::vector<stored_event>> {
      return postgres::read_stream(s, t, stream, after, limit);
    });
  }

  result<std::vector<stored_event>> read_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return link_.read([&](session& s, tail const& t) -> result<std::vector<stored_event>> {
      return postgres::read_shard(s, t, shard, after, limit);
    });
  }

  result<std::vector<stored_event>> scan_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t least) override {
    if (shard >= shard_count)
      return no_such_shard();
    return link_.read([&](session& s, tail const& t) -> result<std::vector<stored_event>> {
      return postgres::scan_shard(s, t, shard, after, least);
    });
  }

  result<stored_event> find_event(tenant_id const& tenant, std::string const& event_id) override {
    auto const none = [] { return fail(errc::not_found, "no such event"); };
    if (!is_event_id(event_id)) // Postgres would refuse the cast
      return none();
    return link_.read([&](session& s, tail const& t) -> result<stored_event> {
      auto found = postgres::find_event(s, t, tenant, event_id);
      if (!found)
        return none();
      return std::move(*found);
    });
  }

  result<stream_info> stream(entity_ref const& ref) override {
    return link_.read([&](session& s, tail const& t) -> result<stream_info> {
      return postgres::find_stream(s, t, ref);
    });
  }

  result<std::vector<due_stream>> due(std::uint32_t shard, time_point until,
                                      std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return link_.read([&](session& s, tail const& t) -> result<std::vector<due_stream>> {
      return postgres::find_due(s, t, shard, until, limit);
    });
  }

  result<std::optional<time_point>> next_due(time_point after) override {
    return link_.read([&](session& s, tail const& t) -> result<std::optional<time_point>> {
      return postgres::find_next_due(s, t, after);
    });
  }

  result<std::optional<inbox_entry>> find_inbox(tenant_id const& tenant, std::string const& source,
                                                std::string const& key) override {
    return link_.run([&](session& s) -> result<std::optional<inbox_entry>> {
      return postgres::find_inbox(s, tenant, source, key);
    });
  }

  result<std::size_t> prune_inbox(time_point before, std::size_t limit) override {
    return link_.write([&](session& s) -> result<std::size_t> {
      return s.query(sql::prune_inbox, with(ms(before), num(limit))).affected();
    });
  }

  result<std::vector<outbox_row>> outbox(std::uint32_t shard, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return list<outbox_row>(sql::list_effects, with(num(shard), num(limit)), effect_of);
  }

  result<void> save_snapshot(snapshot const& given) override {
    auto const known = stream(given.stream); // once it exists it stays
    if (!known)
      return known.error();
    if (known->version == 0)
      return fail(errc::not_found, "no such stream");
    return link_.transaction([&](session& s) -> result<void> {
      s.query(sql::commit_later); // nobody waits for it
      auto p = named(given.stream);
      auto const name = p;
      s.query(sql::add_snapshot, p.add(num(given.version)).add(given.fingerprint).add(given.body));
      s.query(sql::trim_snapshots, name);
      return {};
    });
  }

  result<std::optional<snapshot>> load_snapshot(entity_ref const& stream,
                                                std::string const& fingerprint) override {
    return link_.run([&](session& s) -> result<std::optional<snapshot>> {
      auto p = named(stream);
      auto const r = s.query(sql::find_snapshot, p.add(fingerprint));
      if (r.size() == 0)
        return std::optional<snapshot>{};
      return std::optional{snapshot{stream, r.whole(0, 0), fingerprint, r.text(0, 1)}};
    });
  }

  result<void> drop_snapshots() override {
    return link_.write([&](session& s) -> result<void> {
      s.query(sql::drop_snapshots);
      return {};
    });
  }

  result<void> import(std::span<stored_event const> events) override {
    for (auto const& e : events)
      if (auto ok = check_event(e); !ok)
        return ok;
    return link_.beside([&](session& s) { return postgres::import_events(s, events); });
  }

  result<void> restore(side_rows const& given) override {
    if (auto ok = check_rows(given); !ok)
      return ok;
    return link_.beside([&](session& s) { return postgres::restore_rows(s, given); });
  }

  result<std::vector<stream_info>>
  streams(std::uint32_t shard, std::optional<entity_ref> const& after, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return link_.read([&](session& s, tail const& t) -> result<std::vector<stream_info>> {
      return postgres::list_streams(s, t, shard, after, limit);
    });
  }

  result<std::vector<inbox_row>> inbox_rows(std::optional<inbox_row> const& after,
                                            std::size_t limit) override {
    auto const from = after.value_or(inbox_row{});
    return list<inbox_row>(
        sql::list_inbox, with(from.tenant.value, from.entry.source, from.entry.key, num(limit)),
        [](rows const& r, std::size_t i) {
          return inbox_row{tenant_id{r.text(i, 0)},
                           {r.text(i, 1), r.text(i, 2), r.text(i, 3), r.text(i, 4)},
                           at(r.number(i, 5))};
        });
  }

  result<void> freeze() override { return link_.freeze(); }
  result<void> thaw() override { return link_.thaw(); }

private:
  /// One part, and with the next append the next one. That it cannot be is no reason not to append:
  /// then it is tried again after as much as this.
  void help_settling(session& s, postgres::appender& by, std::uint32_t lane) {
    bool more = false;
    try {
      more = link_.settle(s, lane);
    } catch (failure const& e) {
      if (e.lost)
        throw;
    }
    if (!more)
      by.note_settled(lane);
  }

  template <class Row, class Map>
  result<std::vector<Row>> list(char const* query, params const& given, Map map) {
    return link_.run([&](session& s) -> result<std::vector<Row>> {
      return postgres::rows_as<Row>(s.query(query, given), map);
    });
  }

  postgres::connection link_;
};

result<store_factory> open_with(std::string const& url, bool read_only,
                                result<void> (*prepare)(session&)) {
  try {
    session s{url};
    if (auto ok = prepare(s); !ok)
      return ok.error();
  } catch (failure const& e) {
    return fail(e.code, e.message);
  }
  auto const shared = std::make_shared<postgres::program>();
  return store_factory{[=]() -> result<std::unique_ptr<event_store>> {
    auto store = std::make_unique<postgres_store>(url, read_only, shared);
    if (auto ok = store->open(); !ok)
      return ok.error();
    return std::unique_ptr<event_store>{std::move(store)};
  }};
}

} // namespace

result<store_factory> open_postgres_store(std::string const& url) {
  return open_with(url, false, postgres::migrate);
}

result<store_factory> open_postgres_readonly(std::string const& url) {
  return open_with(url, true, postgres::check_schema);
}

} // namespace troupe
