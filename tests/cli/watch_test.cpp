#include "cli/client.hpp"
#include "cli/exit_codes.hpp"
#include "tests/cli/shop.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

using namespace troupe;
using test::contains;
using test::eventually;
using test::office;
using test::text_at;

namespace {

std::vector<std::string> watch_words(office const& at, std::vector<std::string> more = {}) {
  std::vector<std::string> out{"watch",  "--json",       "--server",
                               at.url(), "--token-file", (at.data() / "admin.token").string()};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// Ids of what was told, in its order. A line that is still being written is left out, and so is
/// what was said beside (the log holds both outputs).
std::vector<std::string> told(std::filesystem::path const& log) {
  auto const text = test::text_of(log);
  std::istringstream lines{text.substr(0, text.rfind('\n') + 1)};
  std::vector<std::string> out;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('{'))
      continue;
    auto const event = json::parse(line);
    REQUIRE(event.has_value());
    out.push_back(text_at(*event, "id"));
  }
  return out;
}

/// Ids of what the server has.
std::vector<std::string> stored(office const& at, api_client::query const& filter = {}) {
  auto token = test::text_of(at.data() / "admin.token");
  token.erase(token.find_last_not_of(" \n") + 1);
  api_client const api{at.url(), token};
  std::vector<std::string> out;
  for (std::int64_t after = 0;;) {
    auto q = filter;
    q.emplace_back("after", std::to_string(after));
    q.emplace_back("limit", "1000");
    auto const page = api.get("/api/events", q);
    REQUIRE(page.has_value());
    for (auto const& e : page->at("items").get_array())
      out.push_back(text_at(e, "id"));
    if (!page->get_object().contains("after"))
      return out;
    after = page->at("after").to_number<std::int64_t>();
  }
}

/// Whether exactly that was told: nothing missing, nothing twice.
bool same(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

} // namespace

TEST_CASE("watch: begins with the past, goes on live, and outlives the server", "[cli]") {
  office at;
  (void)at.json_of({"project", "create", "one"});
  auto const log = at.home() / "watch.log";
  test::background watching{watch_words(at, {"--history", "100000", "--kind", "project"}),
                            at.home(), log};
  api_client::query const projects{{"kind", "project"}};
  auto const all_told = [&] { return same(told(log), stored(at, projects)); };
  CHECK(eventually(all_told));
  (void)at.json_of({"project", "create", "two"});
  CHECK(eventually(all_told));
  CHECK(at.close() == 0);
  at.open();
  (void)at.json_of({"project", "create", "three"});
  CHECK(eventually(all_told));
  CHECK(stored(at, projects).size() >= 3);
  CHECK(watching.stop(SIGINT) == 0);
}

TEST_CASE("watch: loses nothing and tells nothing twice when the server is killed", "[cli]") {
  office at;
  auto const log = at.home() / "watch.log";
  test::background watching{watch_words(at, {"--history", "100000"}), at.home(), log};
  // Work goes on all the time; what is refused because nobody is there is tried no more.
  std::atomic<bool> enough{false};
  std::thread busy{[&] {
    for (int i = 0; !enough; ++i)
      (void)at.run({"project", "create", "p" + std::to_string(i)});
  }};
  for (int kills = 0; kills < 3; ++kills) {
    auto const before = told(log).size();
    CHECK(eventually([&] { return told(log).size() > before + 20; }));
    at.kill();
    at.open();
  }
  enough = true;
  busy.join();
  CHECK(eventually([&] { return same(told(log), stored(at)); }));
  CHECK(watching.running());
}

TEST_CASE("watch: looks as far back as its lines of the past are", "[cli]") {
  office at;
  (void)at.json_of({"project", "create", "first"});
  api_client::query const of_first{{"agent", "first."}};
  // Its six agents are hired after the answer.
  std::vector<std::string> wanted;
  REQUIRE(eventually([&] { return (wanted = stored(at, of_first)).size() == 6; }));
  // Much that is of others: several times what is read at first.
  for (int i = 0; stored(at).size() < 300; ++i)
    (void)at.json_of({"project", "create", "p" + std::to_string(i)});
  auto const log = at.home() / "watch.log";
  test::background watching{watch_words(at, {"--history", "3", "--agent", "first."}), at.home(),
                            log};
  CHECK(eventually([&] { return told(log).size() >= 3; }));
  (void)at.json_of({"project", "create", "last"});
  CHECK(watching.stop(SIGINT) == 0);
  CHECK(told(log) == std::vector<std::string>(wanted.end() - 3, wanted.end()));
}

