#include "cli/checkout.hpp"

#include "cli/text/look.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace troupe {

namespace {

namespace fs = std::filesystem;

bool has(fs::path const& root, std::string const& name) {
  std::error_code ec;
  return fs::exists(root / name, ec);
}

std::string text_of(fs::path const& file) {
  std::ifstream in{file, std::ios::binary};
  std::string out{std::istreambuf_iterator<char>{in}, {}};
  return out.size() > 1'000'000 ? std::string{} : out;
}

/// Whether a make-like file has a target: a line that begins with `name:`.
bool has_target(std::string const& text, std::string const& name) {
  std::size_t at = 0;
  while (at < text.size()) {
    auto const end = std::min(text.find('\n', at), text.size());
    auto line = std::string_view{text}.substr(at, end - at);
    if (line.starts_with(name)) {
      line.remove_prefix(name.size());
      auto const next = line.find_first_not_of(" \t");
      if (next != std::string_view::npos && line[next] == ':' && line.substr(next, 2) != ":=")
        return true;
    }
    at = end + 1;
  }
  return false;
}

/// The first file with an ending directly in a folder, by name.
std::string first_with(fs::path const& folder, std::string const& ending) {
  std::string best;
  std::error_code ec;
  for (auto const& entry : fs::directory_iterator{folder, ec}) {
    auto const name = entry.path().filename().string();
    if (name.ends_with(ending) && (best.empty() || name < best))
      best = name;
  }
  return best;
}

std::string node_runner(fs::path const& root) {
  return has(root, "pnpm-lock.yaml") ? "pnpm" : has(root, "yarn.lock") ? "yarn" : "npm";
}

std::optional<detected> make_target(fs::path const& root) {
  for (auto const* file : {"Makefile", "makefile", "GNUmakefile"}) {
    if (!has(root, file))
      continue;
    auto const text = text_of(root / file);
    for (auto const* target : {"test", "check"}) {
      if (has_target(text, target))
        return detected{std::string{"make "} + target, file};
    }
  }
  if (has(root, "justfile") && has_target(text_of(root / "justfile"), "test"))
    return detected{"just test", "justfile"};
  return std::nullopt;
}

std::optional<detected> node_tests(fs::path const& root) {
  if (!has(root, "package.json"))
    return std::nullopt;
  auto const package = json::parse(text_of(root / "package.json"));
  if (!package)
    return std::nullopt;
  auto const script = look::text(look::at(*package, "scripts"), "test");
  // What `npm init` writes is no test.
  if (script.empty() || script.find("no test specified") != std::string::npos)
    return std::nullopt;
  return detected{node_runner(root) + " test", "package.json"};
}

/// A Python file of tests by its name; empty where the folder has none.
std::string python_test_in(fs::path const& folder) {
  std::string best;
  std::error_code ec;
  for (auto const& entry : fs::directory_iterator{folder, ec}) {
    auto const name = entry.path().filename().string();
    bool const tests =
        name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"));
    if (tests && (best.empty() || name < best))
      best = name;
  }
  return best;
}

std::optional<detected> python_tests(fs::path const& root) {
  for (auto const* file : {"pytest.ini", "conftest.py", "tests/conftest.py", "tox.ini"}) {
    if (has(root, file))
      return detected{"python3 -m pytest -q", file};
  }
  for (auto const* file : {"pyproject.toml", "setup.cfg", "setup.py", "requirements.txt"}) {
    if (!has(root, file))
      continue;
    bool const pytest = text_of(root / file).find("pytest") != std::string::npos;
    for (auto const* folder : {"tests", "test"}) {
      if (!first_with(root / folder, ".py").empty())
        return detected{pytest ? "python3 -m pytest -q"
                               : "python3 -m unittest discover -s " + std::string{folder},
                        file};
    }
    if (pytest)
      return detected{"python3 -m pytest -q", file};
  }
  // No file says how; the tests themselves do.
  for (auto const* folder : {"tests", "test", "."}) {
    auto const name = python_test_in(root / folder);
    if (name.empty())
      continue;
    auto const because = std::string{folder} == "." ? name : std::string{folder} + "/" + name;
    if (text_of(root / folder / name).find("import pytest") != std::string::npos)
      return detected{"python3 -m pytest -q", because};
    // unittest finds files `test*.py` alone, unless it is told.
    return detected{"python3 -m unittest discover -s " + std::string{folder} +
                        (name.starts_with("test") ? "" : " -p '*_test.py'"),
                    because};
  }
  return std::nullopt;
}

struct by_file {
  char const* file;
  char const* command;
};

} // namespace

