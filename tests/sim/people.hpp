#pragma once

#include "tests/sim/caller.hpp"

namespace troupe::sim {

/// The people of a world: they bring briefs and work by hand, decide, mend and interfere.
class people : public caller {
public:
  people(context& c, finder present)
      : caller(c, std::move(present), context::tenant(), "human:ada") {}

  /// Enrols the daemons, makes the project, plans what is wanted within `hours`.
  void begin(std::vector<daemon_id> const& daemons);
  /// Whether all that was wanted was asked for.
  [[nodiscard]] bool asked_for_all() const { return wanted_ == 0; }

private:
  void want();
  void look();
  void decide();
  void interfere();
  /// Once for each version of an entity; true: not yet.
  [[nodiscard]] bool fresh(entity_ref const& of, std::uint64_t version);
  /// After some thought.
  void think(std::function<void()> what);

  project_config config_;
  int wanted_ = 0;
  int count_ = 0;
  bool curious_ = false; ///< ask for states now and then
  std::uint64_t decided_to_ = 0;
  int looks_ = 0;
  std::map<entity_ref, std::uint64_t> seen_;
  std::map<entity_ref, int> mended_; ///< how often a person has set it going again
};

} // namespace troupe::sim
