#pragma once

#include "tests/sim/sim_server.hpp"

namespace troupe::sim {

/// The people of a world: they bring briefs and work by hand, decide, mend, interfere, and send
/// again what was not answered, under the same key.
class people {
public:
  /// The server that is up; null: there is none.
  using finder = std::function<sim_server*()>;
  people(context& c, finder present) : c_(c), present_(std::move(present)) {}
  people(people const&) = delete;
  people& operator=(people const&) = delete;

  /// Enrols the daemons, makes the project, plans what is wanted within `hours`.
  void begin(std::vector<daemon_id> const& daemons);
  /// Whether all that was wanted was asked for.
  [[nodiscard]] bool asked_for_all() const { return wanted_ == 0; }
  /// What is not at its end, one line each; empty: the work is over.
  [[nodiscard]] std::vector<std::string> unfinished();

private:
  struct pending {
    std::uint64_t number = 0;
    entity_ref to;
    any_command what;
    std::string by;
    int tries = 0;
    bool over = false;
  };
  using pending_ptr = std::shared_ptr<pending>;
  void request(entity_ref to, any_command what, std::string by = "human:ada");
  void send(pending_ptr const& p);
  void again(pending_ptr const& p, int of_try, duration wait);
  void want();
  void look();
  void decide();
  void interfere();
  /// Once for each version of an entity; true: not yet.
  [[nodiscard]] bool fresh(entity_ref const& of, std::uint64_t version);
  /// After some thought.
  void think(std::function<void()> what);
  template <class Domain>
  [[nodiscard]] std::vector<typename Domain::state const*> all() const;
  /// Knows all entities from here on.
  void read_news();

  context& c_;
  finder present_;
  project_config config_;
  int wanted_ = 0;
  int count_ = 0;
  std::vector<entity_ref> known_;
  std::uint64_t read_to_ = 0; ///< events of the ledger
  std::uint64_t decided_to_ = 0;
  int looks_ = 0;
  std::map<entity_ref, std::uint64_t> seen_;
  std::map<entity_ref, int> mended_; ///< how often a person has set it going again
};

} // namespace troupe::sim
