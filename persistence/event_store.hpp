#pragma once

#include "protocol/ids.hpp"
#include "protocol/result.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// What the maker of an event gives to the one who keeps such things, and to nobody after: events
/// are kept longer than this may be.
class handover {
public:
  explicit handover(std::shared_ptr<void const> what) : what_(std::move(what)) {}
  /// What was given, the first time; null from then on. Thread-safe.
  [[nodiscard]] std::shared_ptr<void const> take() {
    return taken_.exchange(true) ? nullptr : std::move(what_);
  }

private:
  std::shared_ptr<void const> what_;
  std::atomic<bool> taken_{false};
};

/// A fact that is about to be stored. `data` is canonical JSON (docs/event-encoding.md).
struct new_event {
  std::string event_id; ///< UUID v7 text; the same again when an append is sent again
  std::string type;     ///< `ticket.claimed`
  std::int32_t schema = 1;
  time_point at{};
  std::string principal;   ///< who caused it: `human:ada`, `agent:…`, `system`
  std::string cause;       ///< id of the command, message or event that led to it
  std::string correlation; ///< the brief's id, for everything that a brief leads to
  std::string data;
  std::string hash; ///< 64 lower case hex digits, see `chain_hash`
  /// What `data` says, as the event of the stream's domain, where this process made it: who reads
  /// it here need not parse it again. Never stored; null in what a store answers.
  std::shared_ptr<void const> decoded{};
  /// The state of the stream's domain after this event, where this process made it and others of
  /// the same write do not follow. Never stored, like `decoded`.
  std::shared_ptr<handover> after{};
};

/// A stored fact. Unique by (shard, seq), by (stream, version) and by event id within its shard.
struct stored_event {
  std::uint32_t shard = 0;
  std::uint64_t seq = 0; ///< gap-free from 1 in its shard, in commit order
  std::uint64_t epoch = 0;
  entity_ref stream;
  std::uint64_t version = 0; ///< contiguous from 1 in its stream
  new_event event;
};

/// SHA-256 over the previous hash of the stream (64 zeros before the first event) and the canonical
/// JSON of {tenant, kind, id, version, event_id, type, schema, at, principal, cause, correlation,
/// data}, `data` being embedded as its own bytes. As 64 lower case hex digits.
[[nodiscard]] std::string chain_hash(std::string_view previous, entity_ref const& stream,
                                     std::uint64_t version, new_event const& e);
/// What stands before the first event of a stream.
[[nodiscard]] std::string_view no_hash();

/// Events of one stream within a unit.
struct stream_write {
  entity_ref stream;
  std::uint64_t expected_version = 0; ///< 0: the stream must not exist
  std::vector<new_event> events;      ///< may be empty (`wake_at` alone) if the stream exists
  /// When the entity must be awake without being called: time zero means at once after a start,
  /// none means that nothing is pending. It is the durable timer of the stream.
  std::optional<time_point> wake_at;
};

/// An answered request, kept so that the same request gets the same answer.
struct inbox_entry {
  std::string source; ///< `api`, `daemon:<id>`, `webhook:<name>`, …
  std::string key;
  std::string request_hash; ///< hex; the same key with another hash is a conflict of the caller
  std::string answer;       ///< JSON
};

enum class effect_class { pure, idempotent, probeable, guarded };

/// An effect on the outside, committed with the event that wants it.
struct outbox_row {
  std::string effect_id; ///< unique in its shard and tenant
  std::string kind;
  effect_class declared = effect_class::guarded;
  std::string payload; ///< JSON
  time_point not_before{};
  std::int32_t attempt = 0; ///< attempts started
  bool running = false;     ///< an attempt was started and its end is not known
  std::uint64_t epoch = 0;  ///< epoch of the last attempt
  tenant_id tenant{};       ///< answered by `outbox`; an append takes that of its unit
};

/// One command's outcome: all or nothing. All streams are of `shard`.
struct unit {
  std::uint32_t shard = 0;
  std::uint64_t epoch = 0; ///< as answered by `claim`; an older one is `fenced`
  tenant_id tenant;
  std::vector<stream_write> writes;
  std::optional<inbox_entry> inbox;
  /// Effect ids to remove; one that is not there is no error (the unit may be sent again).
  std::vector<std::string> outbox_done;
  /// New rows, stored as they are. Comes after `outbox_done`, so that a row can be put off: done
  /// and, in the same unit, again with another `not_before`.
  std::vector<outbox_row> outbox;
  /// Effect ids: attempt += 1, running, epoch = ours. One that is not there is a `conflict`.
  std::vector<std::string> outbox_started;
  /// Set by who has had it pass `check_unit` and left it as it was since: `append` believes that.
  bool checked = false;
};

