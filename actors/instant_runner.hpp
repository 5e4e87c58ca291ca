#pragma once

#include "actors/node.hpp"

#include <mutex>
#include <set>

namespace troupe {

/// A runner that does no work and says at once that all went well: the engine of benchmarks and of
/// tests that are about the runtime. It answers in the shapes of a daemon's reports.
class instant_runner : public runner_port {
public:
  /// `answer`: what the engine says at the end of each stage. `as`: the daemon that it plays;
  /// empty: it is the server itself, which has no workspaces that a ticket would have to release.
  explicit instant_runner(std::string answer = "done", daemon_id as = name())
      : answer_(std::move(answer)), as_(std::move(as)) {}
  void attach(node& n, tenant_id tenant);
  /// Announces itself with this many slots.
  void announce(std::int32_t slots);
  void launch(troupe::launch const& what) override;
  void forget(ticket_id const& ticket, std::int64_t token) override;
  void notify(troupe::notify const& what, std::function<void()> done) override;
  /// Who reports.
  [[nodiscard]] principal_id by() const;
  /// The daemon's name that tickets see.
  [[nodiscard]] static daemon_id name() { return daemon_id{"d-instant0"}; }

private:
  std::string const answer_;
  daemon_id const as_;
  node* node_ = nullptr;
  tenant_id tenant_;
};

} // namespace troupe
