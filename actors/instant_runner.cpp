#include "actors/instant_runner.hpp"

#include "actors/domain/domain.hpp"

namespace troupe {

void instant_runner::attach(node& n, tenant_id tenant) {
  node_ = &n;
  tenant_ = std::move(tenant);
}

void instant_runner::announce(std::int32_t slots) {
  std::vector<link::runner_info> runners;
  for (auto const* profile : {"command", "scripted", "claude"})
    runners.push_back({profile, "", slots});
  node_->presence({as_, true, slots, std::move(runners), {"*"}});
}

principal_id instant_runner::by() const {
  return as_.empty() ? system_principal() : principal_of(entity_kind::daemon, as_.value);
}

void instant_runner::launch(troupe::launch const& what) {
  auto const& o = what.what;
  entity_ref const ticket{tenant_, entity_kind::ticket, o.ticket.value};
  submit_options options;
  options.by = by();
  link::finished f;
  f.ticket = o.ticket;
  f.token = o.token;
  f.engine = "noop";
  f.summary = answer_;
  f.proof.branch = o.branch;
  f.proof.base = "0000000000000000000000000000000000000001";
  f.proof.head =
      o.expected_head.empty() ? "0000000000000000000000000000000000000002" : o.expected_head;
  f.proof.files = o.item->files;
  for (auto const& g : o.gates)
    f.gates.push_back({g.name, true, "passed", f.proof});
  if (o.kind == link::order_kind::merge)
    f.merged = "0000000000000000000000000000000000000003";
  node_->submit(ticket, ticket::command{ticket::finish{std::move(f)}}, std::move(options),
                {}); // it has started, too
}

void instant_runner::forget(ticket_id const&, std::int64_t) {}

void instant_runner::notify(troupe::notify const&, std::function<void()> done) {
  done();
}

} // namespace troupe
