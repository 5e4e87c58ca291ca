#pragma once

#include "actors/node.hpp"
#include "gateway/daemons/planned_call.hpp"
#include "gateway/daemons/run_configs.hpp"
#include "gateway/http/message.hpp"
#include "protocol/trace.hpp"

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>

namespace troupe {

/// The server's end of the links to daemons: hands over orders, takes over reports.
///
/// It keeps nothing durable. Orders come from tickets' obligations and are handed over again after
/// a restart; a report is acknowledged only when the ticket's answer to it is durable, so a daemon
/// keeps and repeats whatever was not taken. Thread-safe; never waits.
class daemon_hub : public runner_port {
public:
  using progress_listener = std::function<void(daemon_id const&, link::progress const&)>;

  /// `grace`: how long a daemon that was connected may stay away after a start.
  daemon_hub(tenant_id tenant, duration heartbeat, duration grace = std::chrono::seconds{15});

  /// The node to send commands to; set once, before `serve`.
  void attach(node& n) { node_ = &n; }
  /// The node was resumed. Daemons that the ledger has connected, because the server before this
  /// one was killed, have the grace to come back; then those that are not here are disconnected,
  /// once.
  void resume() { absence_.plan(grace_); }
  /// Hears what agents say they are doing, of attempts that hold their lease. Nothing of it is
  /// stored. The listener runs on any thread, must not block, and may be called once more while
  /// `unwatch` runs.
  [[nodiscard]] std::uint64_t watch(progress_listener l);
  void unwatch(std::uint64_t id);

  /// One accepted link; the principal is the daemon.
  void serve(request const& r, std::shared_ptr<web_socket> socket);
  /// Daemons that have a link now. The ledger can be behind: a daemon whose server was killed is
  /// online there until it was disconnected.
  [[nodiscard]] std::set<daemon_id> linked() const;
  /// When each daemon was heard last, whatever it said; those that were heard since the start.
  [[nodiscard]] std::map<daemon_id, time_point> heard() const;
  /// Closes the links of a daemon (revoked), or, before the node stops, all.
  void drop(daemon_id const& daemon, std::string const& why);
  void drop_all(std::string const& why);
  /// The daemon's state has changed: what may be offered to it follows.
  void learn(daemon_id const& daemon, json::value const& state);

  void launch(troupe::launch const& what) override;
  void forget(ticket_id const& ticket, std::int64_t token) override;
  void notify(troupe::notify const& what, std::function<void()> done) override;

private:
  using attempt_key = std::pair<ticket_id, std::int64_t>;
  /// A numbered frame that the daemon has not acknowledged.
  struct sent_frame {
    std::uint64_t seq = 0;
    link::frame_body body;
    std::function<void()> done;
  };
  struct attempt {
    project_id project;
    run_configs::config_ptr config;              ///< null until its run was read
    std::optional<troupe::launch> unposted = {}; ///< its run could not be read, and is asked again
    duration wait{0};                            ///< until then, the last time
    tracing::span traced = {};                   ///< until the lease is over
  };
  struct peer {
    std::shared_ptr<web_socket> socket;   ///< null until the welcome, and while the daemon is away
    std::shared_ptr<web_socket> arriving; ///< said hello, and its entity is asked
    std::uint64_t connection = 0;         ///< that of either; 0: none
    time_point heard{};
    std::uint64_t version = 0;  ///< of the state that was published last
    std::uint64_t last_seq = 0; ///< of our numbers
    std::deque<sent_frame> unacknowledged;
    std::string stream;                   ///< of its numbers
    std::uint64_t taken = 0;              ///< highest of them that is durable here; 0: not known
    std::deque<link::link_frame> reports; ///< to be taken, in order; the first is under way
    bool taking = false;
  };

  void received(daemon_id const& daemon, std::uint64_t connection, link::link_frame f);
  void arrive(daemon_id const& daemon, std::uint64_t connection,
              std::shared_ptr<web_socket> const& socket, link::hello const& h);
  void greet(daemon_id const& daemon, std::uint64_t connection, link::hello const& h,
             json::value const& state);
  void turn_away(daemon_id const& daemon, std::uint64_t connection, error const& why);
  /// Tells the dispatcher what the daemon offers in this state. Under the lock, so that the
  /// dispatcher hears it in the order in which links come and go.
  void publish(daemon_id const& daemon, peer& p, json::value const& state);
  void tell(daemon_id const& daemon, link::progress p);
  void report(daemon_id const& daemon, std::uint64_t connection, link::link_frame f);
  void take_next(daemon_id const& daemon, std::uint64_t connection);
  void taken(daemon_id const& daemon, std::uint64_t connection, std::uint64_t seq,
             command_result const& r);
  void renew(daemon_id const& daemon, link::heartbeat const& h);
  /// An unnumbered frame: said again at the next heartbeat where it still matters.
  void send_lossy(daemon_id const& daemon, link::frame_body const& body);
  void gone(daemon_id const& daemon, std::uint64_t connection);
  /// Says in the ledger that the daemon has no link. Under the lock: the next link's `connect` must
  /// come after it.
  void disconnect(daemon_id const& daemon);
  void disconnect_absent();
  [[nodiscard]] bool is_linked(daemon_id const& daemon) const; ///< under the lock
  void post(daemon_id const& daemon, link::frame_body body, std::function<void()> done);
  void ask_run(troupe::launch const& what);
  void ask_runs_again();
  void complete(troupe::launch what, result<json::value> const& run);
  /// The agent of a role or name in the attempt's run; none: the run is not read yet.
  [[nodiscard]] std::optional<agent_id> resolve(ticket_id const& ticket, std::int64_t token,
                                                std::string const& to);
  [[nodiscard]] submit_options as(daemon_id const& daemon, std::string cause) const;
  [[nodiscard]] entity_ref ticket_ref(ticket_id const& t) const;

  tenant_id tenant_;
  duration heartbeat_;
  duration grace_;
  std::string stream_; ///< of our numbers: new at each start
  node* node_ = nullptr;
  std::mutex listeners_mutex_;
  std::map<std::uint64_t, std::shared_ptr<progress_listener const>> listeners_;
  std::uint64_t next_listener_ = 0;
  /// Frames are numbered and queued in one step: a peer takes a number that is out of order for a
  /// gap. A socket's `send` and `close` only queue.
  mutable std::mutex mutex_;
  std::map<daemon_id, peer> peers_;
  run_configs configs_;                     ///< to complete orders
  std::map<attempt_key, attempt> attempts_; ///< whose lease is held
  std::uint64_t connections_ = 0;
  std::atomic<bool> stopping_{false};
  // The last members, so that their threads end first.
  planned_call absence_; ///< of daemons
  planned_call asking_;  ///< for runs that could not be read
};

} // namespace troupe
