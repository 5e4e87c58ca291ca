#include "actors/domain/kinds.hpp"
#include "actors/instant_runner.hpp"
#include "persistence/memory/memory_store.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>

/// Parts of a real node that crash, and what goes on.
using namespace troupe;
using namespace std::chrono_literals;

namespace {

entity_ref ref(entity_kind kind, std::string id) {
  return {tenant_id{"default"}, kind, std::move(id)};
}

submit_options by_person() {
  submit_options o;
  o.by = principal_id{"human:ada"};
  o.want_state = true;
  return o;
}

/// Waits until it is so, looking again at every event.
bool becomes(node& n, std::function<bool()> const& so) {
  auto const limit = std::chrono::steady_clock::now() + 30s;
  std::mutex m;
  std::condition_variable cv;
  auto const id = n.view().subscribe([&](board_event const&) { cv.notify_all(); }, {});
  bool is = so();
  while (!is && std::chrono::steady_clock::now() < limit) {
    std::unique_lock lock{m};
    cv.wait_for(lock, 20ms);
    lock.unlock();
    is = so();
  }
  n.view().unsubscribe(id);
  return is;
}

bool is(node& n, entity_ref const& of, std::string const& wanted) {
  auto const s = n.ask(of);
  return s && s->at("is").as_string() == wanted;
}

/// Puts tickets off until the test lets it, then ends them at once.
class held_runner : public runner_port {
public:
  void open() {
    std::lock_guard lock{mutex_};
    open_ = true;
    for (auto const& [ticket, l] : held_)
      now.launch(l);
    held_.clear();
  }
  [[nodiscard]] std::size_t held() const {
    std::lock_guard lock{mutex_};
    return held_.size();
  }
  void launch(troupe::launch const& l) override {
    std::lock_guard lock{mutex_};
    if (open_)
      now.launch(l);
    else
      held_.insert_or_assign(l.what.ticket, l); // said again after a restart
  }
  void forget(ticket_id const& t, std::int64_t token) override { now.forget(t, token); }
  void notify(troupe::notify const& x, std::function<void()> done) override {
    now.notify(x, std::move(done));
  }
  instant_runner now;

private:
  mutable std::mutex mutex_;
  std::map<ticket_id, troupe::launch> held_;
  bool open_ = false;
};

/// A node with a project whose agents have one place each.
struct office {
  office() {
    node_settings s;
    s.owner = "test";
    s.resend = 200ms;
    s.grace = 200ms;
    s.engines[engine_kind::rules] = make_rules_thinker();
    s.failed = [this] {
      std::lock_guard lock{mutex};
      ++failures;
      failed.notify_all();
    };
    auto started = node::start(std::move(s), open_memory_store(), runner);
    REQUIRE(started.has_value());
    n = std::move(*started);
    runner.now.attach(*n, tenant_id{"default"});
    REQUIRE(n->resume().has_value());
    runner.now.announce(1);
    config = find_template("solo")->config;
    config.repository = "/nowhere";
    REQUIRE(n->tell(ref(entity_kind::project, "tally"),
                    project::command{project::create{"Tally", config}}, by_person())
                .has_value());
  }
  void run(std::string const& id, std::string const& project = "tally") {
    run::create c;
    c.project = project_id{project};
    c.config = config;
    c.by_hand = true;
    plan_item item;
    item.key = "1";
    item.title = "Tidy the index";
    item.role = "dev";
    c.items = {item};
    REQUIRE(n->tell(ref(entity_kind::run, id), run::command{c}, by_person()).has_value());
  }
  held_runner runner;
  project_config config;
  std::mutex mutex;
  std::condition_variable failed;
  int failures = 0;
  std::unique_ptr<node> n;

  /// Ends the part where it stands, and waits until the supervisor has started another one.
  void crash(std::string const& part) const {
    auto const before = n->counts().restarts;
    n->kill_part(part);
    REQUIRE(becomes(*n, [&] { return n->counts().restarts == before + 1; }));
  }
};

} // namespace