enum class unit_status {
  ok,
  duplicate, ///< the unit's event ids are already stored in their places, or the inbox key is with
             ///< the same hash
  conflict,  ///< an expected version differs; an event id stands elsewhere (seen by a store with an
            ///< index of ids, memory; the others have none, and `verify_store` finds it); an effect
            ///< exists already or is gone; or the inbox key is stored with another hash
  fenced, ///< the shard has another epoch now; looked at before anything else
};

struct unit_result {
  unit_status status = unit_status::ok;
  std::uint64_t first_seq = 0; ///< seq of the unit's first event; 0 without events or by inbox
  /// Of each written stream: after the unit (ok, duplicate) or as it stands (conflict). Empty if
  /// fenced or decided by the inbox key.
  std::vector<std::uint64_t> versions;
  std::string stored_answer; ///< duplicate or conflict: the answer that is stored under the key
  bool by_inbox = false;     ///< duplicate or conflict was decided by the inbox key
};

struct stream_info {
  entity_ref stream;
  std::uint64_t version = 0;
  std::string hash; ///< of the last event
  std::optional<time_point> wake_at;
};

/// A stream whose timer runs.
struct due_stream {
  entity_ref stream;
  time_point wake_at;
};

struct shard_info {
  std::uint32_t shard = 0;
  std::uint64_t epoch = 0;
  std::string owner;
  std::uint64_t last_seq = 0;
};

/// A cached fold of a stream: never truth. A snapshot with another fingerprint is ignored.
struct snapshot {
  entity_ref stream;
  std::uint64_t version = 0;
  std::string fingerprint;
  std::string body; ///< what it is made of is its writer's business
};

/// An inbox entry as it is stored.
struct inbox_row {
  tenant_id tenant;
  inbox_entry entry;
  time_point stored_at{};
};

/// What stands beside the events; with them it is the whole store (snapshots are a cache).
struct side_rows {
  std::vector<shard_info> shards;   ///< epoch and owner; `last_seq` must agree with the events
  std::vector<stream_info> streams; ///< `wake_at`; version and hash must agree with the events
  std::vector<inbox_row> inbox;
  std::vector<std::pair<std::uint32_t, outbox_row>> outbox; ///< with the shard of each row
};

/// Upper bounds of one `append`; the caller splits.
constexpr std::size_t max_batch_units = 128;
constexpr std::size_t max_batch_bytes = 1024 * 1024;

/// A failure of which the store knows that it came before anything was sent: unlike other answers
/// of `unavailable` it leaves no doubt, nothing of the call is stored.
[[nodiscard]] inline error not_stored(errc code, std::string message) {
  return fail(code, std::move(message), {{"stored", false}});
}
[[nodiscard]] inline bool is_not_stored(error const& e) {
  auto const* stored = e.details.if_contains("stored");
  return stored != nullptr && stored->is_bool() && !stored->get_bool();
}

/// The durable log and what is committed with it. Blocking; one object is used by one thread at a
/// time, several objects may be open on one store. Every call answers `unavailable` when the
/// outcome is unknown or the store is not reachable (the caller sends the same again; see
/// `is_not_stored`), `corrupt` when stored data is not what it must be, `busy` when a lock could
/// not be had in time.
class event_store {
public:
  virtual ~event_store() = default;

  /// Takes a shard: epoch + 1, `owner` recorded. Earlier owners are fenced from here on.
  [[nodiscard]] virtual result<std::uint64_t> claim(std::uint32_t shard,
                                                    std::string const& owner) = 0;
  /// Takes all 256 shards at once; answers their epochs by shard number.
  [[nodiscard]] virtual result<std::vector<std::uint64_t>> claim_all(std::string const& owner) = 0;
  /// Makes this handle the one holder of the store until it ends; waits at most `wait` for an
  /// earlier holder's end. A hold that is lost with its connection is taken again at once; until it
  /// is had, no handle of the same factory appends, and once another holder was met, each append is
  /// answered `fenced`. A courtesy between servers, so that a second one does not claim unasked:
  /// what fences in the end is the epoch. A store that has one program anyway does nothing.
  /// Errors: busy (somebody else holds it: the message says who).
  [[nodiscard]] virtual result<void> hold(std::string const& owner, duration wait) {
    (void)owner, (void)wait;
    return {};
  }
  [[nodiscard]] virtual result<std::vector<shard_info>> shards() = 0;

  /// Stores units in order, in one transaction; one answer a unit, in order. One bad unit never
  /// rejects a neighbour; later units see earlier ones. Durable when it returns.
  /// Errors: invalid_argument (over the batch bounds, or a unit that is not `checked` and that
  /// `check_unit` refuses: see persistence/batch.hpp).
  [[nodiscard]] virtual result<std::vector<unit_result>> append(std::span<unit const> units) = 0;

