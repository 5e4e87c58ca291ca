#include "tests/faults/scenario.hpp"

#include <algorithm>
#include <random>

namespace troupe::faults {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string entity_in(http_answer const& a) {
  auto const* id = a.json.if_contains("id");
  return id != nullptr && id->is_string() ? std::string{std::string_view{id->as_string()}}
                                          : std::string{};
}

/// One request ten times at once, also while the server is killed and comes back.
findings storms(setting& s) {
  auto const times = s.quick ? 4 : 25;
  auto where = s.place();
  lab l{where};
  l.open();
  findings out;
  for (int i = 0; i < times; ++i) {
    operation o;
    o.client = 1;
    o.kind = op_kind::ticket;
    o.key = "storm-" + std::to_string(i) + "-" + std::to_string(s.seed);
    l.record().invoked(o);
    auto const body = R"({"project":"p","role":"dev","title":"Storm )" + mark_of(o.key) + "\"}";
    std::vector<http_answer> answers(10);
    std::vector<std::thread> senders;
    for (auto& a : answers)
      senders.emplace_back([&l, &a, &o, &body] {
        auto const limit = std::chrono::steady_clock::now() + seconds{30};
        do {
          a = l.call("POST", "/api/tickets", body, o.key, seconds{8});
        } while (!a.ok() && (a.status == 0 || a.status >= 429) && a.status != 422 &&
                 std::chrono::steady_clock::now() < limit);
      });
    if (i % 2 == 1) {
      std::this_thread::sleep_for(milliseconds{s.random(0, 20)}); // a random moment
      l.kill_and_restart();
    }
    for (auto& t : senders)
      t.join();
    ++s.runs;
    o.sendings = 10;
    auto const first = entity_in(answers[0]);
    for (auto const& a : answers)
      if (!a.ok() || entity_in(a) != first)
        out.push_back("one of ten equal requests was answered " + std::to_string(a.status) + " " +
                      entity_in(a) + ", another one " + first);
    o.status = answers[0].status;
    o.entity = "ticket/" + first;
    l.record().answered(o, answers[0].ok() ? outcome::ok : outcome::unknown);
  }
  if (auto const a =
          l.call("POST", "/api/projects", R"({"id":"after","config":{"repository":"/srv/x.git"}})");
      !a.ok())
    out.push_back("the server serves nobody after the storms: " + a.body);
  // The last strike has no acknowledged write after it but this one.
  operation last;
  last.client = 1;
  last.kind = op_kind::ticket;
  last.key = "last-" + std::to_string(s.seed);
  l.record().invoked(last);
  auto const a =
      l.call("POST", "/api/tickets",
             R"({"project":"p","role":"dev","title":"Last )" + mark_of(last.key) + "\"}", last.key);
  last.entity = "ticket/" + entity_in(a);
  l.record().answered(last, a.ok() ? outcome::ok : outcome::unknown);
  for (auto& f : l.judge(s.count))
    out.push_back(std::move(f));
  return out;
}

/// All that was acknowledged is sent again, late and in another order, after a kill.
findings stale_requests(setting& s) {
  lab l{s.place()};
  l.open();
  findings out;
  load_settings how;
  how.seed = s.seed;
  how.tickets = 6;
  load w{l, how};
  if (!w.await_more(s.quick ? 30 : 200, seconds{60}))
    out.push_back("C6: the load does not get going");
  l.kill_and_restart();
  l.await_ready();
  (void)w.await_more(3);
  w.stop();
  auto const before = l.collect();
  auto acknowledged = l.record().so_far().operations;
  std::shuffle(acknowledged.begin(), acknowledged.end(), std::mt19937_64{s.seed});
  for (auto const& o : acknowledged) {
    if (o.kind == op_kind::read || o.how != outcome::ok)
      continue;
    auto const& again = w.sent().at(o.key);
    auto const a = l.call("POST", again.path, again.body, o.key);
    ++s.runs;
    auto const id = o.entity.substr(o.entity.find('/') + 1);
    if (!a.ok() || entity_in(a) != id)
      out.push_back(o.key + " sent again late is answered " + std::to_string(a.status) + " " +
                    entity_in(a) + ", first " + std::to_string(o.status) + " " + id);
    if (out.size() > 10)
      break;
  }
  auto const after = l.collect();
  if (after.events.size() != before.events.size())
    out.push_back("requests sent again have made " +
                  std::to_string(after.events.size() - before.events.size()) + " events");
  for (auto& f : l.judge(s.count))
    out.push_back(std::move(f));
  return out;
}

