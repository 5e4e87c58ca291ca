#include "cli/base_check.hpp"

#include "config/load.hpp"
#include "daemon/git.hpp"
#include "daemon/spawn.hpp"

#include <cstdlib>

namespace troupe {

namespace {

namespace fs = std::filesystem;

/// A folder of our own in the temporary folder, removed with all that is in it.
class scratch {
public:
  scratch() {
    auto name = (fs::temp_directory_path() / "troupe-base-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr)
      path_ = name;
  }
  ~scratch() {
    std::error_code ec;
    if (!path_.empty())
      fs::remove_all(path_, ec);
  }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  [[nodiscard]] fs::path const& path() const { return path_; }

private:
  fs::path path_;
};

/// The end of an output, where test runners say what failed.
std::string last_lines(std::string const& text) {
  constexpr std::size_t most = 8;
  auto const lines = local::lines_of(text);
  std::string out;
  for (std::size_t i = lines.size() > most ? lines.size() - most : 0; i < lines.size(); ++i)
    out += "  " + local::one_line(lines[i], 200) + "\n";
  return out;
}

} // namespace

result<base_verdict> check_base(base_to_check const& what) {
  local::git const here{what.root};
  std::string commit;
  for (auto const* where : {"refs/remotes/origin/", "refs/heads/"}) {
    if (auto const found =
            here.out({"rev-parse", "--verify", "--quiet", where + what.target + "^{commit}"});
        found && commit.empty())
      commit = *found;
  }
  if (commit.empty())
    return fail(errc::not_found, "there is no commit on branch " + what.target);
  scratch const folder;
  if (folder.path().empty())
    return fail(errc::unavailable, "cannot make a folder in the temporary folder");
  auto const base = folder.path() / what.root.filename();
  // Its objects are shared, so that this is quick also where the history is long.
  if (auto ok = here.must(
          {"clone", "--quiet", "--shared", "--no-checkout", what.root.string(), base.string()});
      !ok)
    return ok.error();
  if (auto ok = local::git{base}.must({"checkout", "--quiet", "--detach", commit}); !ok)
    return ok.error();
  for (auto const& file : what.copy) {
    std::error_code ec;
    fs::create_directories((base / file).parent_path(), ec);
    fs::copy(what.root / file, base / file, fs::copy_options::recursive, ec);
  }
  base_verdict out;
  for (auto const& command : {what.setup, what.test}) {
    if (command.empty())
      continue;
    out.command = command;
    // Through a pipe of its own both streams come in order.
    auto const ran = local::run_captured({"/bin/sh", "-c", "exec 2>&1; " + command},
                                         process_environment(), base, what.patience);
    if (!ran)
      return ran.error();
    out.exit_code = ran->exit_code;
    out.timed_out = ran->timed_out;
    out.last_lines = last_lines(ran->out);
    if (!out.passes())
      break;
  }
  return out;
}

} // namespace troupe
