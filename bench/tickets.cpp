#include "actors/domain/kinds.hpp"
#include "actors/instant_runner.hpp"
#include "bench/report.hpp"
#include "persistence/memory/memory_store.hpp"

#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>

namespace troupe::bench {

namespace {

using clock = std::chrono::steady_clock;
tenant_id const tenant{"default"};

/// A node with one project whose agents have room for everything.
struct stage {
  instant_runner runner;
  std::unique_ptr<node> n;

  result<void> open(stores const& s, int slots) {
    auto store = s.open();
    if (!store)
      return store.error();
    node_settings settings;
    settings.owner = "bench";
    settings.journal.writers = s.writers;
    settings.engines[engine_kind::rules] = make_rules_thinker();
    auto started = node::start(std::move(settings), *store, runner, nullptr);
    if (!started)
      return started.error();
    n = std::move(*started);
    runner.attach(*n, tenant);
    if (auto r = n->resume(); !r)
      return r;
    auto config = find_template("standard@1")->config;
    config.repository = "none";
    for (auto& a : config.roster)
      a.capacity = slots;
    submit_options by;
    by.by = principal_id{"human:bench"};
    auto const made = n->tell({tenant, entity_kind::project, "bench"},
                              project::command{project::create{"bench", config}}, by);
    if (!made)
      return made.error();
    runner.announce(slots);
    return {};
  }

  [[nodiscard]] ticket::open ticket(int number) const {
    ticket::open o;
    o.project = project_id{"bench"};
    o.item.key = std::to_string(number);
    o.item.title = "Ticket " + std::to_string(number);
    o.item.criteria = {"it is done"};
    o.item.role = "dev";
    o.stages = shipped_process("standard")->stages;
    o.repository = "none";
    o.target_branch = "main";
    o.run_active = true;
    o.by_hand = true;
    return o;
  }
};

result<measure> one(stores const& s, int level, int total) {
  stage on;
  if (auto r = on.open(s, level); !r)
    return r.error();
  std::mutex m;
  std::condition_variable cv;
  std::map<std::string, clock::time_point> begun;
  std::vector<double> samples;
  int opened = 0;
  int done = 0;
  submit_options by;
  by.by = principal_id{"human:bench"};
  auto const open_next = [&] { // under the lock
    auto const number = ++opened;
    auto const id = "t" + std::to_string(number);
    begun[id] = clock::now();
    on.n->submit({tenant, entity_kind::ticket, id}, ticket::command{on.ticket(number)}, by, {});
  };
  auto const listener = on.n->view().subscribe(
      [&](board_event const& e) {
        if (e.event.event.type != "ticket.merged")
          return;
        std::lock_guard lock{m};
        samples.push_back(
            std::chrono::duration<double, std::micro>(clock::now() - begun[e.event.stream.id])
                .count());
        ++done;
        if (opened < total)
          open_next();
        cv.notify_one();
      },
      {});
  auto const begin = clock::now();
  {
    std::lock_guard lock{m};
    for (int i = 0; i < level && i < total; ++i)
      open_next();
  }
  bool finished = false;
  {
    std::unique_lock lock{m};
    finished = cv.wait_for(lock, std::chrono::seconds{120}, [&] { return done == total; });
  }
  auto const seconds = std::chrono::duration<double>(clock::now() - begin).count();
  on.n->view().unsubscribe(listener);
  if (!on.n->stop(std::chrono::seconds{20}))
    return fail(errc::timeout, "the node did not stop");
  if (!finished)
    return fail(errc::timeout, "only " + std::to_string(done) + " of " + std::to_string(total) +
                                   " tickets were finished");
  measure out{"tickets", s.name, level, done / seconds, 0, 0, static_cast<std::uint64_t>(done), 0};
  out.p50_us = percentile(samples, 0.5);
  out.p99_us = percentile(samples, 0.99);
  return out;
}

double resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  double pages = 0;
  double resident = 0;
  in >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

} // namespace

result<std::vector<measure>> tickets(stores const& s, std::vector<int> const& levels) {
  std::vector<measure> out;
  for (int const level : levels) {
    auto m = one(s, level, level == 1 ? 100 : level == 10 ? 500 : 2 * level + 1000);
    if (!m)
      return m.error();
    out.push_back(std::move(*m));
  }
  return out;
}

result<measure> idle_ticket() {
  constexpr int count = 10'000;
  stores s{"memory", [] { return result<store_factory>{open_memory_store()}; }, 1};
  stage on;
  if (auto r = on.open(s, 1); !r)
    return r.error();
  submit_options by;
  by.by = principal_id{"human:bench"};
  std::mutex m;
  std::condition_variable cv;
  int open = 0;
  auto const before = resident_bytes();
  for (int i = 0; i < count; ++i) {
    auto o = on.ticket(i);
    o.blocked_by = {ticket_id{"never"}}; // so that it stays live and idle
    on.n->submit({tenant, entity_kind::ticket, "t" + std::to_string(i)},
                 ticket::command{std::move(o)}, by, [&](command_result const&) {
                   std::lock_guard lock{m};
                   ++open;
                   cv.notify_one();
                 });
  }
  {
    std::unique_lock lock{m};
    if (!cv.wait_for(lock, std::chrono::seconds{60}, [&] { return open == count; }))
      return fail(errc::timeout, "tickets were not opened");
  }
  on.n->view().settle();
  measure out{"memory", "", 0, 0, 0, 0, count, (resident_bytes() - before) / count};
  if (!on.n->stop(std::chrono::seconds{20}))
    return fail(errc::timeout, "the node did not stop");
  return out;
}

} // namespace troupe::bench