TEST_CASE("node: a run goes on after its dispatcher crashed", "[actors]") {
  office o;
  o.run("h1");
  REQUIRE(becomes(*o.n, [&] { return o.runner.held() == 1; })); // it holds the one place there is
  o.n->kill_part("dispatcher");
  o.run("h2"); // while there is none, or at the next one
  REQUIRE(becomes(*o.n, [&] { return is(*o.n, ref(entity_kind::ticket, "h2-1"), "ready"); }));
  REQUIRE(becomes(*o.n, [&] { return o.n->counts().restarts == 1; }));
  o.runner.open();
  // The new one knows the agents, the daemon and its places from what it is told again.
  CHECK(becomes(*o.n, [&] { return is(*o.n, ref(entity_kind::run, "h1"), "COMPLETED"); }));
  CHECK(becomes(*o.n, [&] { return is(*o.n, ref(entity_kind::run, "h2"), "COMPLETED"); }));
  CHECK(o.n->counts().invariant_violations == 0);
  CHECK(o.failures == 0);
  CHECK(o.n->stop(5s));
}

TEST_CASE("node: a dispatcher that was started again gives no place twice", "[actors]") {
  office o;
  o.run("h1");
  REQUIRE(becomes(*o.n, [&] { return o.runner.held() == 1; }));
  o.crash("dispatcher");
  o.run("h2");
  // What must not happen cannot be waited for. A third ticket, after the second one and of a
  // project with agents of its own, shows that the second one was looked at.
  REQUIRE(o.n->tell(ref(entity_kind::project, "abacus"),
                    project::command{project::create{"Abacus", o.config}}, by_person())
              .has_value());
  REQUIRE(becomes(*o.n, [&] { return is(*o.n, ref(entity_kind::ticket, "h2-1"), "ready"); }));
  o.runner.now.announce(2); // two places, and still one agent
  o.run("h3", "abacus");
  REQUIRE(becomes(*o.n, [&] { return o.runner.held() == 2; }));
  CHECK(is(*o.n, ref(entity_kind::ticket, "h3-1"), "claimed"));
  CHECK(is(*o.n, ref(entity_kind::ticket, "h2-1"), "ready"));
  o.runner.open();
  for (auto const* run : {"h1", "h2", "h3"})
    CHECK(becomes(*o.n, [&] { return is(*o.n, ref(entity_kind::run, run), "COMPLETED"); }));
  CHECK(o.n->stop(5s));
}

TEST_CASE("node: entities of a shard that crashed are there again, and do what they owe",
          "[actors]") {
  office o;
  o.run("h1");
  REQUIRE(becomes(*o.n, [&] { return o.runner.held() == 1; }));
  auto const ticket = ref(entity_kind::ticket, "h1-1");
  o.crash("shard/" + std::to_string(shard_of(ticket)));
  o.crash("shard/" + std::to_string(shard_of(ref(entity_kind::run, "h1"))));
  o.runner.open();
  CHECK(becomes(*o.n, [&] { return is(*o.n, ref(entity_kind::run, "h1"), "COMPLETED"); }));
  CHECK(o.n->counts().invariant_violations == 0);
  CHECK(o.n->stop(5s));
}

TEST_CASE("node: a part that crashes again and again ends the node, once and in order",
          "[actors]") {
  office o;
  auto const killed = std::chrono::steady_clock::now();
  std::unique_lock lock{o.mutex};
  // Each round meets the incarnation of the moment, or none.
  while (o.failures == 0 && std::chrono::steady_clock::now() - killed < 60s) {
    o.n->kill_part("dispatcher");
    o.failed.wait_for(lock, 50ms);
  }
  CHECK(o.failures == 1);
  lock.unlock();
  CHECK(o.n->stop(5s)); // what is stored is stored, and the rest ends as ever
}
