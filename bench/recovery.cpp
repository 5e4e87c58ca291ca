#include "bench/stage.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <iostream>
#include <map>
#include <mutex>
#include <set>

extern char** environ; // NOLINT(readability-redundant-declaration)

namespace troupe::bench {

namespace {

constexpr std::chrono::seconds limit{120};

/// Does the first stage of each ticket at once. In the second one it says that it has begun, and
/// never ends: agents at work.
class holding_runner : public runner_port {
public:
  holding_runner(instant_runner& now) : now_(now) {}
  void attach(node& n) { node_ = &n; }

  void launch(troupe::launch const& what) override {
    auto const& o = what.what;
    if (o.kind == link::order_kind::work)
      return now_.launch(what);
    submit_options by;
    by.by = now_.by();
    node_->submit({tenant_id{"default"}, entity_kind::ticket, o.ticket.value},
                  ticket::command{ticket::start{o.token, {}, {}}}, by,
                  [this, id = o.ticket.value](command_result const& r) {
                    std::lock_guard lock{mutex_};
                    if (r)
                      held_.insert(id);
                    changed_.notify_one();
                  });
  }
  void forget(ticket_id const& t, std::int64_t token) override { now_.forget(t, token); }
  void notify(troupe::notify const& n, std::function<void()> done) override {
    now_.notify(n, std::move(done));
  }

  [[nodiscard]] bool wait(std::size_t many) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return held_.size() >= many; });
  }

private:
  instant_runner& now_;
  node* node_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> held_;
};

void say(std::string_view word) {
  std::cout << word << std::endl;
}

int refuse(error const& e) {
  std::cout << "failed " << e.message << std::endl;
  return 1;
}

int hold(std::string const& address, int in_flight) {
  auto const store = store_at(address);
  if (!store)
    return refuse(store.error());
  stage on;
  holding_runner runner{on.engine()};
  if (auto r = on.open(*store, in_flight, true, &runner); !r)
    return refuse(r.error());
  runner.attach(on.at());
  std::mutex mutex;
  std::string refused;
  for (int i = 1; i <= in_flight; ++i)
    on.at().submit(stage::ref(i), ticket::command{stage::ticket(i)}, stage::by(),
                   [&](command_result const& r) {
                     std::lock_guard lock{mutex};
                     if (!r)
                       refused = r.error().message;
                   });
  if (!runner.wait(static_cast<std::size_t>(in_flight))) {
    std::lock_guard lock{mutex};
    return refuse(fail(errc::timeout, refused.empty() ? "the tickets did not come to their second "
                                                        "stage in time"
                                                      : refused));
  }
  say("held");
  for (;;)
    ::pause(); // until kill -9
}

/// Says when the node takes commands, and when the first, all, and the end of all tickets come.
int resume(std::string const& address, int in_flight) {
  auto const store = store_at(address);
  if (!store)
    return refuse(store.error());
  stage on;
  if (auto r = on.open(*store, in_flight, false); !r)
    return refuse(r.error());
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> moved;
  int merged = 0;
  auto const many = static_cast<std::size_t>(in_flight);
  auto const listener = on.at().view().subscribe(
      [&](board_event const& e) {
        if (e.event->stream.kind != entity_kind::ticket)
          return;
        std::lock_guard lock{mutex};
        bool const is_new = moved.insert(e.event->stream.id).second;
        if (is_new && moved.size() == 1)
          say("first");
        if (is_new && moved.size() == many)
          say("all");
        if (e.event->event.type == "ticket.merged" && ++merged == in_flight)
          changed.notify_one();
      },
      {});
  if (auto r = on.resume(in_flight); !r)
    return refuse(r.error());
  say("ready");
  std::unique_lock lock{mutex};
  bool const done = changed.wait_for(lock, limit, [&] { return merged == in_flight; });
  if (!done)
    return refuse(fail(errc::timeout, "after the kill only " + std::to_string(moved.size()) +
                                          " tickets moved and " + std::to_string(merged) +
                                          " were merged"));
  say("done");
  lock.unlock();
  on.at().view().unsubscribe(listener);
  return on.close() ? 0 : 1;
}

/// This program again, as `phase`, with its words and when they came.
class child {
public:
  child(std::string const& phase, std::string const& address, int in_flight) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      return;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<std::string> words{"troupe-bench", "--child", phase, address,
                                   std::to_string(in_flight)};
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& w : words)
      argv.push_back(w.data());
    argv.push_back(nullptr);
    begun_ = clock::now();
    if (::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ) != 0)
      pid_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ::fdopen(ends[0], "r");
  }
  ~child() {
    kill();
    if (out_ != nullptr)
      std::fclose(out_);
  }
  child(child const&) = delete;
  child& operator=(child const&) = delete;

  /// Reads words until this one; milliseconds since the start of the process.
  result<double> wait_for(std::string const& word) {
    while (!said_.contains(word)) {
      char line[512];
      if (out_ == nullptr || std::fgets(line, sizeof line, out_) == nullptr)
        return fail(errc::unavailable, "the process ended before it said " + word);
      std::string text{line};
      text.erase(text.find_last_not_of('\n') + 1);
      if (text.starts_with("failed "))
        return fail(errc::internal, text.substr(7));
      said_.emplace(text, seconds_since(begun_) * 1000);
    }
    return said_.at(word);
  }
  void kill() {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

private:
  pid_t pid_ = -1;
  FILE* out_ = nullptr;
  clock::time_point begun_;
  std::map<std::string, double> said_;
};

} // namespace

int recovery_child(std::string const& phase, std::string const& address, int in_flight) {
  return phase == "hold" ? hold(address, in_flight) : resume(address, in_flight);
}

result<measure> recovery(stores const& s, int in_flight) {
  auto const at = s.make(); // its processes open it
  if (!at)
    return at.error();
  {
    child first{"hold", at->address, in_flight};
    if (auto r = first.wait_for("held"); !r)
      return r.error();
  } // kill -9
  child second{"resume", at->address, in_flight};
  measure m;
  m.what = "recovery";
  m.where = s.name;
  m.level = in_flight;
  for (auto const& [word, value] : {std::pair{"ready", &m.ready_ms},
                                    {"first", &m.first_ms},
                                    {"all", &m.all_moving_ms},
                                    {"done", &m.all_done_ms}}) {
    auto const when = second.wait_for(word);
    if (!when)
      return when.error();
    *value = *when;
  }
  return m;
}

} // namespace troupe::bench
