#include "persistence/sqlite/sqlite_store.hpp"
#include "protocol/entities/budget.hpp"
#include "tests/api/lab.hpp"
#include "tests/support/postgres_server.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string body_of(std::string const& project) {
  return R"({"id":")" + project + R"(","config":{"repository":"/srv/x.git"}})";
}

/// Makes one project after another, while the database goes and comes.
class busy_person {
public:
  explicit busy_person(api_lab const& lab) : lab_(lab) {
    thread_ = std::thread{[this] {
      for (int i = 0; !stop_; ++i) {
        auto const id = "busy-" + std::to_string(i);
        auto const a = lab_.post("/api/projects", body_of(id));
        std::lock_guard const lock{mutex_};
        answers_[id] = a.status;
      }
    }};
  }
  ~busy_person() { (void)end(); }
  std::map<std::string, int> end() {
    stop_ = true;
    if (thread_.joinable())
      thread_.join();
    return answers_;
  }
  [[nodiscard]] int count(int status) const {
    std::lock_guard const lock{mutex_};
    return static_cast<int>(std::count_if(answers_.begin(), answers_.end(),
                                          [&](auto const& a) { return a.second == status; }));
  }

private:
  api_lab const& lab_;
  mutable std::mutex mutex_;
  std::map<std::string, int> answers_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

} // namespace

TEST_CASE("api: while Postgres is away commands are refused and change nothing, then all goes on",
          "[api]") {
  postgres_server db;
  auto const url = db.new_database();
  api_lab lab{{"--store", url}};
  lab.project();
  auto const brief = lab.pending_brief();
  auto const plan = lab.pending_plan(brief);
  CHECK(lab.get("/readyz").status == 200);
  auto const before = lab.quiet_mark();

  db.stop();
  auto const away = refused(lab.get("/readyz"), 503, "unavailable");
  CHECK(text_at(away, "detail").find("the store does not answer") == 0);
  CHECK(lab.get("/healthz").status == 200);
  api_lab::headers const once{{"Idempotency-Key", "approve-1"}};
  for (int i = 0; i < 3; ++i) {
    // Of entities in memory, of ones that must be read first, and of ones that are not yet there.
    for (auto const& a : {lab.post("/api/plans/" + plan + "/approve"),
                          lab.post("/api/plans/" + plan + "/approve", {}, once),
                          lab.post("/api/projects", body_of("new")),
                          lab.post("/api/tokens", R"({"name":"a","roles":["viewer"]})"),
                          lab.source("Ada: The parser should accept weeks.\n"),
                          lab.patch("/api/projects/duration", R"({"test_command":"true"})"),
                          lab.post("/api/daemons/codes")}) {
      refused(a, 503, "unavailable");
      CHECK(a.headers.contains("retry-after"));
    }
  }
  CHECK(lab.mark() == before); // what is at hand can still be read
  CHECK(lab.get("/api/plans/" + plan).text("status") == "pending_approval");

  db.start();
  REQUIRE(eventually([&] { return lab.get("/readyz").status == 200; }));
  CHECK(lab.quiet_mark() == before);
  // It holds the database again, although nothing was written since.
  auto const second =
      run_troupe({"serve", "--store", url, "--data", (lab.home() / "other").string(), "--port",
                  std::to_string(free_port())},
                 lab.home());
  CHECK(second.exit_code == 8);
  INFO(second.err);
  CHECK(second.err.find("another server holds this database") != std::string::npos);
  CHECK(lab.get("/readyz").status == 200);
  auto const approved = lab.post("/api/plans/" + plan + "/approve", {}, once);
  INFO(approved.body);
  CHECK(approved.status == 200);
  CHECK(lab.post("/api/projects", body_of("new")).status == 201);
  CHECK(eventually(
      [&] { return !lab.get("/api/tickets?status=ready").json.at("items").as_array().empty(); }));
  auto const after = lab.quiet_mark();
  lab.crash();
  lab.open();
  CHECK(lab.quiet_mark() == after);
}

