#include "tests/domain/world.hpp"

/// The part of the world that is not the system: daemons, the dispatcher, agents' heads.
namespace troupe::test {

// ---- daemons --------------------------------------------------------------------------------

void world::start_daemon(entity_ref const& ticket, launch const& what) {
  if (taken_.insert({ticket, what.what.token}).second)
    attempts_.push_back({ticket, what.what, "daemon:" + what.daemon.value, 0, false});
}

void world::notified(entity_ref const& ticket, link::frame_body const& f) {
  if (auto const* s = std::get_if<link::stop>(&f))
    std::erase_if(attempts_, [&](attempt const& a) {
      return a.ticket == ticket && a.order.token == s->token;
    });
  if (auto const* s = std::get_if<link::answer>(&f)) {
    for (auto& a : attempts_) {
      if (a.ticket == ticket && a.order.token == s->token)
        a.waits = false;
    }
  }
}

void world::heartbeats() {
  for (auto const& a : attempts_)
    send(a.ticket, ticket::command{ticket::renew{a.order.token}}, a.daemon,
         "beat" + std::to_string(++count_));
}

link::finished world::report(link::order const& o) {
  link::finished r;
  r.ticket = o.ticket;
  r.token = o.token;
  r.engine = "scripted";
  r.session = "s" + std::to_string(o.token);
  r.summary = words("did what was asked");
  r.used.cost_micros = options_.limits ? static_cast<std::int64_t>(pick(25)) : 3;
  bool const fails = faults_ && chance(35);
  bool const another = faults_ && chance(4); // about another commit
  r.proof.head = another ? "elsewhere" : o.expected_head;
  if (fails && chance(40)) {
    constexpr reason reasons[] = {reason::provider_network,
                                  reason::provider_server,
                                  reason::rate_limited,
                                  reason::workspace_busy,
                                  reason::auth,
                                  reason::missing_tool,
                                  reason::policy,
                                  reason::none};
    constexpr link::outcome outcomes[] = {link::outcome::failed,    link::outcome::failed,
                                          link::outcome::timed_out, link::outcome::stalled,
                                          link::outcome::cancelled, link::outcome::conflict};
    r.how = outcomes[pick(std::size(outcomes))];
    r.why = reasons[pick(std::size(reasons))];
    if (chance(50))
      r.resume_at = now_ + std::chrono::minutes{5};
    return r;
  }
  switch (o.kind) {
  case link::order_kind::work:
    r.proof.base = "base";
    r.proof.head = o.ticket.value + "#" + std::to_string(o.token);
    if (fails)
      r.how = link::outcome::changes_requested;
    if ((faults_ && chance(5)) || o.role == "pm")
      r.proof.head = r.proof.base = "";
    break;
  case link::order_kind::review:
    if (fails) {
      r.how = link::outcome::changes_requested;
      r.notes = {words("name the file")};
    }
    break;
  case link::order_kind::gates:
    for (auto const& g : o.gates) {
      gate_result x;
      x.gate = g.name;
      x.passed = !(fails && chance(50));
      x.message = x.passed ? "" : words("red");
      x.proof.head = r.proof.head;
      if (!(faults_ && chance(3)))
        r.gates.push_back(std::move(x));
    }
    break;
  case link::order_kind::merge:
    if (fails) {
      r.how = link::outcome::conflict;
      r.proof.files = {"count.py"};
    } else {
      r.merged = "merged-" + o.expected_head;
    }
    break;
  }
  return r;
}

/// One attempt goes one step on. False: there is none that can.
bool world::progress() {
  std::vector<std::size_t> can;
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    if (!attempts_[i].waits || (faults_ && chance(5)))
      can.push_back(i);
  }
  if (can.empty())
    return false;
  auto const at = can[pick(can.size())];
  auto& a = attempts_[at];
  auto const id = a.order.attempt + "/" + std::to_string(a.phase);
  auto const tell_ticket = [&](ticket::command c) {
    send(a.ticket, std::move(c), a.daemon, id, {}, {}, true);
  };
  switch (a.phase++) {
  case 0:
    if (faults_ && chance(8)) {
      tell_ticket(ticket::decline{
          a.order.token, chance(70) ? reason::workspace_busy : reason::missing_tool, "no"});
      attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    }
    tell_ticket(ticket::start{a.order.token, "base", a.order.session});
    break;
  case 1:
    if (chance(30)) {
      ticket::say c;
      c.token = a.order.token;
      c.key = "q1";
      c.kind = chance(70) ? message_kind::question : message_kind::note;
      c.to = agent_id{chance(90) ? "tally.pm" : "tally.qa"};
      c.text = words("Which encoding?");
      c.engine = "scripted";
      a.waits = c.kind == message_kind::question && a.order.kind == link::order_kind::work &&
                c.to != a.order.agent;
      tell_ticket(std::move(c));
    }
    break;
  default:
    tell_ticket(ticket::finish{report(a.order)});
    attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return true;
}

// ---- the dispatcher -------------------------------------------------------------------------

std::vector<world::open_offer> world::offers() const {
  std::vector<open_offer> out;
  for (auto const& [ref, all] : tracked_) {
    for (auto const& [key, t] : all) {
      if (auto const* o = std::get_if<offer>(&t.what.what); o && o->not_before <= now_)
        out.push_back({ref, *o});
    }
  }
  return out;
}

bool world::dispatch() {
  auto const all = offers();
  if (all.empty())
    return false;
  auto const& [ticket, o] = all[pick(all.size())];
  ticket::grant c;
  c.stage = o.stage;
  c.after_token = o.after_token;
  c.daemon = daemon_id{"d-" + std::to_string(pick(3))};
  if (!o.role.empty()) {
    auto const* p =
        checker_.states().find<project_domain>(ref(ticket, entity_kind::project, o.project.value));
    std::vector<agent_id> fit;
    for (auto const& a : p->config.roster) {
      auto const id = project::agent_of(o.project, a.name);
      bool const excluded = std::find(o.excluded.begin(), o.excluded.end(), id) != o.excluded.end();
      // Sometimes a dispatcher is wrong; the ticket must not be.
      if ((a.role == o.role && !excluded) || (faults_ && chance(5)))
        fit.push_back(id);
    }
    if (fit.empty()) { // everybody in the role worked on it: a person must judge
      send(ticket, ticket::command{ticket::review{true, {}}}, "human:ada",
           "req" + std::to_string(++count_));
      return true;
    }
    c.agent = fit[pick(fit.size())];
  }
  send(ticket, ticket::command{c}, "system", "grant" + std::to_string(++count_));
  return true;
}

// ---- the agents' heads ----------------------------------------------------------------------

plan_content world::make_plan(plan::state const& p) {
  plan_content out = p.previous;
  if (out.items.empty()) {
    for (int i = 1; i <= options_.items; ++i) {
      plan_item item;
      item.key = std::to_string(i);
      item.title = "Item " + item.key;
      item.text = words("Do it.");
      item.role = chance(80) ? "dev" : "pm";
      item.criteria = {"it works"};
      for (int b = 1; b < i; ++b) {
        if (chance(35))
          item.blocked_by.push_back(std::to_string(b));
      }
      out.items.push_back(std::move(item));
    }
  } else {
    int last = 0;
    for (auto const& i : out.items)
      last = std::max(last, std::stoi(i.key));
    auto const fresh = std::to_string(last + 1);
    bool const forget = chance(30); // dependants are not named again
    for (auto& i : out.items) {
      if (i.key == p.failed_key) {
        i.supersedes = i.key;
        i.key = fresh;
        i.role = "dev";
        continue;
      }
      i.supersedes.clear();
      for (auto& b : i.blocked_by) {
        if (b == p.failed_key && !forget)
          b = fresh;
      }
    }
    if (forget) { // a plan that names what it replaced is refused by the check: name it after all
      for (auto& i : out.items)
        for (auto& b : i.blocked_by)
          b = b == p.failed_key ? fresh : b;
    }
    if (chance(20)) {
      plan_item extra = out.items.front();
      extra.key = std::to_string(last + 2);
      extra.supersedes.clear();
      extra.blocked_by = {fresh};
      out.items.push_back(std::move(extra));
    }
  }
  if (faults_ && chance(20) && out.items.size() > 1) {
    switch (pick(3)) {
    case 0:
      out.items.front().blocked_by = {out.items.back().key};
      out.items.back().blocked_by = {out.items.front().key};
      break;
    case 1:
      out.items.front().criteria.clear();
      break;
    default:
      out.items.pop_back();
    }
  }
  return out;
}

json::value world::answer(call const& c) {
  auto const& data = data_of(c.message);
  if (faults_ && chance(12)) {
    json::value const bad[] = {json::object{{"refused", "no"}}, json::object{{"nonsense", 1}},
                               json::value("text"), json::value{}};
    return bad[pick(std::size(bad))];
  }
  auto const* what = data.is_object() ? data.get_object().if_contains("do") : nullptr;
  auto const does =
      what && what->is_string() ? std::string{std::string_view{what->get_string()}} : std::string{};
  if (does == "draft_brief") {
    brief_content b;
    b.title = "Count words";
    b.goal = words("Know how long texts are.");
    requirement r;
    r.key = "R1";
    r.title = "Count the words of a file";
    r.text = "The tool counts the words of a file.";
    r.criteria = {"an empty file has none"};
    b.requirements = {r};
    return json::object{{"brief", json::to(b)}};
  }
  if (does == "draft_plan") {
    auto const id = std::string{std::string_view{data.at("plan").as_string()}};
    auto const* p = checker_.states().find<plan_domain>(ref(c.agent, entity_kind::plan, id));
    return json::object{{"plan", json::to(make_plan(*p))}};
  }
  if (does == "critique_plan") {
    json::array findings;
    if (chance(30))
      findings.emplace_back(words("item 1 is large"));
    bool const blocking = faults_ && !findings.empty() && chance(50);
    return json::object{{"findings", std::move(findings)}, {"blocking", blocking}};
  }
  if (does == "resolve_ticket") {
    char const* const hows[] = {"retry", "replan", "fail"};
    return json::object{{"how", hows[pick(3)]}, {"why", words("seems best")}};
  }
  return json::object{{"answer", words("UTF-8")}};
}

bool world::think() {
  if (calls_.empty())
    return false;
  auto const at = pick(calls_.size());
  auto const c = calls_[at];
  calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(at));
  if (faults_ && chance(5)) {
    send(c.agent, agent::command{agent::give_up{c.message.id, reason::provider_server, "down"}},
         principal_of(c.agent).value, c.message.id + "/gave-up", {}, {}, true);
    return true;
  }
  envelope m;
  m.id = c.message.id + ".a";
  m.reply_to = c.message.id;
  m.kind = message_kind::answer;
  m.from = principal_of(c.agent);
  m.to = c.message.from;
  m.hops = c.message.hops + 1;
  m.engine = "scripted";
  m.parts = {text_part(words("Here it is.")), data_part(answer(c))};
  send(c.agent, agent::command{agent::reply{m}}, principal_of(c.agent).value,
       c.message.id + "/answer", {}, {}, true);
  return true;
}

} // namespace troupe::test
