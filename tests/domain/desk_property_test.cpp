#include "wander.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE("approval: is decided at most once, about what it was opened for", "[domain]") {
  rc::prop("random commands", [] {
    live<approval_domain> a{"x.a1"};
    auto const make = [&]() -> approval::command {
      a.by = principal_id{one_of<std::string>({"human:ada", "human:grace", "system"})};
      auto const hash = one_of<std::string>({"h1", "h1", "h2", ""});
      switch (pick(8)) {
      case 0:
      case 1: {
        approval::open c;
        c.subject = principal_id{one_of<std::string>({"brief:x", "plan:x.p1", "nobody"})};
        c.content_hash = hash;
        c.deadline = once_in(3) ? time_point{} : a.now + std::chrono::hours{72};
        c.fallback =
            one_of<approval::choice>({approval::choice::reject, approval::choice::approve});
        return c;
      }
      case 2:
        return approval::withdraw{"over"};
      case 3:
        return approval::supersede{hash};
      case 4:
        return approval::escalate{principal_id{one_of<std::string>({"human:bob", ""})}};
      case 5:
        return tick{};
      default: {
        approval::decide_command c;
        c.how = one_of<approval::choice>(
            {approval::choice::approve, approval::choice::revise, approval::choice::reject});
        c.content_hash = hash;
        return c;
      }
      }
    };
    wander(a, 30, make, [&] {
      must(a.count<approval::decided>() + a.count<approval::closed>() <= 1, "decided twice");
      for (auto const& [e, ctx] : a.log) {
        if (auto const* d = std::get_if<approval::decided>(&e))
          must(d->content_hash == a.s.content_hash, "decided about another content");
      }
      bool const told = a.owed("decided").has_value();
      must(!told || a.s.is != approval::status::pending, "told before it is decided");
    });
  });
}

TEST_CASE("agent: every message is answered exactly once, and none wakes its sender", "[domain]") {
  rc::prop("random messages, answers, pauses and crashes", [] {
    live<agent_domain> a{"tally.pm"};
    a.does(agent::hire{project_id{"tally"}, a_config().roster.front()});
    auto const any_id = [] { return "m" + std::to_string(pick(12)); };
    auto const make = [&]() -> agent::command {
      switch (pick(12)) {
      case 0:
        return agent::pause{"p"};
      case 1:
        return agent::crash{"c"};
      case 2:
        return once_in(3) ? agent::command{agent::quarantine{"q"}}
                          : agent::command{agent::resume{}};
      case 3:
        return once_in(6) ? agent::command{agent::retire{}} : agent::command{agent::resume{}};
      case 4:
        return agent::give_up{any_id(), reason::provider_network, "x"};
      case 5: {
        auto spec = a_config().roster.front();
        spec.instructions = std::to_string(pick(2));
        return agent::hire{project_id{"tally"}, spec};
      }
      case 6:
      case 7: {
        envelope m;
        m.reply_to = any_id();
        m.parts = {text_part("!")};
        return agent::reply{m};
      }
      default: {
        envelope m;
        m.id = any_id();
        // One id is one message: the same id has the same content, as the send point makes it.
        bool const own = m.id == "m0";
        m.kind = m.id == "m1" ? message_kind::note : message_kind::request;
        m.from = principal_id{own           ? "agent:tally.pm"
                              : m.id < "m3" ? "human:ada"
                                            : "brief:k3f9q2mx"};
        m.to = principal_id{"agent:tally.pm"};
        m.hops = m.id == "m2" ? hop_limit + 1 : 1;
        return agent::receive{m};
      }
      }
    };
    auto const watch = [&] {
      std::map<std::string, int> open;
      for (auto const& [e, ctx] : a.log) {
        if (auto const* r = std::get_if<agent::received>(&e)) {
          must(r->message.from.value != "agent:tally.pm", "it took a message of its own");
          must(r->message.hops <= hop_limit, "the message went too far");
          if (agent::wants_answer(r->message.kind))
            must(++open[r->message.id] == 1, "taken twice: " + r->message.id);
        }
        if (auto const* r = std::get_if<agent::replied>(&e)) {
          must(open.contains(r->message.reply_to), "answered what was not asked");
          must(--open[r->message.reply_to] == 0, "answered twice: " + r->message.reply_to);
          must(r->message.to.value != "agent:tally.pm", "it answers itself");
        }
      }
      std::size_t waiting = 0;
      for (auto const& [id, n] : open)
        waiting += static_cast<std::size_t>(n);
      must(waiting == a.s.inbox.size(), "the inbox is not what is unanswered");
      bool const busy = !a.s.inbox.empty();
      must(a.s.is != agent::status::idle || !busy, "idle with work on the desk");
      must(a.s.is != agent::status::working || busy, "working on nothing");
    };
    wander(a, 80, make, watch);
    // Whatever happened: brought back to work, everything is answered once.
    (void)a.send(agent::resume{});
    for (auto const& m : std::vector<envelope>{a.s.inbox})
      a.does(agent::give_up{m.id, reason::none, "the day is over"});
    watch();
    must(a.s.inbox.empty(), "something stays unanswered");
    a.settle_all();
    must(a.owes().empty(), "an answer stays untold");
  });
}

