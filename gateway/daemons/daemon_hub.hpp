#pragma once

#include "actors/node.hpp"
#include "gateway/http/message.hpp"

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

  explicit daemon_hub(tenant_id tenant, duration heartbeat);

  /// The node to send commands to; set once, before `serve`.
  void attach(node& n) { node_ = &n; }
  void on_progress(progress_listener l) { progress_ = std::move(l); }

  /// One accepted link; the principal is the daemon.
  void serve(request const& r, std::shared_ptr<web_socket> socket);
  /// Closes the links of a daemon (revoked), or all.
  void drop(daemon_id const& daemon, std::string const& why);
  void drop_all(std::string const& why);

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
  struct peer {
    std::shared_ptr<web_socket> socket; ///< null while the daemon is away
    std::uint64_t connection = 0;
    std::uint64_t last_seq = 0; ///< of our numbers
    std::deque<sent_frame> unacknowledged;
    std::string stream;                   ///< of its numbers
    std::uint64_t taken = 0;              ///< highest of them that is durable here; 0: not known
    std::deque<link::link_frame> reports; ///< to be taken, in order; the first is under way
    bool taking = false;
  };

  void received(daemon_id const& daemon, std::uint64_t connection, link::link_frame f);
  void greet(daemon_id const& daemon, std::uint64_t connection, link::hello const& h);
  void report(daemon_id const& daemon, std::uint64_t connection, link::link_frame f);
  void take_next(daemon_id const& daemon, std::uint64_t connection);
  void taken(daemon_id const& daemon, std::uint64_t connection, std::uint64_t seq,
             command_result const& r);
  void renew(daemon_id const& daemon, link::heartbeat const& h);
  /// An unnumbered frame: said again at the next heartbeat where it still matters.
  void send_lossy(daemon_id const& daemon, link::frame_body const& body);
  void gone(daemon_id const& daemon, std::uint64_t connection);
  void post(daemon_id const& daemon, link::frame_body body, std::function<void()> done);
  void complete(troupe::launch what, result<json::value> const& run);
  [[nodiscard]] agent_id resolve(ticket_id const& ticket, std::int64_t token,
                                 std::string const& to);
  [[nodiscard]] submit_options as(daemon_id const& daemon, std::string cause) const;
  [[nodiscard]] entity_ref ticket_ref(ticket_id const& t) const;

  tenant_id tenant_;
  duration heartbeat_;
  std::string stream_; ///< of our numbers: new at each start
  node* node_ = nullptr;
  progress_listener progress_;
  std::mutex mutex_;
  std::map<daemon_id, peer> peers_;
  std::set<attempt_key> wanted_; ///< orders whose lease is held
  /// Configuration by run, and the run of each attempt: to complete orders and to resolve roles.
  std::map<run_id, std::shared_ptr<project_config const>> configs_;
  std::map<attempt_key, std::pair<project_id, run_id>> attempts_;
  std::uint64_t connections_ = 0;
};

} // namespace troupe
