#include "cli/traffic.hpp"

#include "cli/text/columns.hpp"
#include "cli/text/traffic.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>

namespace troupe {

namespace {

api_client::query query_of(traffic_flags const& f) {
  api_client::query q;
  auto const add = [&](char const* name, std::string const& value) {
    if (!value.empty())
      q.emplace_back(name, value);
  };
  add("filter", f.filter);
  add("sample", f.sample);
  add("rate", f.rate);
  add("seconds", f.seconds);
  add("limit", f.limit);
  add("since", f.since);
  if (f.contents)
    q.emplace_back("contents", "true");
  return q;
}

/// What to do about an end that nobody here asked for.
std::string end_of(std::string const& why) {
  if (why == "record_limit")
    return "that were as many records as were asked for; --limit N for more";
  if (why == "time_limit")
    return "the time of this watch is over; --seconds N for more";
  return "the server ended the watch: " + why;
}

/// Points below the column that is wrong.
std::string mark_below(std::string const& filter, json::object const& details) {
  auto const column = look::number(json::value(details), "column");
  if (column < 1 || filter.find('\n') != std::string::npos)
    return {};
  return "  " + columns::printable(filter) + "\n  " +
         std::string(static_cast<std::size_t>(column) - 1, ' ') + "^";
}

/// A value of a filter, quoted.
std::string in_quotes(std::string const& value) {
  std::string out = "\"";
  for (char const c : value) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "\"";
}

/// Ids of tickets are those of their brief with a number behind.
bool is_brief(std::string const& id) {
  return id.find('-') == std::string::npos;
}

/// What of one conversation a sequence shows: what was said, what became durable, what went wrong.
traffic_flags following(traffic_flags f) {
  auto const about = (is_brief(f.follow) ? "brief=" : "ticket=") + in_quotes(f.follow) +
                     " and (point=send or (point=journal and direction=out) or errors)";
  f.filter = f.filter.empty() ? about : about + " and (" + f.filter + ")";
  if (f.since.empty())
    f.since = "30d";
  return f;
}

/// Counts shown again and again: in place of those before on a terminal, else one after the other.
class stats_board {
public:
  explicit stats_board(console& out, bool in_place)
      : out_(out), in_place_(in_place), thread_([this] { run(); }) {}
  ~stats_board() {
    {
      std::lock_guard lock{mutex_};
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
    if (!in_place_)
      print(); // what came after the last time
  }
  stats_board(stats_board const&) = delete;
  stats_board& operator=(stats_board const&) = delete;

  void take(json::value const& line) {
    std::lock_guard lock{mutex_};
    stats_.take(line, now());
    ended_ = false;
  }
  /// The counts until here, and why no more come; another try may follow.
  void end(json::value const& line) {
    print();
    std::lock_guard lock{printing_};
    ended_ = true;
    out_.print_json(line);
  }

private:
  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  void run() {
    std::unique_lock lock{mutex_};
    auto const pause = std::chrono::seconds{in_place_ ? 1 : 5};
    while (!changed_.wait_for(lock, pause, [this] { return over_; })) {
      lock.unlock();
      print();
      lock.lock();
    }
  }
  void print() {
    std::lock_guard printing{printing_};
    if (ended_)
      return;
    std::string text;
    json::value told;
    { // who reads the stream must not wait for who prints
      std::lock_guard lock{mutex_};
      if (out_.json())
        told = stats_.tell(now());
      else
        text = stats_.show(out_.style(), now());
    }
    if (out_.json()) {
      out_.print_json(told);
      return;
    }
    if (in_place_ && lines_ > 0)
      out_.print("\x1b[" + std::to_string(lines_) + "A\x1b[J");
    lines_ = std::count(text.begin(), text.end(), '\n');
    out_.print(text + (in_place_ ? "" : "\n"));
  }

  console& out_;
  bool const in_place_;
  std::mutex mutex_;
  std::mutex printing_;            ///< taken before the other
  std::atomic<bool> ended_{false}; ///< and told so: nothing is printed before the next line
  std::condition_variable changed_;
  traffic_stats stats_;
  std::ptrdiff_t lines_ = 0; ///< of what was printed last
  bool over_ = false;
  std::thread thread_;
};

/// How lines are shown.
class traffic_view {
public:
  traffic_view(console& out, traffic_flags const& flags) : out_(out), sequence_(out.style()) {
    if (flags.stats)
      stats_.emplace(out, !out.json() && out.style().width > 0 && ::isatty(STDOUT_FILENO) != 0);
    follows_ = !flags.follow.empty();
  }
  void show(std::string const& name, json::value const& line) {
    if (out_.json() && !stats_)
      out_.print_json(line);
    else if (name == "closed" && !out_.json())
      out_.note(end_of(look::text(line, "reason")));
    else if (stats_ && name == "closed")
      stats_->end(line);
    else if (stats_)
      stats_->take(line);
    else if (follows_)
      out_.print(sequence_.show(line));
    else
      out_.print(render_traffic_line(line, out_.style()) + "\n");
  }

private:
  console& out_;
  sequence_view sequence_;
  std::optional<stats_board> stats_;
  bool follows_ = false;
};

} // namespace

int watch_traffic(console& out, traffic_flags const& asked) {
  // A stream would wait for a server that is not there; a person wants to know.
  if (auto const there = out.api().get("/healthz"); !there)
    return out.fail(there.error());
  if (!asked.follow.empty()) // it would wait for what never comes
    if (auto const there = out.api().get(
            (is_brief(asked.follow) ? "/api/briefs/" : "/api/tickets/") + segment(asked.follow));
        !there)
      return out.fail(there.error());
  auto flags = asked.follow.empty() ? asked : following(asked);
  if (flags.stats && flags.rate.empty())
    flags.rate = "10000";
  if (flags.stats && flags.limit.empty())
    flags.limit = "1000000";
  auto& stop = stop_on_interrupt();
  bool begun = false;
  result<void> followed;
  {
    traffic_view view{out, flags};
    followed = out.api().follow(
        "/api/watch", query_of(flags),
        [&](std::string const& name, json::value const& line) { view.show(name, line); }, stop,
        [&](bool up, std::string const& why) {
          if (!up)
            out.remark(out.api().link_broken(why));
          else
            out.note((begun ? "connected again; watching " : "watching live traffic of ") +
                     out.api().server() + "; Ctrl-C ends it");
          begun = begun || up;
        });
  }
  if (followed)
    return exit_code::ok;
  auto const& e = followed.error();
  auto const code = out.fail(e, mark_below(flags.filter, e.details));
  return e.code == errc::invalid_argument ? exit_code::usage : code;
}

} // namespace troupe
