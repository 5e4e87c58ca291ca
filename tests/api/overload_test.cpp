#include "tests/api/puppet.hpp"
#include "tests/support/postgres_server.hpp"

#include <fstream>
#include <future>
#include <set>
#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string const talk = "Ann: We must print weeks in the report.\nBob: Agreed.\n";

api_lab::headers key(std::string const& k) {
  return {{"Idempotency-Key", k}};
}

/// The sessions of the database over which a server appends, stopped where they stand: what is sent
/// to them waits, however long, and is carried out when they go on. All else goes on.
class held_appends {
public:
  held_appends(postgres_server& db, std::string const& database) {
    std::istringstream all{
        db.sql(database, "select coalesce(string_agg(pid::text, ' '), '') from pg_stat_activity "
                         "where datname = current_database() and application_name = 'troupe' "
                         "and state = 'idle' and query like '%troupe.append%'")};
    for (pid_t pid = 0; all >> pid;)
      pids_.push_back(pid);
    REQUIRE(pids_.size() == 1);
    for (auto const pid : pids_)
      REQUIRE(::kill(pid, SIGSTOP) == 0);
  }
  ~held_appends() { let_go(); }
  held_appends(held_appends const&) = delete;
  held_appends& operator=(held_appends const&) = delete;
  void let_go() {
    for (auto const pid : std::exchange(pids_, {}))
      ::kill(pid, SIGCONT);
  }

private:
  std::vector<pid_t> pids_;
};

/// People who hand in one meeting after another, each with a key of its own, and wait.
class crowd {
public:
  explicit crowd(api_lab const& lab) : lab_(lab) {}
  /// One more comes; whether somebody has been sent away by now.
  bool grows_until_refused() {
    asked_.push_back(std::async(std::launch::async, [this, n = asked_.size()] {
      auto a = lab_.source(talk, key("crowd-" + std::to_string(n)));
      refused_ = refused_ || a.status == 429;
      return a;
    }));
    return refused_;
  }
  [[nodiscard]] std::size_t size() const { return asked_.size(); }
  std::vector<api_answer> answers() {
    std::vector<api_answer> out;
    for (auto& a : asked_)
      out.push_back(a.get());
    return out;
  }

private:
  api_lab const& lab_;
  std::atomic<bool> refused_{false};
  std::vector<std::future<api_answer>> asked_;
};

/// A server on Postgres with one writer, and with work that it has taken.
struct busy_lab {
  postgres_server db;
  std::string url = db.new_database();
  temporary_folder folder;
  api_lab lab{{"--store", url, "--config", one_writer()}};
  puppet daemon{lab};
  link::order order;
  std::string brief;

  busy_lab() {
    lab.project();
    daemon.connect();
    (void)lab.running(lab.pending_plan(lab.pending_brief()));
    order = daemon.hear<link::order>();
    brief = lab.pending_brief();
    (void)lab.quiet_mark();
  }
  [[nodiscard]] std::string one_writer() const {
    auto const file = folder.path() / "one.toml";
    std::ofstream{file} << "[store]\nwriters = 1\n";
    return file;
  }
  [[nodiscard]] std::string database() const { return url.substr(url.rfind('/') + 1); }
  /// Commands that have not ended.
  [[nodiscard]] std::int64_t under_way() const {
    auto const now = lab.get("/readyz");
    INFO(now.body);
    REQUIRE(now.status == 200);
    return now.json.at("under_way").to_number<std::int64_t>();
  }
  [[nodiscard]] std::string ticket() const { return "/api/tickets/" + order.ticket.value; }
};

/// The overload's answer, complete; a server says nothing else where it has too much to do.
void sent_away(api_answer const& a) {
  auto const problem = refused(a, 429, "busy");
  CHECK(text_at(problem, "detail").find("the server has more to do than it gets done") == 0);
  REQUIRE(a.headers.contains("retry-after"));
  CHECK(a.headers.at("retry-after") == "1");
}

