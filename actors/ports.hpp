#pragma once

#include "actors/messages.hpp"
#include "actors/supervision.hpp"

#include <atomic>

/// What actors need of the outside, as interfaces: the composition root gives the real ones, tests
/// and simulation give theirs.
namespace troupe {

/// Wall clock time, for what is stored and compared with stored times.
class clock_port {
public:
  virtual ~clock_port() = default;
  [[nodiscard]] virtual time_point now() const = 0;
};

/// Names that nobody else has.
class id_port {
public:
  virtual ~id_port() = default;
  /// UUID version 7, text form, lower case. Thread-safe.
  [[nodiscard]] virtual std::string uuid() = 0;
  /// 8 characters of Crockford's base32 in lower case, 40 random bits. Thread-safe.
  [[nodiscard]] virtual std::string short_id() = 0;
};

/// Whom an append is of.
struct append_caller {
  std::uint64_t id = 0; ///< the caller's own, and growing
  caf::actor reply_to;
  bool asked = false; ///< somebody outside waits
  /// Gets the id when the unit is known to be stored, before the observer is told of it: who comes
  /// to this caller with what they heard there is not answered from before. May be null.
  std::shared_ptr<std::atomic<std::uint64_t>> stored;
};

/// Group commit in front of the event store. Answers arrive as messages at `reply_to`.
class journal_port {
public:
  virtual ~journal_port() = default;
  /// Queues a unit; the answer is `appended_ptr` with the caller's id. An unknown outcome is solved
  /// inside: the unit is sent again until the store's answer is definite, or the journal stops. A
  /// unit that no store would take is answered `invalid_argument` at once. Where somebody waits,
  /// one that is known not to be stored because the store is away is answered `unavailable`
  /// instead.
  virtual void append(unit what, append_caller caller) = 0;
  /// A part of a stream, as `loaded_ptr`.
  virtual void load(entity_ref stream, stream_part what, caf::actor reply_to) = 0;
  /// Stores a snapshot when there is nothing better to do, or not at all: it is a cache. `make` is
  /// called on a thread of the journal, once or never.
  virtual void keep(std::function<snapshot()> make) = 0;
  /// Whether more units may be queued; false means answer `busy`.
  [[nodiscard]] virtual bool accepts() const = 0;
  /// Why nothing becomes durable just now: the last answer of the store to an append whose outcome
  /// is not known yet. None: the last append was answered.
  [[nodiscard]] virtual std::optional<error> away() const = 0;
  /// The stored answer of an idempotent request. `done` runs on a journal thread.
  virtual void find_inbox(tenant_id tenant, std::string source, std::string key,
                          std::function<void(result<std::optional<inbox_entry>>)> done) = 0;
};

/// Carries out attempts: the daemon hub, or an engine inside the process. Calls do not block.
class runner_port {
public:
  virtual ~runner_port() = default;
  /// Hands over an order; called again after a restart. What comes of it arrives at the ticket.
  virtual void launch(troupe::launch const& what) = 0;
  /// The lease of (ticket, token) is no more: forget its order.
  virtual void forget(ticket_id const& ticket, std::int64_t token) = 0;
  /// `done` once the daemon has it (or will never want it).
  virtual void notify(troupe::notify const& what, std::function<void()> done) = 0;
};

/// How an agent thinks. Calls do not block; `done` may run on any thread, once.
class engine_port {
public:
  virtual ~engine_port() = default;
  /// Answers `message` as the agent `self` with the engine of `spec`. The answer's id, from, to,
  /// reply_to, hops, cause and correlation are filled in by the caller.
  virtual void perform(entity_ref self, agent_spec spec, envelope message,
                       std::function<void(result<envelope>)> done) = 0;
};

/// Who has room for a lease just now. Calls do not block.
class lease_port {
public:
  virtual ~lease_port() = default;
  /// For a ticket whose decision under way makes this offer: the grant, if there is room and nobody
  /// comes first; it counts as held from here on. None: the ticket offers, and waits for its turn.
  [[nodiscard]] virtual std::optional<ticket::grant>
  take_now(entity_ref const& ticket, offer const& what, time_point now) = 0;
  /// What was taken did not become durable.
  virtual void give_back(entity_ref const& ticket) = 0;
};

class admission;
class alarm_clock;
class dispatch_desk;
class effect_book;
class population;
class region;

/// What every entity actor is given.
struct runtime {
  clock_port* clock = nullptr;
  id_port* ids = nullptr;
  journal_port* journal = nullptr;
  runner_port* runner = nullptr;
  engine_port* engine = nullptr;
  lease_port* leases = nullptr; ///< may be null: every lease is offered and granted by message
  region* where = nullptr;
  dispatch_desk* dispatcher = nullptr; ///< may be null
  /// Between two sendings of something that was not answered.
  duration resend{std::chrono::seconds{5}};
  /// How long an entity stays without work before it is let go.
  duration idle{std::chrono::seconds{120}};
  /// Until an entity that could not be read is read again without being asked.
  duration load_retry{std::chrono::milliseconds{200}};
  /// After a start, alarms that are overdue wait this long, so that daemons can come back first.
  duration grace{std::chrono::seconds{15}};
  std::size_t queue_limit = 64; ///< commands waiting at one entity; more: busy
  /// A snapshot is stored once more events than this follow the last one, and, where an entity is
  /// let go, a fifth of it. A stream that is not longer has none: it is read as quickly.
  std::uint64_t snapshot_after = 100;
  std::size_t query_limit = 1000;    ///< queries waiting while one is read; more: busy
  incident_log* incidents = nullptr; ///< may be null
  population* crowd = nullptr;       ///< may be null: entities are let go when they are idle only
  admission* door = nullptr;         ///< may be null: nothing is refused as new work
  alarm_clock* alarms = nullptr;     ///< may be null: the actor system's clock, which tests turn
  effect_book* effects = nullptr;    ///< may be null
};

} // namespace troupe
