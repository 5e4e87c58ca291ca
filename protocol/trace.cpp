#include "protocol/trace.hpp"

#include "protocol/hex.hpp"

#include <algorithm>
#include <random>

namespace troupe::tracing {

std::atomic<bool> detail::is_on{false};

namespace {

std::string random_hex(std::size_t digits) {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  static constexpr char hex[] = "0123456789abcdef";
  std::string out(digits, '0');
  do {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < digits; ++i, bits >>= 4) {
      if (i % 16 == 0)
        bits = random();
      out[i] = hex[bits & 15];
    }
  } while (out.find_first_not_of('0') == std::string::npos); // all zeros mean: none
  return out;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The spans that wait to be sent, and what is remembered of entities.
struct desk {
  std::mutex mutex;
  std::condition_variable changed;
  settings set;
  std::deque<span_record> waiting;
  std::uint64_t ended = 0;
  std::uint64_t dropped = 0;
  std::unordered_map<std::string, context> known;
  std::deque<std::string> order; ///< of `known`, oldest first

  void put(span_record r) {
    {
      std::lock_guard lock{mutex};
      ++ended;
      if (waiting.size() >= set.queue) {
        ++dropped;
        return;
      }
      waiting.push_back(std::move(r));
    }
    changed.notify_one();
  }
};

desk& the_desk() {
  static desk d;
  return d;
}

/// By the last 56 bits of the id, as OpenTelemetry's TraceIdRatioBased does.
bool sampled(std::string const& trace_id, int percent) {
  auto const low = std::stoull(trace_id.substr(18), nullptr, 16);
  auto const bound = static_cast<double>(percent) / 100 * static_cast<double>(1ULL << 56);
  return static_cast<double>(low) < bound;
}

} // namespace

std::string context::traceparent() const {
  return known() ? "00-" + trace_id + "-" + span_id + "-01" : std::string{};
}

bool well_formed(std::string_view t) {
  auto const some = [](std::string_view id) {
    return is_hex(id) && id.find_first_not_of('0') != std::string_view::npos;
  };
  return t.size() == 55 && t.substr(0, 3) == "00-" && t[35] == '-' && t[52] == '-' &&
         some(t.substr(3, 32)) && some(t.substr(36, 16)) && is_hex(t.substr(53));
}

context parse(std::string_view t) {
  if (!well_formed(t) || (t[54] - (t[54] > '9' ? 'a' - 10 : '0')) % 2 == 0) // the flag `sampled`
    return {};
  return {std::string{t.substr(3, 32)}, std::string{t.substr(36, 16)}};
}

void start(settings s) {
  auto& d = the_desk();
  std::lock_guard lock{d.mutex};
  d.set = s;
  detail::is_on = true;
}

void stop() {
  auto& d = the_desk();
  {
    std::lock_guard lock{d.mutex};
    detail::is_on = false;
    d.known.clear();
    d.order.clear();
  }
  d.changed.notify_all();
}

counts counted() {
  auto& d = the_desk();
  std::lock_guard lock{d.mutex};
  return {d.ended, d.dropped, d.waiting.size()};
}

std::vector<span_record> take(std::size_t most, std::chrono::milliseconds patience) {
  auto& d = the_desk();
  std::unique_lock lock{d.mutex};
  d.changed.wait(lock, [&] { return !d.waiting.empty() || !on(); });
  d.changed.wait_for(lock, patience, [&] { return d.waiting.size() >= most || !on(); });
  std::vector<span_record> out;
  while (!d.waiting.empty() && out.size() < most) {
    out.push_back(std::move(d.waiting.front()));
    d.waiting.pop_front();
  }
  return out;
}

span& span::operator=(span&& other) noexcept {
  if (this != &other) {
    end();
    record_ = std::exchange(other.record_, std::nullopt);
  }
  return *this;
}

span span::root(std::string name, span_kind kind, std::string trace_id) {
  span out;
  if (!on() || trace_id.size() != 32 || !is_hex(trace_id))
    return out;
  {
    auto& d = the_desk();
    std::lock_guard lock{d.mutex};
    if (!sampled(trace_id, d.set.percent))
      return out;
  }
  out.record_ = span_record{
      {std::move(trace_id), random_hex(16)}, {}, std::move(name), kind, now_ns(), 0, {}, {}};
  return out;
}

span span::child(std::string name, span_kind kind, context const& parent) {
  span out;
  if (on() && parent.known())
    out.record_ = span_record{{parent.trace_id, random_hex(16)},
                              parent.span_id,
                              std::move(name),
                              kind,
                              now_ns(),
                              0,
                              {},
                              {}};
  return out;
}

void span::set(std::string key, std::variant<std::string, std::int64_t> value) {
  if (!record_)
    return;
  auto& all = record_->attributes;
  auto const at = std::ranges::find(all, key, &attribute::key);
  if (at == all.end())
    all.push_back({std::move(key), std::move(value)});
  else
    at->value = std::move(value);
}

void span::name(std::string name) {
  if (record_)
    record_->name = std::move(name);
}

void span::fail(std::string why) {
  if (record_)
    record_->failed = std::move(why);
}

void span::end() {
  if (auto r = std::exchange(record_, std::nullopt)) {
    r->ended = now_ns();
    the_desk().put(std::move(*r));
  }
}

void remember(std::string const& of, context const& last) {
  if (!on() || !last.known())
    return;
  auto& d = the_desk();
  std::lock_guard lock{d.mutex};
  auto const [at, fresh] = d.known.try_emplace(of, last);
  if (!fresh) {
    if (at->second.trace_id == last.trace_id)
      at->second = last;
    return;
  }
  d.order.push_back(of);
  if (d.order.size() > d.set.memory) {
    d.known.erase(d.order.front());
    d.order.pop_front();
  }
}

context remembered(std::string const& of) {
  auto& d = the_desk();
  std::lock_guard lock{d.mutex};
  auto const found = d.known.find(of);
  return found == d.known.end() ? context{} : found->second;
}

} // namespace troupe::tracing
