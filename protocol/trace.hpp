#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

/// Traces in the sense of OpenTelemetry: spans with their places in a W3C trace context. Here they
/// are made and queued; who sends them is elsewhere. Off, every question is one relaxed load.
namespace troupe::tracing {

/// A span's place: 32 and 16 lower case hex digits. Empty: none.
struct context {
  std::string trace_id;
  std::string span_id;

  [[nodiscard]] bool known() const { return !trace_id.empty(); }
  /// `00-<trace>-<span>-01`; empty where there is none.
  [[nodiscard]] std::string traceparent() const;
  friend bool operator==(context const&, context const&) = default;
};

/// Whether a `traceparent` is one (W3C Trace Context, 3.2); else it is as good as none.
[[nodiscard]] bool well_formed(std::string_view traceparent);
/// Of a `traceparent` whose trace is sampled; none for another one and for
/// what is not one.
[[nodiscard]] context parse(std::string_view traceparent);

/// As OTLP numbers them.
enum class span_kind { internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };

struct attribute {
  std::string key;
  std::variant<std::string, std::int64_t> value;
};

/// A span that has ended.
struct span_record {
  context self;
  std::string parent; ///< id; empty: the first of its trace here
  std::string name;
  span_kind kind = span_kind::internal;
  std::int64_t began = 0; ///< ns since 1970
  std::int64_t ended = 0;
  std::vector<attribute> attributes;
  std::optional<std::string> failed; ///< set: an error, with what is known of it
};

struct settings {
  int percent = 100;           ///< of the traces that begin here
  std::size_t queue = 16'384;  ///< spans that wait; what comes then is dropped and counted
  std::size_t memory = 10'000; ///< entities whose trace is remembered; then the oldest is forgotten
};

struct counts {
  std::uint64_t ended = 0;   ///< spans, since the start
  std::uint64_t dropped = 0; ///< of them, because too many waited
  std::size_t waiting = 0;
};

namespace detail {
extern std::atomic<bool> is_on;
}

/// Whether anything is traced. One relaxed load.
[[nodiscard]] inline bool on() {
  return detail::is_on.load(std::memory_order_relaxed);
}

void start(settings s);
/// Nothing is traced from here on; who waits in `take` hears it.
void stop();
[[nodiscard]] counts counted();
/// Up to `most` spans, oldest first: as soon as there are that many, or `patience` after the first.
/// Waits for the first without end; empty: it was stopped, and nothing is left.
[[nodiscard]] std::vector<span_record> take(std::size_t most, std::chrono::milliseconds patience);

/// A span in the making. Of a trace that is not sampled, and while nothing is traced, it is nothing
/// and costs nothing.
class span {
public:
  span() = default;
  span(span&& other) noexcept : record_(std::exchange(other.record_, std::nullopt)) {}
  span& operator=(span&& other) noexcept;
  ~span() { end(); }

  /// The first of its trace; whether it is one at all is drawn by the trace's id, so that all who
  /// see the same id draw the same.
  [[nodiscard]] static span root(std::string name, span_kind kind, std::string trace_id);
  /// Nothing where the parent is not known.
  [[nodiscard]] static span child(std::string name, span_kind kind, context const& parent);

  /// A key has one value, the last that was set; receivers may take a span for broken else.
  void set(std::string key, std::variant<std::string, std::int64_t> value);
  void name(std::string name);
  void fail(std::string why);
  void end();

  explicit operator bool() const { return record_.has_value(); }
  /// Unknown where it is nothing.
  [[nodiscard]] context place() const { return record_ ? record_->self : context{}; }

private:
  std::optional<span_record> record_;
};

/// What happens on this thread until the end of the scope belongs to this span.
class within {
public:
  explicit within(context c) : before_(std::exchange(here(), std::move(c))) {}
  ~within() { here() = std::move(before_); }
  within(within const&) = delete;
  within& operator=(within const&) = delete;

  [[nodiscard]] static context& here() {
    static thread_local context present;
    return present;
  }

private:
  context before_;
};

/// The last span of something that goes on later by itself (a ticket that waits for a runner):
/// what happens to it next belongs to the same trace. The first trace stays until it is forgotten.
void remember(std::string const& of, context const& last);
[[nodiscard]] context remembered(std::string const& of);

} // namespace troupe::tracing
