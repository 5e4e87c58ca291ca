#pragma once

#include "actors/dispatch_desk.hpp"
#include "actors/request_desk.hpp"
#include "tests/sim/wire.hpp"

namespace troupe::sim {

/// The server's end of the links, as `daemon_hub` has it: numbered frames that are sent again until
/// they are acknowledged, reports that are acknowledged only when the ticket's answer is durable.
class sim_hub : public runner_port {
public:
  /// How a server does things; all of it outlives the hub.
  struct server {
    std::function<void(entity_ref, any_command, submit_options, completion)> submit;
    dispatch_desk* desk = nullptr;
    std::string stream; ///< of its numbers: new at each start
  };
  sim_hub(context& c, server s) : c_(c), server_(std::move(s)) {}
  ~sim_hub() override { die(); }
  sim_hub(sim_hub const&) = delete;
  sim_hub& operator=(sim_hub const&) = delete;
  void die();

  /// A daemon has connected.
  void accept(daemon_id const& daemon, std::shared_ptr<wire> const& w);
  /// The server was resumed: daemons that do not come back within the grace are disconnected.
  void resume(duration grace);

  void launch(troupe::launch const& what) override;
  void forget(ticket_id const& ticket, std::int64_t token) override;
  void notify(troupe::notify const& what, std::function<void()> done) override;
  /// Frames that no daemon has acknowledged yet.
  [[nodiscard]] std::size_t waiting() const;
  /// The same in words, for a world that does not come to rest.
  [[nodiscard]] std::string waits_for() const;

private:
  struct sent_frame {
    std::uint64_t seq = 0;
    link::frame_body body;
    std::function<void()> done;
  };
  struct peer {
    std::shared_ptr<wire> link;     ///< after the welcome
    std::shared_ptr<wire> arriving; ///< said hello
    std::uint64_t connection = 0;
    std::uint64_t last_seq = 0;
    std::deque<sent_frame> unacknowledged;
    std::string stream;
    std::uint64_t taken = 0;
    std::deque<link::link_frame> reports;
    bool taking = false;
  };
  void received(daemon_id const& daemon, std::uint64_t connection, std::shared_ptr<wire> const& w,
                link::link_frame f);
  void arrive(daemon_id const& daemon, std::uint64_t connection, std::shared_ptr<wire> const& w,
              link::hello const& h);
  void greet(daemon_id const& daemon, std::uint64_t connection, link::hello const& h);
  void report(daemon_id const& daemon, std::uint64_t connection, link::link_frame f);
  void take_next(daemon_id const& daemon, std::uint64_t connection);
  void taken(daemon_id const& daemon, std::uint64_t connection, std::uint64_t seq,
             command_result const& r);
  void renew(daemon_id const& daemon, std::vector<link::held> const& attempts);
  void gone(daemon_id const& daemon, std::uint64_t connection);
  void disconnect(daemon_id const& daemon);
  void disconnect_absent();
  void acknowledged(daemon_id const& daemon, peer& p, std::uint64_t seq);
  void post(daemon_id const& daemon, link::frame_body body, std::function<void()> done);
  [[nodiscard]] static submit_options as(daemon_id const& daemon, std::string cause);

  context& c_;
  server server_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<daemon_id, peer> peers_;
  std::set<std::pair<ticket_id, std::int64_t>> attempts_;
  std::uint64_t connections_ = 0;
};

} // namespace troupe::sim
