#include "config/load.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace troupe;
using troupe::test::temporary_folder;
using namespace std::chrono_literals;

namespace {

std::filesystem::path write(temporary_folder const& in, std::string const& text) {
  auto const file = in.path() / "troupe.toml";
  std::ofstream{file} << text;
  return file;
}

loaded_settings load(std::optional<std::filesystem::path> file,
                     std::map<std::string, std::string> env = {},
                     std::map<std::string, std::string> flags = {}) {
  env.emplace("HOME", "/nonexistent");
  return load_settings({std::move(file), std::move(env), std::move(flags)});
}

bool has(std::vector<std::string> const& problems, std::string const& part) {
  for (auto const& p : problems) {
    if (p.find(part) != std::string::npos)
      return true;
  }
  return false;
}

} // namespace

TEST_CASE("settings: the example file holds every key with its default", "[config]") {
  std::filesystem::path const file = TROUPE_SOURCE_DIR "/config/troupe.example.toml";
  std::ifstream in{file};
  std::string const text{std::istreambuf_iterator<char>{in}, {}};
  CHECK(text == example_toml());
  auto const loaded = load(file);
  CHECK(loaded.problems.empty());
  CHECK(describe(loaded.values) == describe(settings{}));
  for (auto const& [name, origin] : loaded.origins)
    CHECK(origin.starts_with("file ")); // no key is missing from it
}

TEST_CASE("settings: file, then environment, then flags", "[config]") {
  temporary_folder folder;
  auto const file = write(folder, "[server]\nport = 1\nthreads = 3\n[log]\nlevel = \"debug\"\n"
                                  "[actors]\nresend_ms = 250\n");
  auto const l = load(file, {{"TROUPE_SERVER_PORT", "2"}, {"TROUPE_LOG_LEVEL", "warn"}},
                      {{"log.level", "error"}});
  REQUIRE(l.problems.empty());
  CHECK(l.values.server.threads == 3);
  CHECK(l.values.server.port == 2);
  CHECK(l.values.log.level == "error");
  CHECK(l.values.actors.resend == 250ms);
  CHECK(l.origins.at("server.threads") == "file " + file.string() + ":3");
  CHECK(l.origins.at("server.port") == "environment TROUPE_SERVER_PORT");
  CHECK(l.origins.at("log.level") == "flag");
  CHECK(l.origins.at("server.address") == "default");
}

TEST_CASE("settings: the usual file is read where there is one", "[config]") {
  temporary_folder folder;
  std::filesystem::create_directories(folder.path() / "troupe");
  std::ofstream{folder.path() / "troupe" / "troupe.toml"} << "[server]\nport = 9\n";
  auto const l = load({}, {{"XDG_CONFIG_HOME", folder.path().string()}});
  CHECK(l.values.server.port == 9);
}

TEST_CASE("settings: everything that is wrong is said, with key, value and range", "[config]") {
  temporary_folder folder;
  auto const file =
      write(folder, "[server]\nport = 70000\nthreads = \"two\"\ncolour = 1\n"
                    "[lgo]\nlevel = \"info\"\n[log]\nlevel = \"loud\"\nformat = \"xml\"\n");
  auto const l = load(file, {{"TROUPE_SERVER_PROT", "1"}, {"TROUPE_ACTORS_THREADS", "0"}},
                      {{"server.prot", "1"}});
  auto const at = file.string();
  CHECK(has(l.problems, at + ":2: server.port = 70000, but it must be a whole number from 0 to "
                             "65535"));
  CHECK(has(l.problems, at + ":3: server.threads = "));
  CHECK(has(l.problems, at + ":4: unknown key server.colour"));
  CHECK(has(l.problems, ":5: unknown section lgo; there are actors, client, daemon, log"));
  CHECK(has(l.problems, "log.level = 'loud', but it must be one of trace debug info"));
  CHECK(has(l.problems, "log.format = 'xml', but it must be one of text json"));
  CHECK(has(l.problems, "unknown variable TROUPE_SERVER_PROT"));
  CHECK(has(l.problems, "TROUPE_ACTORS_THREADS (actors.threads) is \"0\", but it must be a whole "
                        "number from 1 to 256"));
  CHECK(has(l.problems, "unknown setting server.prot"));
  CHECK(l.problems.size() == 9);
}

TEST_CASE("settings: TOML that cannot be read names the line", "[config]") {
  temporary_folder folder;
  auto const l = load(write(folder, "[server\nport = 1\n"));
  REQUIRE(l.problems.size() == 1);
  CHECK(has(l.problems, "troupe.toml:1: "));
}

TEST_CASE("settings: a named file must be there", "[config]") {
  auto const l = load(std::filesystem::path{"/nonexistent/troupe.toml"});
  REQUIRE(l.problems.size() == 1);
  CHECK(has(l.problems, "there is no settings file /nonexistent/troupe.toml"));
}

