#pragma once

#include "protocol/ids.hpp"
#include "protocol/result.hpp"

#include <array>
#include <limits>
#include <optional>

/// Watching live traffic: what passes our own choke points is noted in records of fixed size while
/// somebody watches, and costs one relaxed load while nobody does. See docs/watch.md.
namespace troupe::traffic {

/// The choke point at which a record was made.
enum class category : std::uint8_t {
  send,     ///< the send point: a message between agents, tickets and people
  admit,    ///< the region: a command is taken
  dispatch, ///< an entity: before and after a command
  journal,  ///< the journal: a unit is handed over, and its answer
  effect,   ///< something on the outside begins and ends
  gateway,  ///< a request comes in, its answer goes out
};
constexpr std::size_t category_count = 6;
constexpr std::uint8_t every_category = (1u << category_count) - 1;

[[nodiscard]] constexpr std::uint8_t bit_of(category c) {
  return static_cast<std::uint8_t>(1u << static_cast<unsigned>(c));
}

/// Seen from the part that made the record.
enum class direction : std::uint8_t { none, in, out };

/// How it ended. From `invalid_argument` on these are errors.
enum class outcome : std::uint8_t {
  open, ///< it has not ended yet
  ok,
  duplicate, ///< it had been done already
  invalid_argument,
  not_found,
  conflict,
  busy,
  unavailable,
  fenced,
  forbidden,
  unauthorized,
  too_large,
  unsupported,
  timeout,
  internal,
  corrupt,
  dead_letter, ///< put aside, because it took its entity down
  crashed,
};

[[nodiscard]] outcome outcome_of(errc code);
[[nodiscard]] constexpr bool is_error(outcome o) {
  return o >= outcome::invalid_argument;
}

/// What is known of a record by name. Absent names are empty.
enum class field : std::uint8_t { tenant, kind, from, to, ticket, brief, project, agent };
constexpr std::size_t field_count = 8;

[[nodiscard]] std::string_view to_string(category c);
[[nodiscard]] std::string_view to_string(direction d);
[[nodiscard]] std::string_view to_string(outcome o);
[[nodiscard]] std::string_view to_string(field f);
/// The value of a word; none where there is no such word.
[[nodiscard]] std::optional<category> parse_category(std::string_view word);
[[nodiscard]] std::optional<direction> parse_direction(std::string_view word);
[[nodiscard]] std::optional<outcome> parse_outcome(std::string_view word);
[[nodiscard]] std::optional<field> parse_field(std::string_view word);

/// FNV-1a, 64 bits: how a record knows its conversation and its message.
[[nodiscard]] constexpr std::uint64_t hash_of(std::string_view text) {
  std::uint64_t h = 14695981039346656037ull;
  for (char const c : text)
    h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return h;
}

/// The beginning of a message's content, as it was: to be redacted before it leaves.
struct preview;

constexpr std::uint32_t no_latency = std::numeric_limits<std::uint32_t>::max();
/// In microseconds; no more than 71 minutes.
[[nodiscard]] std::uint32_t latency_of(std::chrono::nanoseconds time);
constexpr std::uint16_t no_shard = std::numeric_limits<std::uint16_t>::max();
/// Of a record that is read from the ledger.
constexpr std::uint16_t no_thread = std::numeric_limits<std::uint16_t>::max();

/// One record: three cache lines, without pointers into what it is about (but for the preview,
/// which it owns until a reader takes it). Names share one text: one that is part of another takes
/// no room; what does not fit is cut.
struct alignas(64) header {
  std::int64_t at_ns = 0;         ///< since 1970-01-01 UTC
  std::uint64_t number = 0;       ///< of its thread, counting those that were dropped as well
  std::uint64_t conversation = 0; ///< hash of the correlation id; 0: none
  std::uint64_t message = 0;      ///< hash of the id of the message or event; 0: none
  std::uint64_t seq = 0;          ///< of the ledger in `shard`, where it stands there
  preview* content = nullptr;
  std::uint32_t latency_us = no_latency;
  std::uint16_t shard = no_shard;
  std::uint16_t thread = 0;
  category point = category::send;
  direction way = direction::none;
  outcome how = outcome::open;
  std::uint8_t cut = 0; ///< one bit a field: the name was longer
  bool notable = false; ///< recorded although the rates are used up, see `room_for`

  header() = default;
  header(category where, direction which) : point(where), way(which) {}

  /// Names what the record is about. A tenant that does not fit is left out, so that nobody sees
  /// the record: a part of a tenant's name could be another tenant's.
  void set(field f, std::string_view name);
  [[nodiscard]] std::string_view get(field f) const {
    auto const& s = slots_[static_cast<std::size_t>(f)];
    return {text_.data() + s.begin, s.size};
  }
  [[nodiscard]] bool is_cut(field f) const { return (cut & (1u << static_cast<unsigned>(f))) != 0; }

  /// Sets `from` and `to`, and what their names tell of ticket, brief and project.
  void between(std::string_view from_principal, std::string_view to_principal);
  /// Sets `from`, and what its name tells.
  void sent_by(std::string_view principal);
  /// Sets tenant and `to`, and what the name tells of ticket, brief and project.
  void about(entity_ref const& entity);
  /// Sets ticket and brief.
  void concerns(std::string_view ticket);
  /// Sets the agent whose work it is, though the record is neither from nor to it, and its project.
  void worked_on_by(std::string_view agent);
  /// The correlation id is the brief's id in every conversation about one. Empty: where its brief
  /// is known, that of the conversation about it.
  void within(std::string_view correlation);
  void took(std::chrono::nanoseconds time) { latency_us = latency_of(time); }

private:
  /// What the name of a principal (`ticket:k3f9q2mx-4`) tells.
  void learn_from(std::string_view principal);
  /// Sets a name and answers it as it stands here, so that parts of it are not looked for; as it
  /// was where there was no room for all of it.
  std::string_view take_in(field f, std::string_view name);

  struct slot {
    std::uint8_t begin = 0;
    std::uint8_t size = 0;
  };
  static constexpr std::size_t text_size = 114;
  std::array<slot, field_count> slots_{};
  std::uint8_t used_ = 0;
  std::array<char, text_size> text_{};
};
static_assert(sizeof(header) == 192 && std::is_trivially_copyable_v<header>);

} // namespace troupe::traffic
