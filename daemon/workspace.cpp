#include "daemon/workspace.hpp"

#include "protocol/redact.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <fstream>
#include <set>

namespace troupe::local {

namespace fs = std::filesystem;

namespace {

constexpr char excludes_name[] = "troupe-excludes";

result<fs::path> git_folder(git const& g) {
  auto text = g.out({"rev-parse", "--absolute-git-dir"});
  if (!text)
    return text.error();
  return fs::path{*text};
}

/// Whether a path of a recipe stays inside.
bool stays_inside(fs::path const& p) {
  if (p.empty() || p.is_absolute())
    return false;
  return std::none_of(p.begin(), p.end(), [](auto const& part) { return part == ".."; });
}

/// What the operator's own git ignores everywhere: our file takes its place, so it says it too.
std::string global_excludes(git const& g) {
  auto const named = g.run({"config", "--path", "--get", "core.excludesFile"});
  fs::path file;
  if (named && named->ok())
    file = named->out;
  else {
    auto const env = allowed_environment({"XDG_CONFIG_HOME", "HOME"});
    if (auto const x = env.find("XDG_CONFIG_HOME"); x != env.end() && !x->second.empty())
      file = fs::path{x->second} / "git/ignore";
    else if (auto const h = env.find("HOME"); h != env.end())
      file = fs::path{h->second} / ".config/git/ignore";
  }
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// A path as a pattern of gitignore that matches only itself.
std::string as_pattern(std::string_view path) {
  std::string out{"/"};
  for (char const c : path) {
    if (c == '*' || c == '?' || c == '[' || c == '\\' || c == ' ' || c == '!' || c == '#')
      out += '\\';
    out += c;
  }
  return out;
}

result<void> add_excludes(git const& g, std::vector<std::string> const& paths) {
  auto folder = git_folder(g);
  if (!folder)
    return folder.error();
  auto const file = *folder / excludes_name;
  std::error_code ec;
  bool const first = !fs::exists(file, ec);
  std::ofstream out{file, std::ios::app};
  if (first)
    out << global_excludes(g) << '\n';
  for (auto const& p : paths)
    out << as_pattern(p) << '\n';
  out.close();
  if (!out)
    return fail(errc::unavailable, "cannot write " + file.string());
  return {};
}

} // namespace

result<std::string> fork_point(git const& g, std::string const& target, std::string const& commit) {
  auto const found = g.run({"merge-base", target, commit});
  if (!found)
    return found.error();
  if (found->ok())
    return found->out;
  if (found->exit_code == 1)
    return std::string{};
  return fail(errc::unavailable, "git merge-base failed: " + one_line(redact(found->err), 200));
}

workspaces::workspaces(std::shared_ptr<repository> where, fs::path root)
    : where_(std::move(where)), root_(std::move(root)) {}

fs::path workspaces::work_directory(ticket_id const& ticket) const {
  return root_ / safe_name(ticket.value);
}

std::vector<fs::path> workspaces::of_ticket(ticket_id const& ticket) const {
  std::vector<fs::path> out;
  std::error_code ec;
  auto const name = safe_name(ticket.value);
  for (auto const& entry : fs::directory_iterator{root_, ec}) {
    auto const file = entry.path().filename().string();
    if (file == name || file.starts_with(name + "."))
      out.push_back(entry.path());
  }
  return out;
}

environment workspaces::settings_of(fs::path const& directory) const {
  auto const folder = git_folder(where_->at(directory));
  std::error_code ec;
  if (!folder || !fs::exists(*folder / excludes_name, ec))
    return {};
  return {{"GIT_CONFIG_COUNT", "1"},
          {"GIT_CONFIG_KEY_0", "core.excludesFile"},
          {"GIT_CONFIG_VALUE_0", (*folder / excludes_name).string()}};
}

result<std::string> workspaces::furthest(link::order const& o) {
  auto const g = where_->bare();
  auto const branch = "agent/" + o.ticket.value;
  auto start = g.commit(where_->origin_branch(branch));
  if (!o.expected_head.empty()) {
    auto const wanted = g.commit(o.expected_head);
    if (wanted.empty())
      return fail(errc::not_found, "commit " + o.expected_head + " is not on the origin");
    start = wanted;
  }
  auto here = g.commit("refs/heads/" + branch);
  // Without a commit of its own (its attempt ended before the first) a branch of ours would only
  // keep the ticket on what the target branch was then.
  if (!here.empty() &&
      g.succeeds({"merge-base", "--is-ancestor", here, where_->origin_branch(o.target_branch)}))
    here.clear();
  if (start.empty() && here.empty()) {
    start = g.commit(where_->origin_branch(o.target_branch));
    if (start.empty())
      return fail(errc::not_found, "the repository has no branch " + o.target_branch);
    return start;
  }
  if (here.empty() || here == start)
    return start;
  if (start.empty() || g.succeeds({"merge-base", "--is-ancestor", start, here}))
    return here; // commits of an attempt that ended before it could publish them
  if (!g.succeeds({"merge-base", "--is-ancestor", here, start})) {
    // Another daemon went on without these commits: they step aside, but are kept.
    auto const name =
        "refs/troupe/snapshots/" + safe_name(o.ticket.value) + "/left-" + here.substr(0, 12);
    if (auto r = g.must({"update-ref", name, here}); !r)
      return r.error();
  }
  return start;
}

bool workspaces::is_worktree(fs::path const& directory) const {
  std::error_code ec;
  if (!fs::exists(directory / ".git", ec))
    return false;
  auto const g = where_->at(directory);
  auto const common = g.out({"rev-parse", "--path-format=absolute", "--git-common-dir"});
  return common && fs::equivalent(*common, where_->directory(), ec) && !g.commit("HEAD").empty();
}

void workspaces::unlock(fs::path const& directory, std::string const& ticket) {
  if (auto const folder = git_folder(where_->at(directory)))
    where_->unlock(*folder, "agent/" + ticket);
}

result<void> workspaces::move_aside(fs::path const& directory, std::int64_t token) {
  std::error_code ec;
  if (!fs::exists(directory, ec) || fs::remove(directory, ec)) // an empty folder is nobody's
    return {};
  auto const stem = directory.string() + ".aside-" + std::to_string(token);
  fs::path aside{stem};
  for (int n = 2; fs::exists(aside, ec); ++n)
    aside = stem + "-" + std::to_string(n);
  fs::rename(directory, aside, ec);
  if (ec)
    return fail(errc::unavailable, "cannot move " + directory.string() + " aside");
  // Half of a worktree: its link must not lead into the worktree that takes its place.
  if (fs::is_regular_file(aside / ".git", ec))
    fs::rename(aside / ".git", aside / ".git-link", ec);
  return {};
}

result<void> workspaces::clean_up(fs::path const& directory, link::order const& o) {
  unlock(directory, o.ticket.value);
  auto saved = snapshot(directory, o.ticket.value, "before-" + std::to_string(o.token));
  if (!saved)
    return saved.error();
  auto const g = where_->at(directory);
  auto const settings = settings_of(directory);
  for (auto const* half_done : {"rebase", "cherry-pick", "revert", "am"})
    [[maybe_unused]] auto const ignored = g.run({half_done, "--quit"});
  if (auto r = g.must({"reset", "--quiet", "--hard"}); !r)
    return r;
  return g.must({"clean", "--quiet", "-ffd"}, settings);
}

result<workspace> workspaces::prepare_work(link::order const& o) {
  std::lock_guard const lock{where_->lock()};
  if (auto r = where_->fetch(); !r)
    return r.error();
  auto start = furthest(o);
  if (!start)
    return start.error();
  workspace w;
  w.directory = work_directory(o.ticket);
  auto const branch = "agent/" + o.ticket.value;
  std::error_code ec;
  fs::create_directories(root_, ec);
  auto const g = where_->bare();
  if (auto r = g.must({"worktree", "prune"}); !r)
    return r.error();
  // Git's word that the folder is a worktree, not only that a folder of that name is there.
  if (is_worktree(w.directory)) {
    if (auto r = clean_up(w.directory, o); !r)
      return r.error();
  } else {
    // Something else: moved aside, never deleted.
    if (auto r = move_aside(w.directory, o.token); !r)
      return r.error();
    // Twice, because a worktree that was not finished is locked, and no pruning takes it away.
    if (auto r = g.must({"worktree", "add", "--quiet", "--force", "--force", "--detach",
                         w.directory.string(), *start});
        !r)
      return r.error();
    w.fresh = true;
  }
  // In a step of its own, as only this one does not mind where else the branch is out: in a
  // reviewer's worktree that a killed daemon left, say.
  if (auto r = where_->at(w.directory)
                   .must({"checkout", "--quiet", "--no-track", "--ignore-other-worktrees", "-B",
                          branch, *start});
      !r)
    return r.error();
  w.start = *start;
  auto const base = fork_point(g, where_->origin_branch(o.target_branch), w.start);
  if (!base)
    return base.error();
  w.base = base->empty() ? w.start : *base;
  w.variables = settings_of(w.directory);
  return w;
}

result<workspace> workspaces::prepare_detached(link::order const& o, std::string const& commit) {
  std::lock_guard const lock{where_->lock()};
  auto const g = where_->bare();
  auto const start = g.commit(commit);
  if (start.empty())
    return fail(errc::not_found, "commit " + commit + " is not on the origin");
  workspace w;
  w.fresh = true;
  w.start = start;
  std::error_code ec;
  fs::create_directories(root_, ec);
  if (auto r = g.must({"worktree", "prune"}); !r)
    return r.error();
  auto const kind = json::to(o.kind);
  auto const stem = safe_name(o.ticket.value) + "." +
                    std::string{std::string_view{kind.get_string()}} + "-" +
                    std::to_string(o.token);
  // A killed daemon may have left a folder of this name; it keeps it.
  w.directory = root_ / stem;
  for (int n = 2; fs::exists(w.directory, ec); ++n)
    w.directory = root_ / (stem + "-" + std::to_string(n));
  if (auto r = g.must({"worktree", "add", "--quiet", "--force", "--force", "--detach",
                       w.directory.string(), start});
      !r)
    return r.error();
  auto const base = fork_point(g, where_->origin_branch(o.target_branch), start);
  if (!base)
    return base.error();
  w.base = base->empty() ? start : *base;
  return w;
}

result<void> workspaces::equip(workspace& w, workspace_recipe const& recipe) const {
  auto const from = where_->checkout();
  if (!recipe.copy.empty() && from.empty())
    return fail(errc::not_found, "the recipe copies files, but no checkout is known here");
  std::vector<std::string> copied;
  for (auto const& name : recipe.copy) {
    fs::path const path = fs::path{name}.lexically_normal();
    if (!stays_inside(path))
      return fail(errc::invalid_argument, "the recipe's path " + name + " leaves the checkout");
    std::error_code ec;
    auto const source = fs::weakly_canonical(from / path, ec);
    auto const inside = fs::weakly_canonical(from, ec);
    if (!fs::exists(source, ec))
      return fail(errc::not_found, "the recipe's file " + name + " is not in the checkout");
    if (!stays_inside(source.lexically_relative(inside)))
      return fail(errc::invalid_argument, "the recipe's path " + name + " leaves the checkout");
    fs::create_directories((w.directory / path).parent_path(), ec);
    fs::copy(source, w.directory / path,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing |
                 fs::copy_options::copy_symlinks,
             ec);
    if (ec)
      return fail(errc::unavailable, "cannot copy " + name + ": " + ec.message());
    copied.push_back(path.string());
  }
  auto const g = where_->at(w.directory);
  if (!copied.empty())
    if (auto r = add_excludes(g, copied); !r)
      return r;
  auto ports = free_ports(recipe.ports);
  if (!ports)
    return ports.error();
  w.variables = settings_of(w.directory);
  for (std::size_t i = 0; i < ports->size(); ++i)
    w.variables["TROUPE_PORT_" + std::to_string(i + 1)] = std::to_string((*ports)[i]);
  return {};
}

result<void> workspaces::set_apart_untracked(workspace& w) const {
  auto const g = where_->at(w.directory);
  auto settings = settings_of(w.directory);
  auto text = g.out({"ls-files", "-z", "--others", "--exclude-standard", "--directory"}, settings);
  if (!text)
    return text.error();
  auto const paths = fields_of(*text);
  if (paths.empty())
    return {};
  if (auto r = add_excludes(g, paths); !r)
    return r;
  w.variables.merge(settings_of(w.directory));
  return {};
}

result<std::vector<int>> free_ports(int n) {
  static std::mutex mutex;
  static std::set<int> given;
  std::lock_guard const lock{mutex};
  if (given.size() > 10000)
    given.clear(); // attempts of long ago
  std::vector<int> out;
  for (int tries = 0; static_cast<int>(out.size()) < n && tries < n + 200; ++tries) {
    unique_fd const s{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(s.get(), raw, length) == 0 && ::getsockname(s.get(), raw, &length) == 0 &&
        given.insert(ntohs(address.sin_port)).second)
      out.push_back(ntohs(address.sin_port));
  }
  if (static_cast<int>(out.size()) < n)
    return fail(errc::busy, "no free ports");
  return out;
}

} // namespace troupe::local
