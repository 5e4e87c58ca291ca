#include "gateway/routes/desks.hpp"

#include "protocol/entities/agent.hpp"

namespace troupe {

namespace {

std::string_view text_of(json::object const& o, char const* member) {
  auto const* v = o.if_contains(member);
  return v != nullptr && v->is_string() ? std::string_view{v->get_string()} : std::string_view{};
}

} // namespace

std::string desks::at_work(std::string_view agent, std::string_view status) const {
  bool const works =
      status == name(agent::status::idle) && leases_.contains(agent_id{std::string{agent}});
  return works ? name(agent::status::working) : std::string{status};
}

std::string desks::status(json::value const& state) const {
  auto const& s = state.as_object();
  auto const self = text_of(s, "self");
  return at_work(self.substr(self.rfind('/') + 1), text_of(s, "is"));
}

void desks::show(json::object& shown) const {
  auto const id = text_of(shown, "id");
  json::array leases;
  if (auto const mine = leases_.find(agent_id{std::string{id}}); mine != leases_.end()) {
    for (auto const& [ticket, lease] : mine->second)
      leases.push_back(json::to(lease));
  }
  shown.insert_or_assign("status", at_work(id, text_of(shown, "status")));
  shown.insert_or_assign("leases", std::move(leases));
}

} // namespace troupe