/// A key that was used is used for something else, before and after a kill.
findings other_bodies(setting& s) {
  lab l{s.place()};
  l.open();
  findings out;
  load_settings how;
  how.seed = s.seed;
  how.tickets = 4;
  load w{l, how};
  if (!w.await_more(s.quick ? 20 : 100, seconds{60}))
    out.push_back("C6: the load does not get going");
  w.stop();
  auto const before = l.collect();
  for (bool const killed : {false, true}) {
    if (killed) {
      l.server().kill();
      l.start_server();
      l.await_ready();
    }
    for (auto const& [key, first] : w.sent()) {
      auto body = first.body;
      auto const at = body.find("[[");
      body.insert(at, "Otherwise: ");
      auto const a = l.call("POST", first.path, body, key);
      ++s.runs;
      if (a.status != 422)
        out.push_back("key " + key + " with another body is answered " + std::to_string(a.status) +
                      ": " + a.body);
      if (out.size() > 10)
        break;
    }
  }
  auto const after = l.collect();
  if (after.events.size() != before.events.size())
    out.push_back("refused requests have made " +
                  std::to_string(after.events.size() - before.events.size()) + " events");
  for (auto& f : l.judge(s.count))
    out.push_back(std::move(f));
  return out;
}

/// Most of the load on one ticket: the others must not wait for it.
findings hot_shard(setting& s) {
  lab l{s.place()};
  l.open();
  findings out;
  auto const ticket = [&](std::string const& key) {
    auto const a =
        l.call("POST", "/api/tickets",
               R"({"project":"p","role":"dev","title":"Hot )" + mark_of(key) + "\"}", key);
    operation o;
    o.client = 9;
    o.kind = op_kind::ticket;
    o.key = key;
    l.record().invoked(o);
    o.entity = "ticket/" + entity_in(a);
    l.record().answered(o, a.ok() ? outcome::ok : outcome::refused);
    return entity_in(a);
  };
  auto const measured = ticket("measured-1");
  std::vector<std::string> all;
  for (int i = 0; i < 6; ++i)
    all.push_back(ticket("hot-" + std::to_string(i)));
  if (!comes([&] {
        return std::all_of(all.begin(), all.end(), [&](auto const& id) {
          return l.call("GET", "/api/tickets/" + id).json.contains("status") &&
                 l.call("GET", "/api/tickets/" + id).json.at("status") == "DONE";
        });
      }))
    out.push_back("C6: the tickets do not end");
  auto const count = s.quick ? 100 : 600;
  int round = 0;
  auto const under = [&](bool hot) {
    ++round;
    std::atomic<bool> stop{false};
    std::vector<std::thread> clients;
    for (std::size_t i = 0; i < 4; ++i)
      clients.emplace_back([&, i] {
        auto const& to = hot ? all[0] : all[i];
        for (int n = 0; !stop; ++n)
          (void)l.call("POST", "/api/tickets/" + to + "/comments", R"({"text":"hot"})",
                       "h" + std::to_string(round) + "-" + std::to_string(i) + "-" +
                           std::to_string(n));
      });
    auto const got = latencies(l, measured, count, "m" + std::to_string(round) + "-");
    stop = true;
    for (auto& c : clients)
      c.join();
    return got;
  };
  auto const spread = under(false);
  auto const hot = under(true);
  ++s.runs;
  auto const before = quantile(spread, 0.99);
  auto const after = quantile(hot, 0.99);
  s.figures.push_back("p99 of another ticket: " + std::to_string(before) +
                      " ms with the load spread, " + std::to_string(after) +
                      " ms with it on one ticket");
  // Noise of a small machine is more than the 20 % that a quiet one shows.
  if (hot.size() != static_cast<std::size_t>(count) || after > std::max(before * 1.5, before + 10))
    out.push_back("another ticket waits for a hot one: p99 " + std::to_string(after) +
                  " ms against " + std::to_string(before));
  for (auto& f : l.judge(s.count))
    out.push_back(std::move(f));
  return out;
}

} // namespace

void add_client_scenarios(std::vector<scenario>& out) {
  out.push_back({"F14", "one request ten times at once, with kills", both, false, storms});
  out.push_back({"F15", "requests sent again late, in another order, after a kill", both, false,
                 stale_requests});
  out.push_back({"F16", "a key is used again with another body", both, true, other_bodies});
  out.push_back({"F24", "90 % of the load on one ticket", both, false, hot_shard});
}

} // namespace troupe::faults