TEST_CASE("settings: variables of coders and their tools are nobody's mistake", "[config]") {
  auto const l = load({}, {{"TROUPE_TICKET", "k3-1"},
                           {"TROUPE_PORT_1", "4000"},
                           {"TROUPE_ORDER_FILE", "/o"},
                           {"TROUPE_TOKEN", "t"},
                           {"TROUPE_SERVER", "http://127.0.0.1:1"},
                           {"TROUPE_STORE", "postgres://u@h/d"}});
  CHECK(l.problems.empty());
  CHECK(l.values.client.server == "http://127.0.0.1:1");
  CHECK(l.values.store.url == "postgres://u@h/d");
}

TEST_CASE("settings: what goes together is checked together", "[config]") {
  CHECK(has(load({}, {}, {{"server.tls_key", "k.pem"}}).problems, "go together"));
  CHECK(has(load({}, {}, {{"store.url", "a"}, {"store.url_file", "b"}}).problems, "say the same"));
}

TEST_CASE("settings: passwords are never shown", "[config]") {
  CHECK(masked("postgres://ada:hunter2@db:5432/t?sslmode=require") ==
        "postgres://ada:***@db:5432/t?sslmode=require");
  CHECK(masked("postgres://ada@db/t") == "postgres://ada@db/t");
  CHECK(masked("postgres://db/t?password=x&a=b") == "postgres://db/t?password=***&a=b");
  CHECK(masked("host=db password=x") == "host=db password=***");
  auto const l = load({}, {}, {{"store.url", "postgres://ada:hunter2@db/t"}});
  for (auto const& [name, value] : describe(l.values))
    CHECK(value.toml.find("hunter2") == std::string::npos);
}

TEST_CASE("settings: a store that is no PostgreSQL URL is a problem before anything is opened",
          "[config]") {
  auto const l = load({}, {}, {{"store.url", "foo://x"}});
  REQUIRE(l.problems.size() == 1);
  CHECK(has(l.problems, "store.url (--store) = foo://x is not a postgres:// URL"));
  CHECK(has(load({}, {{"TROUPE_STORE", "mysql://ada:hunter2@db"}}).problems, "mysql://ada:***@db"));
  for (auto const* good :
       {"", "postgres://db/t", "postgresql://u:p@db:5432/t?sslmode=require", "host=db user=t"})
    CHECK(wrong_store_url(good).empty());
  for (auto const* bad : {"postgres:/db/t", "sqlite:///x", "ledger.db", "http://postgres://db"})
    CHECK_FALSE(wrong_store_url(bad).empty());
}

TEST_CASE("settings: each is described by its value and by its TOML", "[config]") {
  auto const all = describe(load({}, {}, {{"server.allowed_hosts", "a,b"}}).values);
  auto const at = [&](std::string const& name) {
    auto const found =
        std::find_if(all.begin(), all.end(), [&](auto const& x) { return x.first == name; });
    REQUIRE(found != all.end());
    return found->second;
  };
  CHECK(at("server.address") == setting_value{"\"127.0.0.1\"", std::string{"127.0.0.1"}});
  CHECK(at("server.port") == setting_value{"7777", std::int64_t{7777}});
  CHECK(at("log.format") == setting_value{"\"text\"", std::string{"text"}});
  CHECK(at("actors.resend_ms") == setting_value{"5000", std::int64_t{5000}});
  CHECK(at("server.allowed_hosts") ==
        setting_value{R"(["a", "b"])", std::vector<std::string>{"a", "b"}});
}

TEST_CASE("settings: the data folder follows XDG", "[config]") {
  settings s;
  CHECK(data_folder(s, {{"HOME", "/h"}}) == "/h/.local/share/troupe");
  CHECK(data_folder(s, {{"HOME", "/h"}, {"XDG_DATA_HOME", "/x"}}) == "/x/troupe");
  CHECK(data_folder(s, {{"HOME", "/h"}, {"XDG_DATA_HOME", "relative"}}) ==
        "/h/.local/share/troupe");
  s.store.data = "/d";
  CHECK(data_folder(s, {{"HOME", "/h"}}) == "/d");
}

TEST_CASE("settings: a database URL may lie in a file", "[config]") {
  temporary_folder folder;
  settings s;
  CHECK(store_url(s) == std::optional<std::string>{""});
  s.store.url_file = (folder.path() / "url").string();
  CHECK(!store_url(s));
  std::ofstream{folder.path() / "url"} << "postgres://u:p@h/d \r\n";
  CHECK(store_url(s) == std::optional<std::string>{"postgres://u:p@h/d"});
}
