#include "cli/checkout.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>

using namespace troupe;
using troupe::test::temporary_folder;

namespace {

void put(temporary_folder const& in, std::string const& name, std::string const& text = {}) {
  auto const file = in.path() / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream{file} << text;
}

std::string tests_of(std::map<std::string, std::string> const& files) {
  temporary_folder folder;
  for (auto const& [name, text] : files)
    put(folder, name, text);
  auto const found = detect_test_command(folder.path());
  return found ? found->value : "";
}

} // namespace

TEST_CASE("init: the test command is found from the repository's own files", "[cli]") {
  CHECK(tests_of({}) == "");
  CHECK(tests_of({{"Makefile", "all:\n\ntest: all\n\t./t\n"}}) == "make test");
  CHECK(tests_of({{"Makefile", "check:\n\t./t\n"}}) == "make check");
  CHECK(tests_of({{"Makefile", "tests := a b\nall:\n"}}) == "");
  CHECK(tests_of({{"package.json", R"({"scripts":{"test":"vitest"}})"}}) == "npm test");
  CHECK(tests_of({{"package.json", R"({"scripts":{"test":"vitest"}})"}, {"pnpm-lock.yaml", ""}}) ==
        "pnpm test");
  CHECK(tests_of({{"package.json",
                   R"({"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}})"}}) ==
        "");
  CHECK(tests_of({{"package.json", "{broken"}}) == "");
  CHECK(tests_of({{"Cargo.toml", ""}}) == "cargo test");
  CHECK(tests_of({{"go.mod", ""}}) == "go test ./...");
  CHECK(tests_of({{"t/parse.t", ""}}) == "prove -lr t");
  CHECK(tests_of({{"pytest.ini", ""}}) == "python3 -m pytest -q");
  CHECK(tests_of({{"pyproject.toml", "[project]\n"}, {"tests/test_a.py", ""}}) ==
        "python3 -m unittest discover -s tests");
  CHECK(tests_of({{"tests/test_a.py", "import unittest\n"}}) ==
        "python3 -m unittest discover -s tests");
  CHECK(tests_of({{"test/test_a.py", "import pytest\n"}}) == "python3 -m pytest -q");
  CHECK(tests_of({{"test_a.py", ""}}) == "python3 -m unittest discover -s .");
  CHECK(tests_of({{"tests/a_test.py", ""}}) ==
        "python3 -m unittest discover -s tests -p '*_test.py'");
  CHECK(tests_of({{"tests/data.py", ""}}) == "");
  CHECK(tests_of({{"CMakeLists.txt", "include(CTest)\n"}}).starts_with("cmake -S . -B build"));
  CHECK(tests_of({{"CMakeLists.txt", "enable_testing()\n"}}).starts_with("cmake -S . -B build"));
  CHECK(tests_of({{"CMakeLists.txt", "project(x)\n"}}) == "");
}

TEST_CASE("init: what the repository calls its tests goes before what its language does", "[cli]") {
  CHECK(tests_of({{"Makefile", "test:\n"}, {"Cargo.toml", ""}, {"t/a.t", ""}}) == "make test");
}

TEST_CASE("init: lock files say how a checkout is made ready", "[cli]") {
  temporary_folder folder;
  CHECK(!detect_setup_command(folder.path()));
  put(folder, "package-lock.json");
  auto const found = detect_setup_command(folder.path());
  REQUIRE(found);
  CHECK(found->value == "npm ci");
  CHECK(found->because == "package-lock.json");
}

TEST_CASE("init: of the ignored files only settings are copied", "[cli]") {
  CHECK(pick_env_files({"build/a.o", ".env", "web/.env.local", "config/settings.local.json",
                        "node_modules/x/.env", ".envrc", "secrets.txt"}) ==
        std::vector<std::string>{".env", ".envrc", "config/settings.local.json", "web/.env.local"});
}

TEST_CASE("init: a folder's name becomes an id", "[cli]") {
  CHECK(project_id_of("Tally Service_2") == "tally-service-2");
  CHECK(project_id_of("--x--") == "x");
  CHECK(project_id_of("日本") == "project");
  CHECK(project_id_of(std::string(60, 'a')).size() == 40);
}

TEST_CASE("init: credentials in a remote's URL do not go to the server", "[cli]") {
  CHECK(without_credentials("https://ada:tok@example.org/a.git") == "https://example.org/a.git");
  CHECK(without_credentials("https://example.org/a@b.git") == "https://example.org/a@b.git");
  CHECK(without_credentials("git@example.org:a.git") == "git@example.org:a.git");
  CHECK(without_credentials("/srv/a.git") == "/srv/a.git");
}
