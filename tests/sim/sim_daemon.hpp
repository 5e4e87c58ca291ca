#pragma once

#include "tests/sim/wire.hpp"

namespace troupe::sim {

/// A daemon on somebody's machine. Its spool survives its death: numbered reports until they are
/// acknowledged, orders that it has taken. What its agents do is played by chance.
class sim_daemon {
public:
  /// Connects to the server that is up; null: there is none.
  using connector = std::function<bool(daemon_id const&, std::shared_ptr<wire> const&)>;
  sim_daemon(context& c, daemon_id name, connector connect);
  sim_daemon(sim_daemon const&) = delete;
  sim_daemon& operator=(sim_daemon const&) = delete;

  void start();
  /// Killed; starts again after `down`.
  void crash(duration down);
  /// No link for a while: what runs goes on.
  void cut(duration how_long);
  /// Troubles end: it may connect at once.
  void heal() { cut_until_ = c_.time.now(); }
  [[nodiscard]] bool idle() const { return attempts_.empty() && out_.empty() && orders_.empty(); }
  [[nodiscard]] daemon_id const& name() const { return name_; }

private:
  using key = std::pair<ticket_id, std::int64_t>;
  struct attempt {
    link::order order;
    int phase = 0;
    bool asked = false;
    std::string waits; ///< key of the question that is open
    std::uint64_t step = 0;
  };
  void connect();
  void retry();
  void closed(wire const* w);
  void received(wire const* w, link::link_frame f);
  [[nodiscard]] bool take(link::link_frame const& f, bool& fresh);
  void act(link::frame_body const& body);
  void begin(link::order const& o);
  void plan(key const& k);
  void go_on(key const& k, std::uint64_t step);
  [[nodiscard]] link::finished result_of(attempt const& a);
  void stop(key const& k, std::string const& why);
  void report(link::frame_body body);
  void send_reports();
  void beat(std::uint64_t process);
  [[nodiscard]] std::vector<link::held> held() const;

  context& c_;
  daemon_id name_;
  connector connect_;
  // the spool
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, link::frame_body> out_;
  std::string server_stream_;
  std::uint64_t taken_ = 0;
  std::map<key, link::order> orders_; ///< taken and not ended
  std::map<ticket_id, std::int64_t> seen_;
  // what a crash takes
  bool up_ = false;
  std::uint64_t process_ = 0;
  std::shared_ptr<wire> wire_;
  bool greeted_ = false;
  std::uint64_t sent_ = 0;
  std::map<key, attempt> attempts_;
  std::uint64_t steps_ = 0;
  duration cut_until_{0};
  bool connecting_ = false;
};

} // namespace troupe::sim