/// Entities that the ledger has events of this type of.
std::set<std::string> with_event(api_lab const& lab, std::string const& type) {
  std::set<std::string> out;
  for (auto const& e : lab.events("&type=" + type))
    out.insert(text_at(e, "entity"));
  return out;
}

} // namespace

TEST_CASE(
    "api: new work is refused in an overload and leaves nothing behind, what was taken goes on",
    "[api]") {
  busy_lab b;
  auto const& lab = b.lab;
  auto const ticket_by_hand = [&](std::string const& k) {
    return lab.post("/api/tickets", R"({"project":"duration","title":"Print weeks","role":"dev"})",
                    key(k));
  };
  auto const before = lab.source(talk, key("before"));
  REQUIRE(before.status == 201);
  (void)lab.quiet_mark();
  auto const briefs = with_event(lab, "brief.submitted");
  auto const runs = with_event(lab, "run.created");

  crowd people{lab};
  std::future<api_answer> approved;
  std::future<api_answer> commented;
  held_appends held{b.db, b.database()}; // let go before the others are waited for
  REQUIRE(eventually([&] { return people.grows_until_refused(); }));
  // Nothing ends as long as the store is held, so this stays as it is.
  int refusals = 0;
  for (int i = 0; i < 3; ++i) {
    sent_away(lab.source(talk, key("later")));
    sent_away(ticket_by_hand("ticket"));
    sent_away(lab.source(talk));
    refusals += 3;
  }
  // Whoever asks again for what was taken before gets its answer, and who reads reads.
  auto const again = lab.source(talk, key("before"));
  CHECK(again.status == 201);
  CHECK(again.text("id") == before.text("id"));
  CHECK(lab.get(b.ticket()).status == 200);
  CHECK(lab.get("/api/briefs?status=pending_approval").status == 200);

  // What belongs to work that was taken is taken, too: it is under way, and not sent away.
  auto const under_way = b.under_way();
  approved = std::async(std::launch::async,
                        [&] { return lab.post("/api/briefs/" + b.brief + "/approve"); });
  commented = std::async(std::launch::async, [&] {
    return lab.post(b.ticket() + "/comments", R"({"text":"Mind the week of the year."})");
  });
  link::started begun;
  begun.ticket = b.order.ticket;
  begun.token = b.order.token;
  begun.base = std::string(40, 'b');
  b.daemon.say(1, begun);
  REQUIRE(eventually([&] { return b.under_way() >= under_way + 3; }));
  sent_away(lab.source(talk, key("later")));
  ++refusals;

  held.let_go();
  CHECK(approved.get().status == 200);
  CHECK(commented.get().status == 200);
  CHECK(b.daemon.hear<link::ack>().taken == 1);
  auto expected = briefs;
  auto const came = people.size();
  for (auto const& a : people.answers()) {
    INFO(a.body);
    if (a.status == 201) {
      expected.insert(a.text("id"));
    } else {
      sent_away(a);
      ++refusals;
    }
  }
  CHECK(came < 256); // what waits is bounded, long before the gateway's own bound
  CHECK(lab.get("/readyz").json.at("refused").to_number<int>() == refusals);

  // A key that was refused is as good as new.
  api_answer later;
  REQUIRE(eventually([&] {
    later = lab.source(talk, key("later"));
    return later.status != 429;
  }));
  CHECK(later.status == 201);
  expected.insert(later.text("id"));
  api_answer made;
  REQUIRE(eventually([&] {
    made = ticket_by_hand("ticket");
    return made.status != 429;
  }));
  INFO(made.body);
  CHECK(made.status == 201);
  CHECK(eventually([&] { return with_event(lab, "brief.submitted") == expected; }));
  CHECK(eventually([&] {
    auto created = with_event(lab, "run.created");
    for (auto const& r : runs)
      created.erase(r);
    return created == std::set<std::string>{made.text("run")};
  }));
  auto const comments = lab.get(b.ticket()).json.at("comments").as_array();
  CHECK(comments.size() == 1);
}
