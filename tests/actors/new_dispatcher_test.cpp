#include "actors/dispatch_desk.hpp"
#include "actors/dispatcher.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

#include <optional>

/// What a dispatcher that was started anew must not forget.
using namespace troupe;
using namespace std::chrono_literals;

namespace {

using files = std::vector<std::string>;

/// A project with developers and one daemon, in which nothing moves by itself.
struct shop_floor : test::still_stage {
  lease_desk leases{30s};
  std::optional<dispatch_desk> desk;
  std::map<entity_ref, std::uint64_t> told; ///< to the desk, of each stream

  shop_floor() {
    rt.leases = &leases;
    new_desk();
    start_dispatcher();
    desk->presence({daemon_id{"d1"}, true, 9, {{"command", "", 9}}, {"*"}});
    run();
  }
  ~shop_floor() { log.queue.clear(); }

  void new_desk() {
    desk.emplace([this](entity_ref const& ticket) {
      auto const seen = look(ticket);
      return seen->has_value() ? plan_of(seen->value()) : std::nullopt;
    });
    rt.dispatcher = &*desk;
  }
  void start_dispatcher() {
    leases.renew();
    spawned.push_back(system.spawn<dispatcher_actor>(static_cast<runtime const*>(&rt), &leases));
    desk->open(spawned.back());
    run();
  }
  /// As the supervisor does after a crash.
  void restart_dispatcher() {
    caf::anon_send_exit(spawned.back(), caf::exit_reason::kill);
    run();
    start_dispatcher();
    where->remind();
    run();
  }
  /// The server, from what is in the log.
  void restart_server() {
    new_desk();
    leases.with([](matchmaker& who) { who = matchmaker{30s}; });
    auto const all = std::exchange(told, {});
    for (auto const& [stream, version] : all)
      feed(stream);
    desk->presence({daemon_id{"d1"}, true, 9, {{"command", "", 9}}, {"*"}});
    start_dispatcher();
    where->remind();
    run();
  }
  void feed(entity_ref const& stream) {
    auto const news = store->read_stream(stream, told[stream], 1000);
    REQUIRE(news.has_value());
    if (news->empty())
      return;
    told[stream] = news->back().version;
    desk->committed(std::make_shared<std::vector<stored_event>>(*news));
  }
  /// Commits all that waits, and what comes of it, and tells the desk.
  void work_on() {
    run();
    while (!log.queue.empty()) {
      std::vector<entity_ref> streams;
      for (auto const& w : log.queue.front().what.writes)
        streams.push_back(w.stream);
      log.commit();
      for (auto const& s : streams)
        feed(s);
      run();
    }
  }
  void hire(std::string const& name) {
    agent_spec spec;
    spec.name = name;
    spec.role = "dev";
    spec.engine = engine_kind::daemon;
    (void)send(ref(entity_kind::agent, name),
               agent::command{agent::hire{project_id{"tally"}, spec}}, "hire/" + name);
    work_on();
  }
  void open(std::string const& id, files touched = {}) {
    ticket::open o;
    o.project = project_id{"tally"};
    o.item.key = id;
    o.item.title = "Ticket " + id;
    o.item.criteria = {"it is done"};
    o.item.role = "dev";
    o.item.files = std::move(touched);
    stage develop;
    develop.name = "develop";
    develop.role = "dev";
    o.stages = {develop};
    o.repository = "none";
    o.target_branch = "main";
    o.run_active = true;
    o.by_hand = true;
    (void)send(ref(entity_kind::ticket, id), ticket::command{o}, "open/" + id);
    run();
  }
  void cancel(std::string const& id) {
    (void)send(ref(entity_kind::ticket, id), ticket::command{ticket::cancel{"over"}},
               "cancel/" + id);
    work_on();
  }
  /// Who holds the ticket; empty: nobody.
  [[nodiscard]] std::string holder(std::string const& id) {
    auto const seen = look(ref(entity_kind::ticket, id));
    auto const s = json::from<ticket::state>(seen->value());
    return s && ticket::is_leased(*s) ? s->holder->agent.value : std::string{};
  }
};

} // namespace

TEST_CASE("dispatcher: a new one knows which files are being written", "[actors]") {
  shop_floor s;
  s.hire("ada");
  s.hire("bob");
  s.open("t1", {"a.c", "b.c"});
  s.work_on();
  REQUIRE_FALSE(s.holder("t1").empty());
  bool const server = GENERATE(false, true);
  if (server)
    s.restart_server();
  else
    s.restart_dispatcher();
  s.work_on();
  s.open("t2", {"b.c"});
  s.work_on();
  CHECK(s.holder("t2").empty()); // one of the agents is free, but t1 writes b.c
  s.open("t3", {"c.c"});
  s.work_on();
  CHECK_FALSE(s.holder("t3").empty());
  s.cancel("t3");
  s.cancel("t1");
  CHECK_FALSE(s.holder("t2").empty());
}

TEST_CASE("dispatcher: a new one counts the grants that are not in the log yet", "[actors]") {
  shop_floor s;
  s.hire("ada");
  bool const offered = GENERATE(false, true);
  if (offered)
    s.rt.leases = nullptr; // granted by message
  s.open("t1");
  while (offered && s.log.queue.front().what.writes.front().events.back().type != "ticket.leased") {
    s.log.commit(); // it is opened, and offers
    s.run();
  }
  REQUIRE(s.log.queue.size() == 1);
  s.restart_dispatcher();
  s.open("t2"); // while the lease of t1 is being stored
  s.work_on();
  CHECK(s.holder("t1") == "ada");
  CHECK(s.holder("t2").empty()); // she has one place
  s.cancel("t1");
  CHECK(s.holder("t2") == "ada");
}

TEST_CASE("dispatcher: a new one does not keep what ended while there was none", "[actors]") {
  shop_floor s;
  s.hire("ada");
  s.open("t1", {"a.c"});
  s.work_on();
  REQUIRE(s.holder("t1") == "ada");
  caf::anon_send_exit(s.spawned.back(), caf::exit_reason::kill);
  s.desk->close();
  s.run();
  s.cancel("t1");
  s.start_dispatcher();
  s.open("t2", {"a.c"});
  s.work_on();
  CHECK(s.holder("t2") == "ada");
}
