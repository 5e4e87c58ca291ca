#include "tests/sim/plants.hpp"

#include "tests/sim/options.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

constexpr plant all[] = {
    {"reply-before-commit", "the journal answers before the store has the unit"},
    {"new-ids-after-unknown", "an append whose outcome is not known is sent again under new ids"},
    {"removed-fence", "the store takes appends of a server that has lost its shards"},
    {"duplicate-not-told", "what was stored although its answer was lost is not told to readers"},
    {"mixed-up-answers", "units of one batch get each other's answers"},
    {"missing-inbox-dedup", "the key of an idempotent request is not stored with its events"},
    {"stale-read", "an entity is read without its last event"},
    {"forgotten-timer", "the durable timer of a stream is not stored"},
    {"lost-obligation", "after a start some entities that owe something are not woken"},
    {"revived-asleep", "after a shard came back its entities are not woken"},
    {"board-before-claim", "a start reads the ledger before it claims the shards"},
    {"early-ack", "a daemon's report is acknowledged before it is durable"},
    {"dropped-notify", "news for a daemon counts as delivered and is dropped"},
    {"orders-not-resent", "what a daemon has not acknowledged is not sent to it again"},
    {"presence-forgotten", "a daemon that connects again gets no work"},
    {"said-twice", "a ticket takes what its agent said again when it is sent again"},
    {"order-to-two", "an order goes to two daemons"},
    {"key-of-any-tenant", "idempotency keys are looked up without their tenant"},
    {"read-of-any-tenant", "a state is looked up without its tenant"},
    {"write-of-any-tenant", "a command finds its entity without its tenant"},
    {"never-let-go", "entities without work are not let go"},
    {"leaked-answers", "what was answered is kept for ever"},
};

std::string_view chosen;

} // namespace

std::span<plant const> plants() {
  return all;
}

bool is_plant(std::string_view name) {
  return std::any_of(std::begin(all), std::end(all), [&](auto const& p) { return p.name == name; });
}

void set_plant(std::string_view name) {
  chosen = name;
}

bool planted(std::string_view name) {
  return chosen == name;
}

char const* to_string(trouble t) {
  static constexpr char const* names[] = {"crash",  "takeover", "stall",  "part",      "store",
                                          "outage", "slow",     "clock",  "frames",    "link",
                                          "daemon", "agents",   "people", "neighbours"};
  return names[static_cast<int>(t)];
}

} // namespace troupe::sim
