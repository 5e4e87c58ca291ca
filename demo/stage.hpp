#pragma once

#include "demo/chaos.hpp"
#include "demo/connection.hpp"
#include "demo/patience.hpp"
#include "demo/processes.hpp"
#include "demo/story.hpp"
#include "demo/teller.hpp"
#include "demo/workshop.hpp"

namespace troupe::demo {

/// The processes of the story: the server and the two operators' laptops, each with its data in
/// the workshop. Started, killed and started again; ended with the object.
class stage {
public:
  stage(options const& o, workshop const& shop, patience const& limit, teller& say);

  /// Starts the server and waits until it answers.
  [[nodiscard]] std::unique_ptr<connection> open_server();
  /// Enrols both laptops and waits until they are connected.
  void open_laptops(connection& to);
  /// In good order, within seconds.
  void close();

  void kill_laptop(std::string const& daemon, std::string const& when);
  /// Those that do not run.
  void restart_laptops();

  /// Chaos, for tests: kills the server if it is due right after an answer of it.
  void inflict_early();
  /// Kills what is due after so many events of the story.
  void inflict(std::size_t seen);
  /// Servers and daemons that were killed, by the story itself or by chaos.
  [[nodiscard]] int kills() const { return told_kills_ + chaos_.kills(); }
  [[nodiscard]] int chaos_kills() const { return chaos_.kills(); }

private:
  struct laptop {
    std::string name;
    std::string id;
    std::filesystem::path data;
    std::optional<child> process;
    /// `laptop-2 (d-k3f9q2mx)`: the server's events know a daemon by its id only.
    [[nodiscard]] std::string named() const { return name + " (" + id + ")"; }
  };

  void start_server();
  void kill_server();
  void start_laptop(laptop& l) const;

  options const& o_;
  workshop const& shop_;
  patience const& limit_;
  teller& say_;
  chaos chaos_;
  int told_kills_ = 0; ///< by the story
  int port_ = 0;
  std::string url_;
  std::optional<child> server_;
  std::vector<laptop> laptops_;
};

} // namespace troupe::demo
