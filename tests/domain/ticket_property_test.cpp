#include "actors/domain/checker.hpp"
#include "tests/domain/property.hpp"
#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// One random command: what, about which token (counted back from the last), a variant of it, and
/// who sends it. Plain numbers, so that RapidCheck can shrink a failure.
struct move {
  int what = 0;
  int token_back = 0;
  int variant = 0;
  int by = 0;
};

std::ostream& operator<<(std::ostream& out, move const& m) {
  return out << m.what << "/" << m.token_back << "/" << m.variant << "/" << m.by;
}

/// Leases are given to the first two daemons.
constexpr char const* senders[] = {"human:ada", "daemon:d-0", "daemon:d-1", "daemon:d-2"};

/// Whether a move is a word of the one who holds a lease.
bool is_report(move const& m) {
  return m.what >= 8 && m.what <= 18 && m.what != 11;
}

rc::Gen<move> any_move() {
  return rc::gen::build<move>(
      rc::gen::set(&move::what, rc::gen::inRange(0, 24)),
      rc::gen::set(&move::token_back,
                   rc::gen::weightedElement<int>({{8, 0}, {1, 1}, {1, 2}, {1, -1}})),
      rc::gen::set(&move::variant, rc::gen::inRange(0, 6)),
      rc::gen::set(&move::by, rc::gen::weightedElement<int>({{6, 0}, {2, 1}, {2, 2}, {1, 3}})));
}

ticket_id blocker(int n) {
  return ticket_id{"b-" + std::to_string(n)};
}

ticket::command make_command(ticket_subject const& t, move const& m) {
  auto const& s = t.now_is();
  std::int64_t const token = s.last_token - m.token_back;
  bool const odd = m.variant % 2 == 1;
  auto const finish = [&](ticket::finish f) {
    f.report.token = token;
    if (m.variant == 5)
      f.report.proof.head = "elsewhere";
    return ticket::command{f};
  };
  switch (m.what) {
  case 0:
    return ticket::run_changed{odd, 0};
  case 1:
    return ticket::run_changed{odd, m.variant + 1};
  case 2:
    return ticket::met{blocker(m.variant)};
  case 3:
    return ticket::add_blocker{blocker(m.variant)};
  case 4:
    return ticket::swap_blocker{blocker(m.variant), blocker(m.variant + 1)};
  case 5:
  case 6:
  case 7: {
    auto g = t.make_grant(m.variant < 4 ? "tally.dev-ada" : "tally.lead",
                          "d-" + std::to_string(m.variant % 2));
    g.after_token = token;
    return g;
  }
  case 8:
  case 9:
    return ticket::start{token, "base0", "s"};
  case 10:
    return ticket::renew{token};
  case 11:
    return ticket::lose{token, "gone"};
  case 12:
    return ticket::decline{token, odd ? reason::workspace_busy : reason::missing_tool, "no"};
  case 13: {
    ticket::say c;
    c.token = token;
    c.key = "k" + std::to_string(m.variant);
    c.kind = m.variant < 4 ? message_kind::question : message_kind::note;
    c.to = agent_id{m.variant == 2 ? "tally.dev-ada" : "tally.pm"};
    c.text = "what?";
    return c;
  }
  case 14:
  case 15:
    return finish(t.work("head" + std::to_string(m.variant % 5)));
  case 16:
    if (s.is == ticket::status::in_gates && !ticket::is_merge(s, s.stage_index))
      return finish(t.gates(m.variant < 3));
    return finish(t.merge(m.variant == 0 ? "" : "m"));
  case 17:
    return finish(t.verdict(odd));
  case 18: {
    auto f = t.failure(static_cast<reason>(m.variant * 2),
                       static_cast<link::outcome>(2 + m.variant % 5));
    if (odd)
      f.report.resume_at = t.now + std::chrono::minutes{1};
    return finish(f);
  }
  case 19:
    return ticket::review{odd, {"see"}};
  case 20:
    return ticket::resolve{static_cast<ticket::resolution>(m.variant % 3), "so"};
  case 21: {
    envelope e;
    e.id = "a" + std::to_string(m.variant);
    e.from = principal_id{"agent:tally.pm"};
    e.to = principal_of(s.self);
    e.reply_to = !s.waits.empty() && odd
                     ? s.waits.front().question.id
                     : s.self.id + ".resolve" + std::to_string(s.counted.resolutions_asked);
    if (m.variant < 4)
      e.parts = {data_part(json::object{{"how", odd ? "retry" : "replan"}})};
    return hear{e};
  }
  case 22:
    return m.variant == 0 ? ticket::command{ticket::cancel{"enough"}} : ticket::command{tick{}};
  default:
    return tick{};
  }
}

} // namespace

TEST_CASE("ticket: any commands in any order keep the invariants, and twice is once",
          "[domain][property]") {
  int finished = 0;
  int strangers = 0;
  holds("ticket", 400, [&] {
    auto const moves = *rc::gen::container<std::vector<move>>(any_move());
    ticket_subject t;
    invariant_checker checker{{}, invariant_checker::order::unordered}; // blockers are not there
    t.seen = [&](std::string_view type, std::string_view data, event_context const& at) {
      if (auto p = checker.check(t.now_is().self, at.version, type, 1, data, at))
        RC_FAIL(*p);
    };
    auto open = make_open();
    open.by_hand = true;
    open.blocked_by = {blocker(0)};
    t.does(open);
    t.does(ticket::met{blocker(0)});
    std::map<std::int64_t, std::string> holders;
    for (auto const& m : moves) {
      t.now += std::chrono::seconds{m.what == 23 ? 40 : 1};
      auto const c = make_command(t, m);
      auto const before = t.now_is();
      auto const id = "c" + std::to_string(before.version) + "." + std::to_string(m.what);
      auto const* by = senders[m.by];
      auto const r = t.when(c, by, id);
      for (auto const& e : t.last) {
        if (auto const* l = std::get_if<ticket::leased>(&e))
          holders[l->token] = "daemon:" + l->daemon.value;
      }
      auto const token = before.last_token - m.token_back;
      if (is_report(m) && m.by != 0 && holders.contains(token) && holders[token] != by) {
        ++strangers;
        RC_ASSERT(r.has_error());
        RC_ASSERT(r.error().code == (m.what == 10 ? errc::fenced : errc::forbidden));
      }
      if (!r) {
        RC_ASSERT(before == t.now_is());
        RC_ASSERT(r.error().code != errc::internal);
        RC_ASSERT(!r.error().message.empty());
        if (r.error().code == errc::conflict) {
          RC_ASSERT(r.error().details.contains("state"));
          RC_ASSERT(r.error().details.contains("allowed"));
        }
        continue;
      }
      // The same command at the same moment has no second effect.
      // What failed says why, what is done has no reason any more.
      RC_ASSERT(t.now_is().is != ticket::status::failed_pending || !t.now_is().why.empty());
      RC_ASSERT(t.now_is().is != ticket::status::DONE || t.now_is().why.empty());
      auto const again = t.when(c, by, id);
      if (again)
        RC_ASSERT(*again == 0U);
    }
    auto const live = json::canonical(json::to(t.now_is()));
    RC_ASSERT(!checker.check_snapshot(t.now_is().self, t.now_is().version, live));
    finished += is_terminal(t.now_is().is) ? 1 : 0;
  });
  CHECK(finished > 0);
  CHECK(strangers > 0);
}
