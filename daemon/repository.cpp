#include "daemon/repository.hpp"

#include "protocol/content_hash.hpp"
#include "protocol/redact.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace troupe::local {

namespace fs = std::filesystem;

repository::repository(fs::path directory, repository_source source)
    : directory_(std::move(directory)), source_(std::move(source)) {}

git repository::at(fs::path const& worktree, git_author author) const {
  return git{worktree, std::move(author)};
}

bool repository::is_local_checkout() const {
  std::error_code ec;
  return fs::exists(fs::path{source_.url} / ".git", ec);
}

fs::path repository::checkout() const {
  if (!source_.checkout.empty())
    return source_.checkout;
  return is_local_checkout() ? fs::path{source_.url} : fs::path{};
}

namespace {

void remove_locks_in(fs::path const& folder) {
  std::error_code ec;
  for (auto const& entry : fs::directory_iterator{folder, ec})
    if (entry.path().extension() == ".lock" && entry.is_regular_file(ec))
      fs::remove(entry.path(), ec);
}

void remove_locks_below(fs::path const& folder) {
  remove_locks_in(folder);
  std::error_code ec;
  for (auto const& entry : fs::recursive_directory_iterator{folder, ec})
    if (entry.is_directory(ec) && !entry.is_symlink(ec))
      remove_locks_in(entry.path());
}

/// A worktree's folder in the clone as `git worktree add` begins it: without a head. Nothing stands
/// in it yet, but as long as it is there, no fetch of the clone succeeds.
void remove_unfinished_worktrees(fs::path const& folder) {
  std::error_code ec;
  std::vector<fs::path> unfinished;
  for (auto const& entry : fs::directory_iterator{folder, ec}) {
    std::ifstream in{entry.path() / "HEAD"};
    std::string head;
    std::getline(in, head);
    if (head.find_first_not_of('0') == std::string::npos)
      unfinished.push_back(entry.path());
  }
  for (auto const& path : unfinished)
    fs::remove_all(path, ec);
}

} // namespace

void repository::unlock_all() const {
  remove_unfinished_worktrees(directory_ / "worktrees");
  remove_locks_in(directory_);
  for (auto const* part : {"refs", "logs", "worktrees", "info", "objects/info", "objects/pack"})
    remove_locks_below(directory_ / part);
}

void repository::unlock(fs::path const& worktree_git_folder, std::string const& branch) {
  remove_locks_in(worktree_git_folder);
  std::error_code ec;
  fs::remove(directory_ / ("refs/heads/" + branch + ".lock"), ec);
}

result<void> repository::create() {
  // Whoever held a lock at this time ended with an earlier daemon (see program_lineage).
  if (!std::exchange(unlocked_, true))
    unlock_all();
  std::error_code ec;
  if (fs::exists(directory_ / "troupe-ready", ec))
    return {};
  fs::create_directories(directory_, ec);
  if (ec)
    return fail(errc::unavailable, "cannot make the folder of a clone: " + ec.message());
  auto const g = bare();
  // Each step may be repeated, so that a daemon killed in between starts over without harm.
  if (auto r = g.must({"init", "--quiet", "--bare", "."}); !r)
    return r;
  std::pair<char const*, std::string> const settings[] = {
      {"remote.origin.url", source_.url},
      {"gc.auto", "0"}, // it would run beside worktrees in use; done when a ticket is released
      {"maintenance.auto", "false"},
      {"push.default", "nothing"},
      {"core.logAllRefUpdates", "true"},
      {"advice.detachedHead", "false"}};
  for (auto const& [key, value] : settings)
    if (auto r = g.must({"config", key, value}); !r)
      return r;
  if (auto r = g.must({"config", "--replace-all", "remote.origin.fetch",
                       "+refs/heads/*:refs/remotes/origin/*"});
      !r)
    return r;
  if (auto done = g.run({"fetch", "--quiet", "--no-tags", "origin"}); !done)
    return done.error();
  else if (!done->ok())
    return fail(errc::unavailable,
                "the repository cannot be fetched: " + one_line(redact(done->err), 300));
  auto const marked = g.must({"config", "--file", "troupe-ready", "troupe.url", source_.url});
  return marked;
}

result<void> repository::fetch() {
  std::lock_guard const lock{lock_};
  if (auto r = create(); !r)
    return r;
  return bare().must({"fetch", "--quiet", "--prune", "--no-tags", "origin",
                      "+refs/heads/*:refs/remotes/origin/*",
                      "+refs/troupe/attempts/*:refs/troupe/attempts/*"});
}

namespace {

enum class cure { none, clean, check_out, rules };

/// What helps against a push that the origin turned down. By Git's own words (receive-pack) and
/// those of the known hosts; what is not among them, another push may still get past.
cure cure_for(std::string_view line) {
  if (line.find("[remote rejected]") == std::string_view::npos)
    return cure::none;
  static constexpr std::pair<std::string_view, cure> known[] = {
      {"Working directory has", cure::clean}, // unstaged, or staged, changes
      {"Up-to-date check failed", cure::clean},
      {"Could not update working tree", cure::clean},
      {"currently checked out", cure::check_out},
      {"checked out branch", cure::check_out},
      {"hook declined", cure::rules},
      {"push declined", cure::rules},
      {"protected branch", cure::rules},
      {"prohibited", cure::rules},
      {"permission", cure::rules},
      {"not allowed", cure::rules},
  };
  for (auto const& [words, what] : known)
    if (line.find(words) != std::string_view::npos)
      return what;
  return cure::none;
}

} // namespace