TEST_CASE("budget: reserved and spent stay within what is granted, everywhere above", "[domain]") {
  rc::prop("random trees, reservations and charges", [] {
    live<budget_domain> b{"project:tally"};
    auto const scope = [](int n) { return "s" + std::to_string(n); };
    b.does(budget::grant{scope(0), {}, 100 + pick(900), "root"});
    auto const make = [&]() -> budget::command {
      auto const n = pick(6);
      auto const id = "h" + std::to_string(pick(15));
      switch (pick(8)) {
      case 0:
      case 1:
        return budget::grant{scope(n), n == 0 ? "" : scope((n - 1) / 2), pick(400),
                             "g" + std::to_string(pick(30))};
      case 2:
      case 3:
      case 4:
        return budget::reserve{id, scope(n), pick(200)};
      case 5:
        return budget::release{id};
      default:
        return budget::charge{id, once_in(4) ? pick(400) : pick(100)};
      }
    };
    wander(b, 80, make, [&] {
      std::map<std::string, budget::account> sums;
      for (auto const& [id, h] : b.s.holds) {
        for (auto at = h.scope; !at.empty(); at = b.s.scopes.at(at).parent) {
          if (h.is == budget::hold_status::reserved)
            sums[at].reserved += h.amount;
          sums[at].spent += h.spent;
          sums[at].overrun += std::max<std::int64_t>(0, h.spent - h.amount);
        }
      }
      for (auto const& [name, a] : b.s.scopes) {
        must(a.reserved == sums[name].reserved, name + ": reserved is not the sum");
        must(a.spent == sums[name].spent, name + ": spent is not the sum");
        must(a.overrun == sums[name].overrun, name + ": an overrun is not recorded");
        must(a.reserved + a.spent <= a.granted + a.overrun, name + ": more than granted");
        must(a.reserved >= 0 && a.spent >= 0, name + ": below zero");
        bool const full = a.spent > 0 && a.spent >= a.granted;
        must(full == (a.level == budget::status::exhausted), name + ": exhausted or not");
        bool const most = !full && a.spent > 0 && a.spent * 5 >= a.granted * 4;
        must(most == (a.level == budget::status::warned), name + ": warned or not");
      }
    });
    std::map<std::string, budget::status> levels;
    for (auto const& [e, ctx] : b.log) {
      if (auto const* l = std::get_if<budget::level_changed>(&e)) {
        auto const from = levels.contains(l->scope) ? levels[l->scope] : budget::status::open;
        must(is_allowed(budget::transitions(), from, l->to), "a level jumps");
        levels[l->scope] = l->to;
      }
    }
  });
}

TEST_CASE("daemon, principal, project: keep to their tables, whatever comes", "[domain]") {
  rc::prop("daemon", [] {
    live<daemon_domain> d{"d-12345678"};
    wander(
        d, 40,
        []() -> daemon::command {
          switch (pick(8)) {
          case 0:
            return daemon::enroll{one_of<std::string>({"laptop", "laptop", "other", ""})};
          case 1:
            return daemon::suspect{};
          case 2:
            return daemon::disconnect{};
          case 3:
            return daemon::drain{};
          case 4:
            return once_in(6) ? daemon::command{daemon::revoke{"x"}} : daemon::command{tick{}};
          default:
            return daemon::connect{"s1", pick(4), {{"command", "", 1}}, {"tally"}};
          }
        },
        [] {});
  });
  rc::prop("principal", [] {
    live<principal_domain> p{"0123"};
    wander(
        p, 20,
        [&]() -> principal::command {
          switch (pick(5)) {
          case 0:
            return principal::redeem{};
          case 1:
            return once_in(3) ? principal::command{principal::revoke{"x"}}
                              : principal::command{tick{}};
          default: {
            principal::issue c;
            c.who = principal_id{"daemon:d-1"};
            c.kind = principal::credential::code;
            c.secret_hash = std::string(64, once_in(3) ? 'b' : 'a');
            c.roles = {principal::role::daemon};
            c.expires = once_in(2) ? time_point{} : p.now + std::chrono::minutes{10};
            return c;
          }
          }
        },
        [&] { must(p.count<principal::redeemed>() <= 1, "a code was good twice"); });
  });
  rc::prop("project", [] {
    live<project_domain> p{"tally"};
    wander(
        p, 20,
        [&]() -> project::command {
          switch (pick(6)) {
          case 0:
          case 1:
            return project::create{"Tally", a_config()};
          case 2:
            return once_in(4) ? project::command{project::archive{}} : project::command{tick{}};
          case 3:
            return project::change{
                json::object{{"limits", json::object{{"budget_micros", pick(1000)}}}}};
          default: {
            json::array roster;
            for (auto const& a : a_config().roster) {
              if (a.role != "dev" || !once_in(3))
                roster.push_back(json::to(a));
            }
            return project::change{json::object{{"roster", roster}}};
          }
          }
        },
        [&] {
          std::int64_t granted = 0;
          for (auto const g : p.s.budget_grants)
            granted += g;
          must(granted >= p.s.config.limits.budget_micros, "less granted than set");
          for (auto const& gone : p.s.retired)
            must(std::none_of(p.s.config.roster.begin(), p.s.config.roster.end(),
                              [&](agent_spec const& a) { return a.name == gone; }),
                 "a retired agent is in the roster");
        });
  });
}
