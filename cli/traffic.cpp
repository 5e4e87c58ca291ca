#include "cli/traffic.hpp"

#include "cli/text/columns.hpp"
#include "cli/text/traffic.hpp"
#include "cli/watched_names.hpp"

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

/// What one watch is asked for: of a sequence what was said, what became durable and what went
/// wrong in its conversation; of the team its messages and what it has others do.
traffic_flags in_full(traffic_flags f) {
  std::string only;
  if (f.team)
    only = "point in (send, effect)";
  if (!f.follow.empty()) {
    only = (is_brief(f.follow) ? "brief=" : "ticket=") + in_quotes(f.follow) +
           " and (point=send or (point=journal and direction=out) or (errors and point!=gateway))";
    if (f.since.empty())
      f.since = "30d";
  }
  if (!only.empty())
    f.filter = f.filter.empty() ? only : only + " and (" + f.filter + ")";
  if (f.stats && f.rate.empty())
    f.rate = "10000";
  if (f.stats && f.limit.empty())
    f.limit = "1000000";
  return f;
}

/// What is wrong with a flag, by its name here; the server knows the parameter.
std::string wrong_flag(traffic_flags const& f, error const& e) {
  auto const field = look::text(json::value(e.details), "field");
  for (auto const& [name, value] :
       {std::pair{"sample", f.sample}, std::pair{"rate", f.rate}, std::pair{"seconds", f.seconds},
        std::pair{"limit", f.limit}, std::pair{"since", f.since}})
    if (field == name)
      return "--" + field + " " + columns::printable(value) + " is not possible: " + e.message;
  return e.message;
}

/// The events of a conversation as the ledger has them, by their places: a record says what kind
/// of event it was, the event who said what.
class ledger_book {
public:
  ledger_book(api_client& api, std::string const& followed) : api_(api) {
    auto const brief = followed.substr(0, followed.rfind('-'));
    chapters_.push_back({"brief", brief, 0});
    if (brief != followed)
      chapters_.push_back({"ticket", followed, 0}); // one that was made by hand has no brief
  }

  /// Null where the record is of no event, or the event cannot be had.
  json::value const* find(json::value const& record) {
    auto const seq = look::number(record, "seq");
    if (seq == 0)
      return nullptr;
    auto const at = std::pair{look::number(record, "shard"), seq};
    // What the journal has just stored may reach those who are asked for it a moment later.
    for (int tries = 0; !events_.contains(at) && tries < 3; ++tries) {
      if (tries > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds{30});
      read_on();
    }
    auto const found = events_.find(at);
    if (found == events_.end())
      return nullptr;
    asked_ = std::move(found->second); // each is told once
    events_.erase(found);
    return &asked_;
  }
  /// A server that was started again counts anew.
  void begin_again() {
    for (auto& c : chapters_)
      c.after = 0;
    events_.clear();
  }

private:
  struct chapter {
    std::string name; ///< of the parameter
    std::string id;
    std::int64_t after = 0; ///< `n` of the last event that was read
  };
  void read_on() {
    for (auto& c : chapters_) {
      for (bool more = true; more;) {
        auto const page = api_.get(
            "/api/events", {{c.name, c.id}, {"after", std::to_string(c.after)}, {"limit", "1000"}});
        if (!page)
          return;
        for (auto const& e : look::list(*page, "items")) {
          c.after = std::max(c.after, look::number(e, "n"));
          events_[{look::number(e, "shard"), look::number(e, "seq")}] = e;
        }
        auto const next = look::number(*page, "after");
        more = next > 0;
        c.after = std::max(c.after, next);
      }
    }
  }

  api_client& api_;
  std::vector<chapter> chapters_;
  std::map<std::pair<std::int64_t, std::int64_t>, json::value> events_;
  json::value asked_;
};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// A sequence that goes on by itself: what was sent and does not arrive is shown, too.
class sequence_board {
public:
  sequence_board(console& out, traffic_flags const& f)
      : out_(out), book_(out.api(), f.follow), view_(out.style(), f.follow, f.everything),
        thread_([this] { run(); }) {}
  ~sequence_board() {
    {
      std::lock_guard lock{mutex_};
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  sequence_board(sequence_board const&) = delete;
  sequence_board& operator=(sequence_board const&) = delete;

  void take(json::value const& line) {
    auto const* event = book_.find(line);
    std::lock_guard lock{mutex_};
    out_.print(view_.show(line, event, now_ms()));
  }
  void begin_again() { book_.begin_again(); }

private:
  void run() {
    std::unique_lock lock{mutex_};
    while (!changed_.wait_for(lock, std::chrono::milliseconds{500}, [this] { return over_; }))
      out_.print(view_.overdue(now_ms()));
  }

  console& out_;
  ledger_book book_; ///< of the thread that takes lines
  std::mutex mutex_;
  std::condition_variable changed_;
  sequence_view view_;
  bool over_ = false;
  std::thread thread_;
};

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

  /// It is being watched: a server that refuses is not one where nothing happens.
  void begin() { ended_ = false; }
  void take(json::value const& line) {
    std::lock_guard lock{mutex_};
    stats_.take(line, now_ms());
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
        told = stats_.tell(now_ms());
      else
        text = stats_.show(out_.style(), now_ms());
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
  std::mutex printing_; ///< taken before the other
  /// Or not begun: nothing is printed before it is, or before the next line.
  std::atomic<bool> ended_{true};
  std::condition_variable changed_;
  traffic_stats stats_;
  std::ptrdiff_t lines_ = 0; ///< of what was printed last
  bool over_ = false;
  std::thread thread_;
};

/// How lines are shown.
class traffic_view {
public:
  traffic_view(console& out, traffic_flags const& flags) : out_(out) {
    if (flags.stats)
      stats_.emplace(out, !out.json() && out.style().width > 0 && ::isatty(STDOUT_FILENO) != 0);
    else if (!flags.follow.empty() && !out.json())
      sequence_.emplace(out, flags);
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
    else if (sequence_)
      sequence_->take(line);
    else
      out_.print(render_traffic_line(line, out_.style()) + "\n");
  }
  /// The stream is there, `again`: after it was broken.
  void begin(bool again) {
    if (stats_)
      stats_->begin();
    if (sequence_ && again)
      sequence_->begin_again();
  }

private:
  console& out_;
  std::optional<stats_board> stats_;
  std::optional<sequence_board> sequence_;
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
  for (auto const& said : unknown_in_filter(asked.filter, out.api()))
    out.remark("note: " + said);
  auto const flags = in_full(asked);
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
          if (up)
            view.begin(begun);
          begun = begun || up;
        });
  }
  if (followed)
    return exit_code::ok;
  auto e = followed.error();
  bool const misused = e.code == errc::invalid_argument; // what was asked for is no watch
  auto const mark = mark_below(flags.filter, e.details);
  if (misused)
    e.message = wrong_flag(flags, e);
  return out.fail(e, misused && mark.empty() ? std::string{"See `troupe watch --help`."} : mark,
                  misused ? std::optional{exit_code::usage} : std::nullopt);
}

} // namespace troupe