std::optional<detected> detect_test_command(fs::path const& root) {
  // What the repository itself calls its tests goes before what its language usually does.
  for (auto const find : {make_target, node_tests}) {
    if (auto found = find(root))
      return found;
  }
  for (auto const& x :
       {by_file{"Cargo.toml", "cargo test"}, by_file{"go.mod", "go test ./..."},
        by_file{"mix.exs", "mix test"}, by_file{"gradlew", "./gradlew test"},
        by_file{"mvnw", "./mvnw -q test"}, by_file{"pom.xml", "mvn -q test"},
        by_file{"phpunit.xml", "vendor/bin/phpunit"},
        by_file{"phpunit.xml.dist", "vendor/bin/phpunit"}, by_file{"deno.json", "deno test"},
        by_file{".rspec", "bundle exec rspec"}}) {
    if (has(root, x.file))
      return detected{x.command, x.file};
  }
  if (auto found = python_tests(root))
    return found;
  if (auto const t = first_with(root / "t", ".t"); !t.empty())
    return detected{"prove -lr t", "t/" + t};
  if (has(root, "CMakeLists.txt") &&
      (text_of(root / "CMakeLists.txt").find("enable_testing") != std::string::npos ||
       text_of(root / "CMakeLists.txt").find("include(CTest)") != std::string::npos))
    return detected{"cmake -S . -B build && cmake --build build && ctest --test-dir build "
                    "--output-on-failure",
                    "CMakeLists.txt"};
  if (auto const sln = first_with(root, ".sln"); !sln.empty())
    return detected{"dotnet test", sln};
  if (has(root, "Rakefile"))
    return detected{"rake test", "Rakefile"};
  return std::nullopt;
}

std::optional<detected> detect_setup_command(fs::path const& root) {
  for (auto const& x :
       {by_file{"pnpm-lock.yaml", "pnpm install --frozen-lockfile"},
        by_file{"yarn.lock", "yarn install --frozen-lockfile"},
        by_file{"package-lock.json", "npm ci"}, by_file{"poetry.lock", "poetry install"},
        by_file{"uv.lock", "uv sync"}, by_file{"Gemfile.lock", "bundle install"},
        by_file{"composer.lock", "composer install"}, by_file{"mix.lock", "mix deps.get"}}) {
    if (has(root, x.file))
      return detected{x.command, x.file};
  }
  return std::nullopt;
}

std::vector<std::string> pick_env_files(std::vector<std::string> const& ignored_files) {
  std::vector<std::string> out;
  for (auto const& file : ignored_files) {
    auto const slash = file.rfind('/');
    auto const name = slash == std::string::npos ? file : file.substr(slash + 1);
    bool const env = name == ".env" || name.starts_with(".env.") || name == ".envrc";
    bool const local = name.find(".local.") != std::string::npos || name == "local.properties" ||
                       name == "local.settings.json" || name == "local_settings.py";
    bool const elsewhere = file.find("node_modules/") != std::string::npos ||
                           file.find("vendor/") != std::string::npos ||
                           file.find("target/") != std::string::npos;
    if ((env || local) && !elsewhere)
      out.push_back(file);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string project_id_of(std::string const& folder) {
  std::string out;
  for (char const c : folder) {
    char const low = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    bool const fits = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
    if (fits)
      out += low;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  out.resize(std::min<std::size_t>(out.size(), 40));
  while (out.ends_with('-'))
    out.pop_back();
  return out.empty() ? "project" : out;
}

std::string without_credentials(std::string const& url) {
  auto const scheme = url.find("://");
  if (scheme == std::string::npos || url.starts_with("ssh://"))
    return url; // `git@host:path` has a user that is needed, and no password
  auto const end = url.find('/', scheme + 3);
  auto const at = url.substr(0, end).rfind('@');
  return at == std::string::npos || at < scheme ? url
                                                : url.substr(0, scheme + 3) + url.substr(at + 1);
}

} // namespace troupe