  /// Whether appends put off something that `settle` is for.
  [[nodiscard]] virtual bool puts_off() const { return false; }
  /// Does a part of what appends have put off, at leisure: nothing that a call answers changes by
  /// it. Answers whether there may be more.
  [[nodiscard]] virtual result<bool> settle() { return false; }

  /// Events of a stream with version > `after`, in order, at most `limit`.
  [[nodiscard]] virtual result<std::vector<stored_event>>
  read_stream(entity_ref const& stream, std::uint64_t after, std::size_t limit) = 0;
  /// Events of a shard with seq > `after`, in order, at most `limit`: the feed.
  [[nodiscard]] virtual result<std::vector<stored_event>>
  read_shard(std::uint32_t shard, std::uint64_t after, std::size_t limit) = 0;
  /// The same for whoever reads on to the end: at least `least` events unless there are fewer, and
  /// what the store has had to unpack with them.
  [[nodiscard]] virtual result<std::vector<stored_event>>
  scan_shard(std::uint32_t shard, std::uint64_t after, std::size_t least) {
    return read_shard(shard, after, least);
  }
  /// The event with this id, of any shard; `not_found`.
  [[nodiscard]] virtual result<stored_event> find_event(tenant_id const& tenant,
                                                        std::string const& event_id) = 0;

  /// Version 0 and `no_hash()` when the stream does not exist.
  [[nodiscard]] virtual result<stream_info> stream(entity_ref const& stream) = 0;
  /// Streams of a shard with `wake_at <= until`, oldest first.
  [[nodiscard]] virtual result<std::vector<due_stream>> due(std::uint32_t shard, time_point until,
                                                            std::size_t limit) = 0;
  /// The earliest `wake_at` after `after` over all shards; none if there is none.
  [[nodiscard]] virtual result<std::optional<time_point>> next_due(time_point after) = 0;

  [[nodiscard]] virtual result<std::optional<inbox_entry>>
  find_inbox(tenant_id const& tenant, std::string const& source, std::string const& key) = 0;
  /// Removes at most `limit` inbox rows stored before `before`; answers how many.
  [[nodiscard]] virtual result<std::size_t> prune_inbox(time_point before, std::size_t limit) = 0;

  /// Rows of a shard that are not done, in order of `not_before`.
  [[nodiscard]] virtual result<std::vector<outbox_row>> outbox(std::uint32_t shard,
                                                               std::size_t limit) = 0;

  /// Keeps the newest two of a stream; an older version than a stored one is ignored, the same one
  /// takes its place. May be lost in a power cut.
  /// Errors: not_found (no such stream).
  [[nodiscard]] virtual result<void> save_snapshot(snapshot const& s) = 0;
  /// The newest with this fingerprint, or none.
  [[nodiscard]] virtual result<std::optional<snapshot>>
  load_snapshot(entity_ref const& stream, std::string const& fingerprint) = 0;
  /// Removes all; a store without any must behave the same.
  [[nodiscard]] virtual result<void> drop_snapshots() = 0;

  /// Stores an event as it is, with its shard, seq, epoch and version: for import into a new store.
  /// `conflict` unless it is the next of its shard and of its stream and its hash continues the
  /// chain. Durable when it returns.
  /// The epoch of the shard becomes at least that of the event, so that a later claim is above it.
  [[nodiscard]] virtual result<void> import(std::span<stored_event const> events) = 0;
  /// Puts the rows beside imported events back. `conflict` if a row is there already, names an
  /// unknown stream or disagrees with the events.
  [[nodiscard]] virtual result<void> restore(side_rows const& rows) = 0;

  /// Streams of a shard in the order of (tenant, kind, id), from the one after `after`.
  [[nodiscard]] virtual result<std::vector<stream_info>>
  streams(std::uint32_t shard, std::optional<entity_ref> const& after, std::size_t limit) = 0;
  /// Inbox rows in the order of (tenant, source, key), from the one after `after`.
  [[nodiscard]] virtual result<std::vector<inbox_row>>
  inbox_rows(std::optional<inbox_row> const& after, std::size_t limit) = 0;

  /// From here to `thaw` (or the end of the object) its reads see the store as it is now, and it
  /// can only read. For a start, and for export and verification beside a running server.
  [[nodiscard]] virtual result<void> freeze() = 0;
  [[nodiscard]] virtual result<void> thaw() = 0;
};

/// Opens one more handle on the same store, for another thread.
using store_factory = std::function<result<std::unique_ptr<event_store>>()>;

} // namespace troupe
