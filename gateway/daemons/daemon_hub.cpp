#include "gateway/daemons/daemon_hub.hpp"

namespace troupe {

daemon_hub::daemon_hub(tenant_id tenant, duration heartbeat, duration grace)
    : tenant_(std::move(tenant)), heartbeat_(heartbeat), grace_(grace),
      absence_([this] { disconnect_absent(); }), asking_([this] { ask_runs_again(); }) {}

submit_options daemon_hub::as(daemon_id const& daemon, std::string cause) const {
  submit_options o;
  o.by = principal_id{"daemon:" + daemon.value};
  o.cause = std::move(cause);
  return o;
}

entity_ref daemon_hub::ticket_ref(ticket_id const& t) const {
  return {tenant_, entity_kind::ticket, t.value};
}

} // namespace troupe