error repository::refusal(std::string_view line) const {
  auto const open = line.rfind('(');
  auto const close = line.rfind(')');
  bool const said =
      open != std::string_view::npos && close != std::string_view::npos && open < close;
  auto const what = std::string{said ? line.substr(open + 1, close - open - 1) : line.substr(1)};
  auto const place = one_line(redact(source_.url), 160);
  std::string help = "let the rules or hooks of " + place + " allow the push";
  if (cure_for(line) == cure::clean)
    help = "commit or stash the open changes in " + place;
  else if (cure_for(line) == cure::check_out)
    help = "check another branch out in " + place +
           ", or set receive.denyCurrentBranch to updateInstead there";
  return {errc::forbidden,
          "The origin refused the push (" + one_line(redact(what), 200) + "): " + help};
}

result<void> repository::push(std::vector<std::string> const& refspecs,
                              std::vector<std::string> const& options) {
  std::lock_guard const lock{lock_};
  std::vector<std::string> args{"push", "--quiet", "--porcelain"};
  // A checkout as origin refuses its current branch by default; this lets it follow where its files
  // are clean, and still refuse where they are not.
  if (is_local_checkout())
    args.emplace_back("--receive-pack=git -c receive.denyCurrentBranch=updateInstead receive-pack");
  args.insert(args.end(), options.begin(), options.end());
  args.emplace_back("origin");
  args.insert(args.end(), refspecs.begin(), refspecs.end());
  auto done = bare().run(std::move(args));
  if (!done)
    return done.error();
  if (done->ok())
    return {};
  // Porcelain lines: `!<tab>from:to<tab>[rejected] (fetch first)`.
  for (auto const& line : lines_of(done->out)) {
    if (!line.starts_with('!'))
      continue;
    if (cure_for(line) != cure::none)
      return refusal(line);
    return fail(errc::conflict,
                "the origin refused the push: " + one_line(redact(line.substr(1)), 200));
  }
  return fail(errc::unavailable, "git push failed: " + one_line(redact(done->err), 300));
}

namespace {

std::string attempt_refs(ticket_id const& ticket) {
  return "refs/troupe/attempts/" + safe_name(ticket.value) + "/";
}

} // namespace

result<void> repository::publish_apart(ticket_id const& ticket, std::int64_t token,
                                       std::string const& head) {
  return push({"+" + head + ":" + attempt_refs(ticket) + std::to_string(token)});
}

result<void> repository::publish(ticket_id const& ticket, std::int64_t token,
                                 std::string const& head) {
  std::lock_guard const lock{lock_};
  // A host that takes no refs of ours still gets the branch; then only the lease below protects.
  auto const apart = publish_apart(ticket, token, head);
  if (!apart && apart.error().code == errc::unavailable)
    return apart;
  auto const branch = "agent/" + ticket.value;
  result<void> last{};
  for (int round = 0; round < 4; ++round) {
    auto const there = bare().commit(origin_branch(branch));
    // No `+`: it would win over the lease.
    last = push({head + ":refs/heads/" + branch},
                {"--force-with-lease=refs/heads/" + branch + ":" + there});
    if (last || last.error().code != errc::conflict)
      return last;
    if (auto r = fetch(); !r)
      return r;
    auto refs = bare().out({"for-each-ref", "--format=%(refname)", attempt_refs(ticket)});
    if (!refs)
      return refs.error();
    for (auto const& name : lines_of(*refs)) {
      std::int64_t other = 0;
      auto const number = name.substr(name.rfind('/') + 1);
      std::from_chars(number.data(), number.data() + number.size(), other);
      if (other > token)
        return fail(errc::fenced, "a later attempt has published " + branch);
    }
  }
  return last;
}

result<void> repository::forget_attempts(ticket_id const& ticket) {
  std::lock_guard const lock{lock_};
  if (auto r = fetch(); !r)
    return r;
  auto refs = bare().out({"for-each-ref", "--format=%(refname)", attempt_refs(ticket)});
  if (!refs)
    return refs.error();
  std::vector<std::string> deletions;
  for (auto const& name : lines_of(*refs))
    deletions.push_back(":" + name);
  if (deletions.empty())
    return {};
  if (auto r = push(deletions); !r)
    return r;
  return fetch();
}

repository_pool::repository_pool(fs::path root, std::map<std::string, repository_source> names,
                                 bool any)
    : root_(std::move(root)), names_(std::move(names)), any_(any) {}

result<std::shared_ptr<repository>> repository_pool::find(std::string const& name) {
  repository_source source;
  if (auto const known = names_.find(name); known != names_.end())
    source = known->second;
  else if (any_ && !name.empty() && name.front() != '-')
    source.url = name;
  else
    return fail(errc::forbidden, name.empty()
                                     ? std::string{"the order names no repository"}
                                     : "this daemon has no repository " + one_line(name, 120));
  std::lock_guard const lock{mutex_};
  auto& entry = open_[source.url];
  if (!entry) {
    // A readable part for people, a digest against two addresses with the same last part.
    auto const last = safe_name(fs::path{source.url}.stem().string());
    entry = std::make_shared<repository>(
        root_ / (last + "-" + sha256(source.url).substr(0, 12) + ".git"), source);
  }
  return entry;
}

std::vector<std::string> repository_pool::names() const {
  std::vector<std::string> out;
  for (auto const& [name, source] : names_)
    out.push_back(name);
  if (any_)
    out.emplace_back("*");
  return out;
}

std::vector<std::shared_ptr<repository>> repository_pool::open() const {
  std::lock_guard const lock{mutex_};
  std::vector<std::shared_ptr<repository>> out;
  for (auto const& [url, r] : open_)
    out.push_back(r);
  return out;
}

} // namespace troupe::local
