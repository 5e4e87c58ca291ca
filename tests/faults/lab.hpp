#pragma once

#include "demo/processes.hpp"
#include "tests/faults/checkers.hpp"
#include "tests/support/postgres_server.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>

namespace troupe::faults {

enum class store_kind { sqlite, postgres };
BOOST_DESCRIBE_ENUM(store_kind, sqlite, postgres)

/// The machinery of a run does not work: neither passed nor failed.
struct broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using variables = std::map<std::string, std::string>;

struct lab_settings {
  store_kind store = store_kind::sqlite;
  std::filesystem::path home; ///< exists, and is empty
  /// Where the server's data are; empty: in `home`.
  std::filesystem::path data;
  std::string url;    ///< PostgreSQL database as the server is to reach it, maybe through a proxy
  std::string direct; ///< the same for the judge; empty: `url`
  std::vector<std::string> server_more;
  int daemons = 1;
  /// Where the daemons' data are; empty: in `home`.
  std::filesystem::path daemon_data;
  std::string tool_seconds = "0"; ///< how long an agent's tool takes
  int lease_ms = 4000;
  bool clocks_agree = true; ///< server and tools have one clock: C5 may compare their times
};

struct http_answer {
  int status = 0; ///< 0: none came
  std::string body;
  json::object json;
  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

/// A real server on a real store, a real repository, real daemons whose agents run a script, all in
/// one folder. Processes are started, struck and started again by the test; they end with it. All
/// calls from the main thread, except `call`.
class lab {
public:
  explicit lab(lab_settings s);
  ~lab();
  lab(lab const&) = delete;
  lab& operator=(lab const&) = delete;

  /// Starts the server, makes the project, enrols and starts the daemons.
  void open();

  void start_server(variables const& set = {});
  void start_daemon(int which, variables const& set = {});
  /// Waits until it answers /readyz with 200; how long that took.
  std::chrono::milliseconds await_ready(std::chrono::milliseconds limit = std::chrono::seconds{30});
  [[nodiscard]] bool ready() const;
  demo::child& server();
  demo::child& daemon(int which);
  [[nodiscard]] bool server_runs() { return server_ && server_->running(); }
  void signal_server(int signal);

  /// Does harm and gives back, with the times in the history.
  void strike(std::string const& what, std::function<void()> const& harm,
              std::function<void()> const& give_back);
  /// kill -9 and a new start, after `count` further acknowledged commands.
  void kill_and_restart(variables const& set = {});

  [[nodiscard]] http_answer call(std::string const& method, std::string const& path,
                                 std::string const& body = {}, std::string const& key = {},
                                 std::chrono::milliseconds limit = std::chrono::seconds{10}) const;

  /// After the load: waits until every ticket has come to its end, then collects what there is to
  /// judge. `limit`: C6's T.
  evidence_of_run collect(std::chrono::seconds limit = std::chrono::seconds{60});
  /// What is held against the run, with `troupe verify` among it.
  findings judge(tally& count, std::chrono::seconds limit = std::chrono::seconds{60});
  /// Notes what the server takes of the machine now, for C10.
  void measure();
  [[nodiscard]] gauge usage();

  [[nodiscard]] recorder& record() { return record_; }
  [[nodiscard]] std::filesystem::path const& home() const { return s_.home; }
  [[nodiscard]] std::filesystem::path data() const { return s_.data; }
  [[nodiscard]] std::string server_log() const;
  [[nodiscard]] std::string daemon_log(int which) const;
  [[nodiscard]] lab_settings& settings() { return s_; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<std::string> place_of_ledger() const;
  /// Leaves out what waits for a person: tickets whose attempts are used up are tried again.
  [[nodiscard]] int helped() const { return helped_; }

private:
  void make_repository();
  void make_project();
  void enrol(int which);
  [[nodiscard]] bool tickets_ended();
  [[nodiscard]] std::vector<served> show_tickets() const;
  [[nodiscard]] std::vector<tool_run> tools() const;
  [[nodiscard]] std::vector<std::string> merges() const;

  lab_settings s_;
  int port_;
  recorder record_;
  std::string token_;
  std::optional<demo::child> server_;
  std::vector<std::optional<demo::child>> daemons_;
  std::vector<gauge> gauges_;
  int helped_ = 0;
};

/// Clients that work with the lab's server, each on a thread, until they are told to stop.
struct load_settings {
  int clients = 3;
  int tickets = 6;                         ///< at most, of all clients
  std::chrono::milliseconds ticket_gap{0}; ///< at least, between two new tickets
  int briefs = 2;
  std::uint64_t seed = 1;
  std::chrono::milliseconds pause{10};       ///< between two operations of a client
  std::chrono::seconds patience{40};         ///< until a write is given up
  std::chrono::milliseconds answer_in{8000}; ///< one sending
};

class load {
public:
  load(lab& on, load_settings s);
  ~load();
  load(load const&) = delete;
  load& operator=(load const&) = delete;

  /// Waits until so many more writes were acknowledged; false when that does not come in time.
  bool await_more(std::size_t count,
                  std::chrono::milliseconds limit = std::chrono::seconds{30}) const;
  /// Each client finishes what it is at.
  void stop();

  /// A write as it was sent.
  struct request {
    std::string path, body;
  };
  /// All writes by key; after `stop`.
  [[nodiscard]] std::map<std::string, request> const& sent() const { return sent_; }

private:
  void run(int client);
  void write(operation o, std::string const& path, std::string const& body);
  void read(int client, std::string const& ticket);
  std::string some_ticket(std::uint64_t random) const;
  bool may_make_ticket();

  lab& lab_;
  load_settings s_;
  std::atomic<bool> stop_{false};
  int tickets_ = 0;                                     ///< with the mutex
  std::chrono::steady_clock::time_point next_ticket_{}; ///< with the mutex
  std::atomic<int> briefs_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> made_;
  std::map<std::string, request> sent_;
  std::vector<std::thread> threads_;
};

[[nodiscard]] std::string read_text(std::filesystem::path const& file);
/// Looks at `so` until it holds or the time is over.
[[nodiscard]] bool comes(std::function<bool()> const& so,
                         std::chrono::milliseconds limit = std::chrono::seconds{30});

} // namespace troupe::faults
