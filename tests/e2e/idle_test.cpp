#include "demo/connection.hpp"
#include "demo/processes.hpp"
#include "net/free_port.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

using namespace troupe;

namespace {

using clock_type = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds{30};

std::string read_text(std::filesystem::path const& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// User and system time of a process, in clock ticks.
long ticks_of(int pid) {
  auto const text = read_text("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream in{text.substr(text.rfind(')') + 2)};
  std::string field;
  long total = 0;
  for (int i = 3; i <= 15 && in >> field; ++i) {
    if (i == 14 || i == 15)
      total += std::stol(field);
  }
  return total;
}

/// Bytes that a process has caused to be written.
std::string written_by(int pid) {
  auto const text = read_text("/proc/" + std::to_string(pid) + "/io");
  auto const at = text.find("\nwrite_bytes:");
  return at == std::string::npos ? std::string{}
                                 : text.substr(at + 1, text.find('\n', at + 1) - at);
}

/// What a store says itself about all that was ever written to it.
class witness {
public:
  virtual ~witness() = default;
  virtual std::map<std::string, std::string> testimony() = 0;
};

/// Looks on from a connection of its own, which stays open: `data_version` grows on it with every
/// commit of another one.
class sqlite_witness : public witness {
public:
  explicit sqlite_witness(std::filesystem::path const& file) {
    REQUIRE(::sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  }
  ~sqlite_witness() override { ::sqlite3_close(db_); }
  std::map<std::string, std::string> testimony() override {
    std::map<std::string, std::string> out;
    for (auto const& table : ask("select name from sqlite_master where type = 'table'"))
      out[table] = ask("select count(*) from \"" + table + "\"").at(0);
    out["commits"] = ask("pragma data_version").at(0);
    return out;
  }

private:
  std::vector<std::string> ask(std::string const& sql) {
    std::vector<std::string> rows;
    char* why = nullptr;
    auto const take = [](void* to, int, char** values, char**) {
      static_cast<std::vector<std::string>*>(to)->emplace_back(values[0]);
      return 0;
    };
    int const ok = ::sqlite3_exec(db_, sql.c_str(), take, &rows, &why);
    INFO(sql << ": " << (why == nullptr ? "" : why));
    REQUIRE(ok == SQLITE_OK);
    return rows;
  }
  sqlite3* db_ = nullptr;
};

class postgres_witness : public witness {
public:
  postgres_witness(test::postgres_server& server, std::string database)
      : server_(server), database_(std::move(database)) {}
  std::map<std::string, std::string> testimony() override {
    std::map<std::string, std::string> out;
    std::istringstream tables{server_.sql(
        database_, "select table_name from information_schema.tables where table_schema='troupe'")};
    for (std::string table; std::getline(tables, table);)
      out[table] = server_.sql(database_, "select count(*) from troupe." + table);
    // Whoever writes takes a number; who only reads does not.
    out["commits"] = server_.sql(database_, "select pg_snapshot_xmax(pg_current_snapshot())");
    return out;
  }

private:
  test::postgres_server& server_;
  std::string database_;
};

/// A server, a connected daemon, and a team that waits for people.
class team {
public:
  team(std::filesystem::path home, std::vector<std::string> const& more)
      : home_(std::move(home)), port_(free_port()) {
    std::filesystem::create_directories(home_);
    std::vector<std::string> arguments{TROUPE_BINARY, "serve",  "--data",
                                       data(),        "--port", std::to_string(port_)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    server_ = demo::child::start(arguments, home_ / "server.log");
    REQUIRE(server_.has_value());
    std::string token;
    REQUIRE(comes([&] {
      token = read_text(home_ / "data" / "admin.token");
      return !token.empty();
    }));
    token.pop_back();
    to_ = std::make_unique<demo::connection>(url(), token, 20);
    REQUIRE(to_->get("/readyz").has_value());
  }

  /// A daemon that could work, and would leave a trace if it did.
  void enrol() {
    auto const code = post("/api/daemons/codes", json::object{});
    auto const folder = (home_ / "daemon").string();
    auto const enrolled = demo::run({TROUPE_BINARY, "daemon", "enroll", "--server", url(), "--code",
                                     text(code, "code"), "--name", "laptop", "--data", folder});
    INFO(enrolled.output);
    REQUIRE(enrolled.exit_code == 0);
    daemon_ = demo::child::start({TROUPE_BINARY, "daemon", "run", "--data", folder, "--command",
                                  "date >> " + (home_ / "worked").string()},
                                 home_ / "daemon.log");
    REQUIRE(daemon_.has_value());
    REQUIRE(comes([&] { return total("/api/daemons?status=online") == 1; }));
  }

  /// An open brief, an open run and a stopped one: each waits for a person.
  void wait_for_people() {
    auto const standard = to_->get("/api/templates/standard");
    REQUIRE(standard.has_value());
    auto config = standard->at("config").as_object();
    config["repository"] = "/nowhere";
    auto const broke = [&] {
      auto c = config;
      c["limits"] =
          json::object{{"budget_micros", 10}, {"attempt_budget_micros", 50}}; // more than there is
      return c;
    }();
    for (auto& agent : config.at("roster").as_array()) {
      if (text(agent, "role") == "dev")
        agent.as_object()["engine"] = "human";
    }
    post("/api/projects",
         json::object{{"id", "idle"}, {"template_name", "standard"}, {"config", config}});
    post("/api/projects",
         json::object{{"id", "broke"}, {"template_name", "standard"}, {"config", broke}});
    auto const brief = post("/api/briefs", json::object{{"project", "idle"},
                                                        {"text", "Ada: The parser should accept "
                                                                 "weeks."}});
    REQUIRE(comes([&] {
      return total("/api/approvals?status=pending&subject=brief:" + text(brief, "id")) == 1;
    }));
    // A ticket in the hands of a person.
    auto const ticket =
        post("/api/tickets", json::object{{"project", "idle"}, {"title", "Call"}, {"role", "dev"}});
    REQUIRE(comes([&] { return status("/api/tickets/" + text(ticket, "id")) == "claimed"; }));
    REQUIRE(comes([&] { return status("/api/runs/" + text(ticket, "run")) == "running"; }));
    // A run that goes on when somebody approves it.
    auto const dear =
        post("/api/tickets", json::object{{"project", "broke"}, {"title", "Dig"}, {"role", "dev"}});
    auto const run = "/api/runs/" + text(dear, "run");
    REQUIRE(comes([&] { return status(run) == "STOPPED_BUDGET"; }));
    post("/api/budgets/project:broke/grant", json::object{{"amount", 1000}});
    post(run + "/continue", json::object{});
    REQUIRE(comes([&] { return total("/api/approvals?status=pending") == 2; }));
  }

  /// Nothing is under way any more: what the store says has not changed for two seconds.
  void settle(witness& w) {
    auto last = w.testimony();
    auto since = clock_type::now();
    REQUIRE(comes([&] {
      if (auto now = w.testimony(); now != last) {
        last = std::move(now);
        since = clock_type::now();
      }
      return clock_type::now() - since > std::chrono::seconds{2};
    }));
  }

  void remember(std::unique_ptr<witness> w) {
    witness_ = std::move(w);
    settle(*witness_);
    events_ = events();
    stored_ = witness_->testimony();
    written_ = written_by(server_->pid());
    server_ticks_ = ticks_of(server_->pid());
    daemon_ticks_ = ticks_of(daemon_->pid());
  }

  void check(std::chrono::seconds silence) {
    auto const most = ::sysconf(_SC_CLK_TCK) * silence.count() / 100; // 1 % of a core
    CHECK(ticks_of(server_->pid()) - server_ticks_ < most);
    CHECK(ticks_of(daemon_->pid()) - daemon_ticks_ < most);
    CHECK(written_by(server_->pid()) == written_);
    CHECK(witness_->testimony() == stored_);
    // No agent was asked anything and no tool was started: both would be events.
    CHECK(events() == events_);
    CHECK_FALSE(std::filesystem::exists(home_ / "worked"));
    auto const ready = to_->get("/readyz");
    REQUIRE(ready.has_value());
    CHECK(ready->at("invariant_violations") == 0);
    CHECK(total("/api/daemons?status=online") == 1); // it was there all the time
    CHECK(total("/api/approvals?status=pending") == 2);
    CHECK(daemon_->stop(std::chrono::seconds{15}) == 0);
    CHECK(server_->stop(std::chrono::seconds{15}) == 0);
  }

  [[nodiscard]] std::string data() const { return (home_ / "data").string(); }

private:
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  static std::string text(json::value const& v, std::string_view key) {
    return std::string{std::string_view{v.at(key).as_string()}};
  }
  template <class F>
  static bool comes(F const& f) {
    auto const limit = clock_type::now() + patience;
    while (!f()) {
      if (clock_type::now() > limit)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{50}); // between two looks
    }
    return true;
  }
  json::value post(std::string const& path, json::value const& body) {
    auto const a = to_->call("POST", path, body);
    REQUIRE(a.has_value());
    INFO(path << " answered " << json::canonical(a->body));
    REQUIRE(a->ok());
    return a->body;
  }
  std::int64_t total(std::string const& path) {
    auto const page = to_->get(path);
    REQUIRE(page.has_value());
    return page->at("total").to_number<std::int64_t>();
  }
  std::size_t events() {
    auto const page = to_->get("/api/events?limit=1000");
    REQUIRE(page.has_value());
    return page->at("items").as_array().size();
  }
  std::string status(std::string const& path) {
    auto const one = to_->get(path);
    return one ? text(*one, "status") : std::string{};
  }

  std::filesystem::path home_;
  int port_;
  result<demo::child> server_ = error{};
  result<demo::child> daemon_ = error{};
  std::unique_ptr<demo::connection> to_;
  std::unique_ptr<witness> witness_;
  std::map<std::string, std::string> stored_;
  std::string written_;
  std::size_t events_ = 0;
  long server_ticks_ = 0;
  long daemon_ticks_ = 0;
};

} // namespace

// The length of the silence is what is measured, so here the test has to wait; once for both.
TEST_CASE("serve: an idle team writes nothing and takes less than 1 % of a core", "[e2e]") {
  constexpr auto silence = std::chrono::seconds{60};
  test::temporary_folder folder;
  test::postgres_server database;
  auto const url = database.new_database();
  team embedded{folder.path() / "embedded", {}};
  team on_postgres{folder.path() / "postgres", {"--store", url}};
  for (auto* t : {&embedded, &on_postgres}) {
    t->enrol();
    t->wait_for_people();
  }
  embedded.remember(std::make_unique<sqlite_witness>(embedded.data() + "/ledger.db"));
  on_postgres.remember(
      std::make_unique<postgres_witness>(database, url.substr(url.rfind('/') + 1)));
  std::this_thread::sleep_for(silence);
  {
    INFO("SQLite");
    embedded.check(silence);
  }
  {
    INFO("Postgres");
    on_postgres.check(silence);
  }
}