TEST_CASE("watch: without history it begins with what comes next", "[cli]") {
  office at;
  (void)at.json_of({"project", "create", "before"});
  auto const log = at.home() / "watch.log";
  auto words = watch_words(at, {"--kind", "project"});
  words.erase(std::find(words.begin(), words.end(), "--json"));
  test::background watching{words, at.home(), log};
  auto const says = [&](std::string const& part) { return contains(test::text_of(log), part); };
  REQUIRE(eventually([&] { return says("from now on"); }));
  (void)at.json_of({"project", "create", "after"});
  CHECK(eventually([&] { return says("created: after"); }));
  // What the server still does by itself for the first project may come, but not its creation.
  CHECK_FALSE(says("created: before"));
  CHECK(watching.stop(SIGINT) == 0);
}

TEST_CASE("watch: of the past it tells as many lines as were asked for", "[cli]") {
  office at;
  test::project_with_repository(at);
  (void)test::pending_plan(at, test::pending_brief(at)); // with much between that is no news
  auto const log = at.home() / "watch.log";
  auto const lines = [&] {
    auto const text = test::text_of(log);
    return std::count(text.begin(), text.end(), '\n');
  };
  for (int const wanted : {4, 9}) {
    auto words = watch_words(at, {"--history", std::to_string(wanted)});
    words.erase(std::find(words.begin(), words.end(), "--json"));
    std::filesystem::remove(log);
    test::background watching{words, at.home(), log};
    CHECK(eventually([&] { return lines() >= wanted; }));
    auto const name = "live-" + std::to_string(wanted);
    (void)at.json_of({"project", "create", name});
    CHECK(eventually([&] { return contains(test::text_of(log), name); }));
    CHECK(watching.stop(SIGINT) == 0);
    auto const text = test::text_of(log);
    auto const past = text.substr(0, text.find(name));
    CHECK(std::count(past.begin(), past.end(), '\n') >= wanted); // more: it has happened since
    CHECK_FALSE(contains(past, "created: shop"));                // that is longer ago
  }
}

TEST_CASE("watch: waits for an agent and says so, and follows no other thing that is not there",
          "[cli]") {
  office at;
  test::project_with_repository(at);
  auto const said = [&](std::string const& agent) {
    auto const log = at.home() / (agent + ".log");
    test::background watching{watch_words(at, {"--agent", agent}), at.home(), log};
    REQUIRE(eventually([&] { return watching.hears_interrupts(); }));
    CHECK(watching.stop(SIGINT) == 0);
    return test::text_of(log);
  };
  CHECK(contains(said("dev-adda"), "there is no agent dev-adda yet; waiting for it"));
  CHECK_FALSE(contains(said("ada"), "there is no"));
  for (auto const* what : {"ticket", "brief"}) {
    auto const none = at.run({"watch", std::string{"--"} + what, "x-7"});
    CHECK(none.exit_code == exit_code::not_found);
    CHECK(contains(none.err, std::string{"there is no "} + what + " x-7"));
  }
}

TEST_CASE("watch: ends with 6 when its token is revoked", "[cli]") {
  office at;
  auto const made = at.json_of({"token", "create", "eve", "--role", "viewer"});
  auto const file = at.home() / "eve.token";
  std::ofstream{file} << text_at(made, "token") << "\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  auto const log = at.home() / "watch.log";
  test::background watching{
      {"watch", "--server", at.url(), "--token-file", file.string()}, at.home(), log};
  REQUIRE(eventually([&] { return test::text_of(log).find("from now on") != std::string::npos; }));
  auto const list = at.json_of({"token", "list"});
  std::string id;
  for (auto const& t : list.at("items").get_array()) {
    if (text_at(t, "label") == "eve")
      id = text_at(t, "id");
  }
  REQUIRE(at.run({"token", "revoke", id}).exit_code == 0);
  (void)at.json_of({"project", "create", "tally"}); // something to tell, were it allowed
  CHECK(watching.wait() == exit_code::unauthorised);
  CHECK(contains(test::text_of(log), "the token was revoked or has run out"));
  CHECK_FALSE(contains(test::text_of(log), "tally"));
}

TEST_CASE("watch: says when nobody is there, and where it goes on", "[cli]") {
  office at;
  (void)at.json_of({"project", "create", "one"});
  auto const log = at.home() / "watch.log";
  test::background watching{watch_words(at, {"--history", "100000"}), at.home(), log};
  auto const says = [&](std::string const& part) { return contains(test::text_of(log), part); };
  REQUIRE(eventually([&] { return same(told(log), stored(at)); }));
  CHECK_FALSE(says("lost"));
  at.kill();
  CHECK(eventually([&] { return says("connection to " + at.url() + " lost; trying again"); }));
  at.open();
  CHECK(eventually([&] { return says("connected again; resumed after seq "); }));
  (void)at.json_of({"project", "create", "two"});
  CHECK(eventually([&] { return same(told(log), stored(at)); }));
  CHECK(watching.stop(SIGINT) == 0);
}
