#include "actors/lease_desk.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

ticket::grant grant_of(offer const& what, lease_choice const& to) {
  ticket::grant g;
  g.stage = what.stage;
  g.after_token = what.after_token;
  g.agent = to.agent;
  g.daemon = to.daemon;
  g.engine = to.engine;
  g.profile = to.profile;
  return g;
}

std::string grant_id(entity_ref const& ticket, offer const& what) {
  return "grant/" + ticket.id + "/" + std::to_string(what.after_token + 1);
}

std::optional<ticket::grant> lease_desk::take_now(entity_ref const& ticket, offer const& what,
                                                  time_point now) {
  try {
    auto const to = with([&](matchmaker& who) { return who.take_now(ticket, what, now); });
    return to ? std::optional{grant_of(what, *to)} : std::nullopt;
  } catch (std::exception const& x) { // a bug here must not take tickets down: they can offer
    spdlog::error("the matchmaker failed ticket={} why=\"{}\"", to_string(ticket), x.what());
    return std::nullopt;
  }
}

void lease_desk::renew() {
  with([&](matchmaker& who) {
    matchmaker fresh{lost_after_};
    fresh.take_grants(who);
    who = std::move(fresh);
  });
}

void lease_desk::give_back(entity_ref const& ticket) {
  with([&](matchmaker& who) { who.give_back(ticket); });
}

} // namespace troupe
