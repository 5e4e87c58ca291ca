#include "demo/workshop.hpp"

#include "demo/embedded.hpp"
#include "demo/processes.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace troupe::demo {

namespace {

bool write(std::filesystem::path const& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out{file, std::ios::binary};
  out << text;
  return static_cast<bool>(out.flush());
}

result<void> git(std::vector<std::string> arguments, std::filesystem::path const& in) {
  arguments.insert(arguments.begin(),
                   {"git", "-c", "user.name=Mara Lindqvist", "-c", "user.email=mara@example.org",
                    "-c", "init.defaultBranch=main"});
  auto const r = run(arguments, in);
  if (r.exit_code == 0)
    return {};
  return fail(errc::unavailable,
              r.exit_code == 127 ? "git is not installed" : "git failed: " + r.output);
}

} // namespace

result<workshop> workshop::open(std::filesystem::path const& parent) {
  workshop w;
  // Programs run in folders of their own, where a relative path would name something else.
  std::error_code ec;
  auto const base = std::filesystem::absolute(
      parent.empty() ? std::filesystem::temp_directory_path() : parent, ec);
  auto pattern = (base / "troupe-demo.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return fail(errc::unavailable, "cannot make a folder in " + base.string());
  w.folder_ = pattern;
  auto const seed = w.folder_ / "seed";
  for (auto const& f : embedded_files()) {
    auto const name = std::string{f.name};
    auto const below = std::string_view{"repository/"};
    auto const to = name.starts_with(below) ? seed / name.substr(below.size()) : w.folder_ / name;
    if (!write(to, f.text))
      return fail(errc::unavailable, "cannot write " + to.string());
  }
  if (!write(w.settings(), "# The demo's processes read no other settings than the demo's own.\n"))
    return fail(errc::unavailable, "cannot write " + w.settings().string());
  std::vector<std::vector<std::string>> const steps = {
      {"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "Read durations as people write them"}};
  for (auto const& step : steps) {
    if (auto r = git(step, seed); !r)
      return r.error();
  }
  if (auto r = git({"clone", "-q", "--bare", seed.string(), w.origin().string()}, w.folder_); !r)
    return r.error();
  std::filesystem::remove_all(seed);
  return w;
}

result<workshop::state_of_main> workshop::inspect() const {
  state_of_main out;
  auto const clone = folder_ / "inspection";
  std::filesystem::remove_all(clone);
  if (auto r = git({"clone", "-q", origin().string(), clone.string()}, folder_); !r)
    return r.error();
  auto const log = run({"git", "log", "--first-parent", "--format=%h %s"}, clone);
  std::istringstream lines{log.output};
  for (std::string line; std::getline(lines, line);)
    out.log.push_back(line);
  auto const tests = run({"prove", "-l", "t"}, clone);
  out.test_exit_code = tests.exit_code;
  out.test_output = tests.output;
  return out;
}

bool workshop::history_has(std::string const& text) const {
  return run({"git", "log", "main", "-p", "-S" + text, "--format=%h"}, origin())
             .output.find_first_not_of(" \n") != std::string::npos;
}

void workshop::remove() const {
  std::error_code ignored; // a folder that cannot be removed is left; nothing depends on it
  std::filesystem::remove_all(folder_, ignored);
}

} // namespace troupe::demo
