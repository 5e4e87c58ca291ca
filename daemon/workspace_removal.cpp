#include "daemon/workspace.hpp"

namespace troupe::local {

namespace fs = std::filesystem;

namespace {

/// A file that is not there yet, for git's index; gone again at the end.
class scratch_index {
public:
  explicit scratch_index(fs::path path) : path_(std::move(path)) {}
  ~scratch_index() {
    std::error_code ec;
    fs::remove(path_, ec);
    fs::remove(path_.string() + ".lock", ec);
  }
  scratch_index(scratch_index const&) = delete;
  scratch_index& operator=(scratch_index const&) = delete;
  [[nodiscard]] std::string text() const { return path_.string(); }

private:
  fs::path path_;
};

} // namespace

result<std::string> workspaces::tree_of(fs::path const& directory) const {
  auto const g = where_->at(directory);
  auto folder = g.out({"rev-parse", "--absolute-git-dir"});
  if (!folder)
    return folder.error();
  // The worktree's own index stays as it is: it belongs to the agent.
  scratch_index const index{fs::path{*folder} / "troupe-snapshot-index"};
  auto env = settings_of(directory);
  env["GIT_INDEX_FILE"] = index.text();
  if (auto r = g.must({"read-tree", "HEAD"}, env); !r)
    return r.error();
  if (auto r = g.must({"add", "--all", "--", "."}, env); !r)
    return r.error();
  return g.out({"write-tree"}, env);
}

result<std::string> workspaces::snapshot(fs::path const& directory, std::string const& ticket,
                                         std::string const& name) {
  auto const g = where_->at(directory);
  auto tree = tree_of(directory);
  if (!tree)
    return tree.error();
  auto const head_tree = g.out({"rev-parse", "HEAD^{tree}"});
  if (head_tree && *head_tree == *tree)
    return std::string{};
  auto made = g.out({"commit-tree", *tree, "-p", "HEAD", "-m", "Unsaved work of " + ticket});
  if (!made)
    return made.error();
  auto const stem = "refs/troupe/snapshots/" + safe_name(ticket) + "/" + safe_name(name);
  std::string ref = stem;
  for (int n = 2; !g.commit(ref).empty(); ++n)
    ref = stem + "-" + std::to_string(n);
  if (auto r = g.must({"update-ref", ref, *made, std::string(40, '0')}); !r)
    return r.error();
  return ref;
}

result<removal> workspaces::plan_removal(fs::path const& directory, std::string const& ticket,
                                         std::string const& name) {
  std::lock_guard const lock{where_->lock()};
  removal out;
  out.directory = directory;
  auto saved = snapshot(directory, ticket, name);
  if (!saved)
    return saved.error();
  out.snapshot = *saved;
  auto tree = tree_of(directory);
  if (!tree)
    return tree.error();
  out.tree = *tree;
  auto const g = where_->at(directory);
  auto const head = g.commit("HEAD");
  auto const kept = g.out({"for-each-ref", "--count=1", "--contains", head, "refs/remotes/origin",
                           "refs/troupe/attempts"});
  if (!kept)
    return kept.error();
  if (kept->empty() && out.snapshot.empty()) {
    // Committed, but on no branch of the origin: the commit gets a name that nobody moves.
    auto const ref = "refs/troupe/snapshots/" + safe_name(ticket) + "/" + safe_name(name);
    out.snapshot = g.commit(ref).empty() ? ref : ref + "-" + head.substr(0, 12);
    if (auto r = g.must({"update-ref", out.snapshot, head}); !r)
      return r.error();
  }
  return out;
}

result<void> workspaces::carry_out(removal const& planned) {
  std::lock_guard const lock{where_->lock()};
  auto tree = tree_of(planned.directory);
  if (!tree)
    return tree.error();
  if (*tree != planned.tree)
    return fail(errc::conflict, "the worktree changed while it was being removed");
  return where_->bare().must(
      {"worktree", "remove", "--force", "--force", planned.directory.string()});
}

result<std::string> workspaces::remove(fs::path const& directory, std::string const& ticket,
                                       std::string const& name) {
  std::error_code ec;
  if (!fs::exists(directory, ec))
    return std::string{};
  unlock(directory, ticket);
  for (int round = 0;; ++round) {
    auto planned = plan_removal(directory, ticket, name);
    if (!planned)
      return planned.error();
    auto done = carry_out(*planned);
    if (done)
      return planned->snapshot;
    if (done.error().code != errc::conflict || round == 1)
      return done.error();
  }
}

} // namespace troupe::local
