#pragma once

#include "tests/sim/sim_server.hpp"

namespace troupe::sim {

/// Somebody of a tenant who asks the server for things, and asks again under the same key what was
/// not answered.
class caller {
public:
  /// The server that is up; null: there is none.
  using finder = std::function<sim_server*()>;
  caller(context& c, finder present, tenant_id of, std::string name)
      : c_(c), present_(std::move(present)), tenant_(std::move(of)), name_(std::move(name)) {}
  caller(caller const&) = delete;
  caller& operator=(caller const&) = delete;

  /// What of the tenant's work is not at its end, one line each; empty: it is over.
  [[nodiscard]] std::vector<std::string> unfinished();

protected:
  ~caller() = default;
  [[nodiscard]] entity_ref ref(entity_kind kind, std::string id) const {
    return {tenant_, kind, std::move(id)};
  }
  void request(entity_ref to, any_command what);
  /// Knows all of the tenant's entities from here on.
  void read_news();
  [[nodiscard]] std::uint64_t read_to() const { return read_to_; }
  [[nodiscard]] std::vector<entity_ref> const& known() const { return known_; }
  /// The tenant's entities of a kind, as the ledger has them.
  template <class Domain>
  [[nodiscard]] std::vector<typename Domain::state const*> all() const {
    std::vector<typename Domain::state const*> out;
    auto const& states = c_.audit.ledger().states();
    for (auto const& of : known_)
      if (auto const* s = states.template find<Domain>(of))
        out.push_back(s);
    return out;
  }

  context& c_;
  finder present_;

private:
  struct pending {
    std::uint64_t number = 0; ///< among all requests of the world
    std::uint64_t key = 0;    ///< among those of the tenant
    entity_ref to;
    any_command what;
    int tries = 0;
    bool over = false;
  };
  using pending_ptr = std::shared_ptr<pending>;
  void send(pending_ptr const& p);
  void again(pending_ptr const& p, int of_try, duration wait);

  tenant_id tenant_;
  std::string name_;
  std::uint64_t keys_ = 0;
  std::vector<entity_ref> known_;
  std::uint64_t read_to_ = 0; ///< events of the ledger
};

} // namespace troupe::sim