TEST_CASE(
    "api: what was acknowledged around an outage of Postgres is there, what was refused is not",
    "[api]") {
  postgres_server db;
  auto const url = db.new_database();
  api_lab lab{{"--store", url}};
  busy_person somebody{lab};
  for (int outage = 0; outage < 3; ++outage) {
    auto const made = somebody.count(201);
    REQUIRE(eventually([&] { return somebody.count(201) > made + 3; }));
    db.stop(); // in the middle of something
    REQUIRE(eventually([&] { return lab.get("/readyz").status == 503; }));
    CHECK(lab.healthy());
    db.start();
    REQUIRE(eventually([&] { return lab.get("/readyz").status == 200; }));
  }
  auto const made = somebody.count(201);
  REQUIRE(eventually([&] { return somebody.count(201) > made + 3; }));
  auto const answers = somebody.end();
  auto const check = [&] {
    for (auto const& [id, status] : answers) {
      INFO(id << " was answered " << status);
      CHECK((status == 201 || status == 503));
      CHECK(lab.get("/api/projects/" + id).status == (status == 201 ? 200 : 404));
    }
  };
  check();
  (void)lab.quiet_mark();
  lab.crash();
  lab.open();
  check();
  lab.stop();
  auto const sound = run_troupe({"verify", "--store", url}, lab.home());
  INFO(sound.out << sound.err);
  CHECK(sound.exit_code == 0);
}

namespace {

/// Puts into the ledger what no entity would decide: more is reserved than was granted.
void plant_overdraft(api_lab const& lab) {
  auto const factory = open_sqlite_store(lab.data() / "ledger.db");
  REQUIRE(factory.has_value());
  auto store = (*factory)();
  REQUIRE(store.has_value());
  entity_ref const purse{tenant_id{"default"}, entity_kind::budget, "project:nobody"};
  unit u;
  u.shard = shard_of(purse);
  u.epoch = (*store)->claim(u.shard, "mallory").value();
  u.tenant = purse.tenant;
  stream_write w;
  w.stream = purse;
  std::string previous{no_hash()};
  auto const add = [&](budget::event const& what) {
    auto data = json::to(what);
    data.as_object().erase("type");
    new_event e;
    e.event_id = "01900000-0000-7000-8000-00000000000" + std::to_string(w.events.size());
    e.type = "budget." + std::string{json::name_of(what)};
    e.at = time_point{duration{1'750'000'000'000}};
    e.principal = "human:mallory";
    e.cause = "c1";
    e.data = json::canonical(data);
    e.hash = chain_hash(previous, purse, w.events.size() + 1, e);
    previous = e.hash;
    w.events.push_back(std::move(e));
  };
  budget::granted g;
  g.scope = purse.id;
  g.amount = 10;
  add(g);
  budget::reserved r;
  r.id = "r1";
  r.scope = purse.id;
  r.amount = 50;
  add(r);
  u.writes.push_back(std::move(w));
  REQUIRE((*store)->append(std::span{&u, 1})->front().status == unit_status::ok);
}

} // namespace

TEST_CASE("api: a broken invariant is counted in /readyz, unless that is switched off", "[api]") {
  api_lab lab;
  lab.project();
  auto const sound = lab.get("/readyz");
  REQUIRE(sound.json.contains("invariant_violations"));
  for (auto const* what :
       {"invariant_violations", "crashes", "dead_letters", "quarantined", "refused"})
    CHECK(sound.json.at(what).to_number<int>() == 0);
  lab.stop();
  plant_overdraft(lab);
  bool const check = GENERATE(true, false);
  if (!check)
    lab.more({"--config", (lab.home() / "off.toml").string()});
  std::ofstream{lab.home() / "off.toml"} << "[actors]\ncheck_invariants = false\n";
  lab.open();
  CHECK(lab.get("/readyz").json.at("invariant_violations").to_number<int>() == (check ? 1 : 0));
  bool const told =
      lab.log().find("invariant violated event=01900000-0000-7000-8000-000000000001") !=
      std::string::npos;
  CHECK(told == check);
}
