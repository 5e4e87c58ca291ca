#include "persistence/export_import.hpp"

#include "persistence/batch.hpp"
#include "persistence/walk.hpp"

#include <istream>
#include <ostream>

namespace troupe {

namespace {

/// How much is imported in one transaction.
constexpr std::size_t import_bytes = 1024 * 1024;

/// Writes what a walk shows. A row that no importer would take ends it.
struct store_export {
  export_writer& out;

  result<void> shards(std::vector<shard_info> const&) { return {}; }
  bool wants(shard_info const& s) { return s.epoch != 0 || s.last_seq != 0; }
  result<void> event(stored_event const& e) {
    if (auto ok = check_event(e); !ok)
      return fail(errc::corrupt, "shard " + std::to_string(e.shard) + ", seq " +
                                     std::to_string(e.seq) + ": " + ok.error().message);
    return put(e);
  }
  result<void> shard(shard_info const& s) { return put(s); }
  result<void> stream(stream_info const& s) {
    if (!known(s.stream.kind))
      return fail(errc::corrupt, "stream " + s.stream.id + " has an unknown kind");
    if (!s.wake_at) // the rest of a head follows from the events
      return {};
    return put(s);
  }
  result<void> all_streams(std::uint32_t) { return {}; }
  result<void> effect(std::uint32_t shard, outbox_row const& row) {
    if (!known(row.declared))
      return fail(errc::corrupt, "effect " + row.effect_id + " has an unknown class");
    return put(shard_effect{shard, row});
  }
  result<void> answer(inbox_row const& row) { return put(row); }

  template <class Record>
  result<void> put(Record const& record) {
    out.put(record);
    if (!out.good())
      return fail(errc::unavailable, "the export could not be written");
    return {};
  }
};

/// Collects records and stores them in pieces: events first, then what stands beside them.
class importer {
public:
  explicit importer(event_store& store) : store_(store) {}

  result<void> add(export_record&& record) {
    if (auto* e = std::get_if<stored_event>(&record)) {
      if (!rows_empty())
        if (auto ok = flush(); !ok)
          return ok;
      bytes_ += e->event.data.size() + 500;
      events_.push_back(std::move(*e));
    } else {
      bytes_ += 500;
      if (auto* s = std::get_if<shard_info>(&record))
        rows_.shards.push_back(std::move(*s));
      else if (auto* w = std::get_if<stream_info>(&record))
        rows_.streams.push_back(std::move(*w));
      else if (auto* x = std::get_if<shard_effect>(&record))
        rows_.outbox.push_back(std::move(*x));
      else
        rows_.inbox.push_back(std::get<inbox_row>(std::move(record)));
    }
    return bytes_ < import_bytes ? result<void>{} : flush();
  }

  result<void> flush() {
    bytes_ = 0;
    if (!events_.empty())
      if (auto ok = store_.import(events_); !ok)
        return ok;
    events_.clear();
    if (store_.puts_off())
      while (true) { // a long tail of what is put off makes each further read slower
        auto const more = store_.settle();
        if (!more || !*more)
          break; // what is left waits for the next start, as ever
      }
    if (!rows_empty())
      if (auto ok = store_.restore(rows_); !ok)
        return ok;
    rows_ = {};
    return {};
  }

private:
  [[nodiscard]] bool rows_empty() const {
    return rows_.shards.empty() && rows_.streams.empty() && rows_.outbox.empty() &&
           rows_.inbox.empty();
  }

  event_store& store_;
  std::vector<stored_event> events_;
  side_rows rows_;
  std::size_t bytes_ = 0;
};

result<void> check_empty(event_store& store) {
  auto const shards = store.shards();
  if (!shards)
    return shards.error();
  for (auto const& s : *shards)
    if (s.epoch != 0 || s.last_seq != 0)
      return fail(errc::conflict, "the store is not empty: an import needs a new one");
  return {};
}

/// Reads to the end once, if the stream can go back afterwards.
result<void> look_ahead(std::istream& in) {
  auto const start = in.tellg();
  if (start == std::istream::pos_type(-1)) {
    in.clear();
    return {};
  }
  export_reader reader{in};
  while (true) {
    auto const record = reader.next();
    if (!record)
      return record.error();
    if (!*record)
      break;
  }
  in.clear();
  in.seekg(start);
  return {};
}

} // namespace

result<export_stats> export_store(event_store& store, std::ostream& out) {
  export_writer writer{out};
  store_export to{writer};
  if (auto ok = walk(store, to); !ok)
    return ok.error();
  auto stats = writer.finish();
  if (!writer.good())
    return fail(errc::unavailable, "the export could not be written");
  return stats;
}

result<import_stats> import_store(event_store& store, std::istream& in) {
  if (auto ok = check_empty(store); !ok)
    return ok.error();
  if (auto ok = look_ahead(in); !ok)
    return ok.error();
  importer out{store};
  export_reader reader{in};
  auto const broken = [&](error e) {
    if (reader.stats().events != 0)
      e.message += " (the store holds a part of the export now: throw it away)";
    return e;
  };
  while (true) {
    auto record = reader.next();
    if (!record)
      return broken(record.error());
    if (!*record)
      break;
    if (auto ok = out.add(std::move(**record)); !ok)
      return broken(ok.error());
  }
  if (auto ok = out.flush(); !ok)
    return broken(ok.error());
  return reader.stats();
}

} // namespace troupe
