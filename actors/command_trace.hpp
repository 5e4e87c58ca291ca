#pragma once

#include "protocol/ids.hpp"
#include "protocol/result.hpp"
#include "protocol/trace.hpp"

#include <optional>

namespace troupe {

struct command_message;
struct envelope;

/// The spans of one command on its way: from the region to its entity's answer, and within it the
/// commit. Made where tracing is on and the command belongs to a sampled trace.
class command_trace {
public:
  /// The command is handed to the region. Its trace is the one it came with, else that of what this
  /// thread is doing, else that of what the entity did last. `context.trace` then names its span.
  static void sent(command_message& c);
  /// Its entity begins with it; only the first time counts, where it has to begin again because its
  /// past must be read first, or because another append came before.
  void decided_on();
  /// What it led to goes to the journal, and is durable (or refused).
  void appended();
  void stored(std::size_t events, entity_ref const& by, bool durable);
  void ended(std::optional<error> const& refused);

  explicit command_trace(tracing::span whole) : whole_(std::move(whole)) {}
  [[nodiscard]] tracing::context place() const { return whole_.place(); }

private:
  tracing::span whole_;
  tracing::span commit_;
  bool begun_ = false;
  std::chrono::steady_clock::time_point sent_ = std::chrono::steady_clock::now();
};

/// A message passes the send point; the span's place, for what carries it on.
[[nodiscard]] tracing::context trace_message(envelope const& e,
                                             std::optional<error> const& refused);

/// What its entity does from here on, on this thread, belongs to the command.
class command_scope {
public:
  explicit command_scope(command_message const& c);

private:
  std::optional<tracing::within> inside_;
};

} // namespace troupe
