#include "actors/dispatcher.hpp"

#include "actors/domain/domain.hpp"
#include "actors/region.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/log_about.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

namespace troupe {

namespace {

/// How a grant ended, as a message to ourselves.
struct grant_answer {
  entity_ref ticket;
  std::string key;
  std::optional<error> refused;
};

} // namespace
} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::grant_answer)

namespace troupe {

dispatcher_actor::dispatcher_actor(caf::actor_config& cfg, runtime const* rt, lease_desk* desk)
    : caf::event_based_actor(cfg), rt_(*rt), desk_(*desk) {
  set_default_handler(caf::drop);
  set_exception_handler([](std::exception_ptr& e) -> caf::error {
    try {
      std::rethrow_exception(e);
    } catch (std::exception const& x) {
      spdlog::error("dispatcher crashed what=\"{}\"", x.what());
    } catch (...) {
      spdlog::error("dispatcher crashed");
    }
    return caf::exit_reason::unhandled_exception;
  });
}

caf::behavior dispatcher_actor::make_behavior() {
  return {
      [this](offer_message& m) {
        desk_.with([&](matchmaker& who) {
          if (m.what)
            who.offered(m.ticket, std::move(m.key), std::move(*m.what));
          else
            who.withdrawn(m.ticket, m.key);
        });
        if (m.what)
          plan_match(duration{0});
      },
      [this](daemon_presence const& p) {
        desk_.with([&](matchmaker& who) {
          who.present(p.daemon, p.up, p.slots, p.runners, p.repositories);
        });
        plan_match(duration{0});
      },
      [this](plans_ptr const& plans) {
        desk_.with([&](matchmaker& who) {
          for (auto const& [ticket, plan] : *plans)
            who.planned(ticket, plan);
        });
      },
      [this](committed_ptr const& batch) {
        bool const news = desk_.with([&](matchmaker& who) {
          bool any = false;
          for (auto const& e : *batch)
            any = who.learn(e) || any;
          return any;
        });
        if (news)
          plan_match(duration{0});
      },
      [this](grant_answer const& a) {
        if (!a.refused)
          return;
        bool const later = a.refused->code == errc::busy || a.refused->code == errc::unavailable ||
                           a.refused->code == errc::timeout;
        log_about const about{a.ticket};
        if (desk_.with([&](matchmaker& who) { return who.refused(a.ticket, a.key, later); }))
          spdlog::debug("grant refused ticket={} why=\"{}\"", to_string(a.ticket),
                        a.refused->message);
        plan_match(later ? rt_.resend : duration{0});
      },
      [this](match_atom, std::uint64_t round) {
        if (round != match_round_)
          return;
        match_planned_ = false;
        match();
      },
  };
}

void dispatcher_actor::plan_match(duration after) {
  if (after == duration{0}) {
    if (match_planned_)
      return;
    match_planned_ = true;
    send(this, match_atom::value, ++match_round_);
  } else if (!match_planned_) {
    delayed_send(this, after, match_atom::value, ++match_round_);
  }
}

void dispatcher_actor::match() {
  auto const now = rt_.clock->now();
  auto const [given, next] = desk_.with([&](matchmaker& who) {
    return std::pair{who.match(now), who.next()};
  });
  for (auto const& g : given)
    send_grant(g);
  if (next)
    plan_match(std::max(duration{1}, *next - now));
}

void dispatcher_actor::send_grant(lease_grant const& given) {
  auto m = std::make_shared<command_message>();
  m->to = given.ticket;
  m->command = ticket::command{grant_of(given.what, given.to)};
  m->context.id = grant_id(given.ticket, given.what);
  m->context.by = system_principal();
  m->done = [me = address(), ticket = given.ticket, key = given.key](command_result const& r) {
    if (auto a = caf::actor_cast<caf::actor>(me))
      caf::anon_send(a,
                     grant_answer{ticket, key, r ? std::nullopt : std::optional<error>{r.error()}});
  };
  TROUPE_CRASH_POINT(14, "dispatcher: before a lease is granted");
  rt_.where->deliver(std::move(m));
}

} // namespace troupe
