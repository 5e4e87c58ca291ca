#include "bench/micro/life.hpp"

#include "protocol/process.hpp"

#include <stdexcept>

namespace troupe::bench {

namespace {

constexpr time_point noon{duration{1'750'000'000'000}};

class subject {
public:
  subject(entity_ref const& self, life_observer const& seen) : seen_(seen) { s.self = self; }

  void tell(ticket::command const& c, char const* by) {
    command_context ctx;
    ctx.id = "0198a1b2-0000-7000-8000-" + std::to_string(100'000'000'000 + ++commands_);
    ctx.by = principal_id{by};
    ctx.now = noon + duration{commands_};
    ctx.cause = ctx.id;
    auto const decided = ticket::decide(s, c, ctx);
    if (!decided)
      throw std::logic_error("a ticket's life: " + decided.error().message);
    for (auto const& e : *decided) {
      event_context const at{s.version + 1, ctx.now, ctx.id};
      s = ticket::evolve(std::move(s), e, at);
      s.version = at.version; // as the shell counts
      seen_(e, at, by);
    }
  }

  ticket::state s;

private:
  life_observer const& seen_;
  std::int64_t commands_ = 0;
};

ticket::open opening() {
  static auto const standard = shipped_process("standard").value();
  ticket::open o;
  o.project = project_id{"bench"};
  o.item.key = "1";
  o.item.title = "Read the price list as UTF-8";
  o.item.criteria = {"a file with umlauts is read", "a file that is not UTF-8 is refused"};
  o.item.role = "dev";
  o.stages = standard.stages;
  o.repository = "/srv/tally";
  o.target_branch = "main";
  o.run_active = true;
  o.by_hand = true;
  return o;
}

ticket::grant grant_of(offer const& o) {
  ticket::grant g;
  g.stage = o.stage;
  g.after_token = o.after_token;
  if (!o.role.empty())
    g.agent = agent_id{"bench." + o.role};
  g.daemon = daemon_id{"d-instant0"};
  g.profile = "command";
  return g;
}

link::finished report_of(link::order const& o) {
  link::finished f;
  f.ticket = o.ticket;
  f.token = o.token;
  f.engine = "noop";
  f.summary = std::string(200, 'x');
  f.proof.branch = o.branch;
  f.proof.base = std::string(39, '0') + "1";
  f.proof.head = o.expected_head.empty() ? std::string(39, '0') + "2" : o.expected_head;
  for (auto const& g : o.gates)
    f.gates.push_back({g.name, true, "passed", f.proof});
  if (o.kind == link::order_kind::merge)
    f.merged = std::string(39, '0') + "3";
  return f;
}

} // namespace

ticket::state live(entity_ref const& self, life_observer const& seen) {
  subject t{self, seen};
  t.tell(opening(), "human:bench");
  for (int turns = 0; t.s.is != ticket::status::DONE; ++turns) {
    if (turns > 50)
      throw std::logic_error("a ticket's life does not end");
    for (auto const& owed : ticket::obligations(t.s)) {
      if (auto const* wanted = std::get_if<offer>(&owed.what)) {
        t.tell(grant_of(*wanted), "system");
        break;
      }
      if (auto const* order = std::get_if<launch>(&owed.what)) {
        auto const report = report_of(order->what);
        t.tell(ticket::start{report.token, report.proof.base, {}}, "daemon:d-instant0");
        t.tell(ticket::finish{report}, "daemon:d-instant0");
        break;
      }
    }
  }
  return std::move(t.s);
}

std::vector<stored_event> ledger_of(entity_ref const& self) {
  std::vector<stored_event> out;
  std::string hash{no_hash()};
  live(self, [&](ticket::event const& e, event_context const& ctx, char const* by) {
    auto data = json::to(e);
    data.as_object().erase("type");
    stored_event s;
    s.shard = shard_of(self);
    s.epoch = 1;
    s.stream = self;
    s.version = ctx.version;
    s.event.event_id = "0198a1b2-0000-7000-9000-" + std::to_string(100'000'000'000 + ctx.version);
    s.event.type = "ticket." + std::string{json::name_of(e)};
    s.event.at = ctx.at;
    s.event.principal = by;
    s.event.cause = ctx.cause;
    s.event.data = json::canonical(data);
    s.event.hash = hash = chain_hash(hash, self, ctx.version, s.event);
    out.push_back(std::move(s));
  });
  return out;
}

} // namespace troupe::bench
