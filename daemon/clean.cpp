#include "daemon/clean.hpp"

#include "daemon/workspace.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>

namespace troupe::local {

namespace fs = std::filesystem;

namespace {

/// Of a folder with more entries than this the rest is not looked at.
constexpr std::size_t most_entries = 200'000;

/// When something below a folder was last written: neither a log that grows nor a file that is
/// edited deep inside changes the folder itself. Links are not followed.
fs::file_time_type last_write(fs::path const& folder) {
  std::error_code ec;
  auto out = fs::last_write_time(folder, ec);
  std::size_t seen = 0;
  fs::recursive_directory_iterator at{folder, fs::directory_options::skip_permission_denied, ec};
  for (; !ec && at != fs::recursive_directory_iterator{} && seen < most_entries;
       at.increment(ec), ++seen) {
    std::error_code gone; // what vanishes meanwhile says nothing
    if (at->is_symlink(gone))
      continue;
    if (auto const written = at->last_write_time(gone); !gone)
      out = std::max(out, written);
  }
  return out;
}

/// When git last wrote what it keeps about a worktree, in a folder elsewhere that the file `.git`
/// names: a commit, a checkout or `git add` may leave every file as it is.
fs::file_time_type last_git_write(fs::path const& worktree) {
  auto out = fs::file_time_type::min();
  std::ifstream in{worktree / ".git"};
  std::string line;
  constexpr std::string_view begin = "gitdir: ";
  if (!std::getline(in, line) || !line.starts_with(begin))
    return out;
  auto const folder = worktree / line.substr(begin.size()); // an absolute path stays as it is
  for (auto const* name : {"HEAD", "logs/HEAD", "index"}) {
    std::error_code ec;
    if (auto const written = fs::last_write_time(folder / name, ec); !ec)
      out = std::max(out, written);
  }
  return out;
}

std::uintmax_t size_of(fs::path const& folder) {
  std::error_code ec;
  std::uintmax_t out = 0;
  for (auto const& entry :
       fs::recursive_directory_iterator{folder, fs::directory_options::skip_permission_denied, ec})
    if (entry.is_regular_file(ec) && !entry.is_symlink(ec))
      out += entry.file_size(ec);
  return out;
}

std::vector<old_folder> folders_in(fs::path const& root, bool worktree, fs::file_time_type now) {
  std::vector<old_folder> out;
  std::error_code ec;
  for (auto const& entry : fs::directory_iterator{root, ec}) {
    if (!entry.is_directory(ec) || entry.is_symlink(ec))
      continue;
    old_folder f;
    f.folder = entry.path();
    f.worktree = worktree;
    auto written = last_write(entry.path());
    if (worktree)
      written = std::max(written, last_git_write(entry.path()));
    f.age = std::chrono::duration_cast<std::chrono::seconds>(now - written);
    out.push_back(std::move(f));
  }
  std::sort(out.begin(), out.end(), [](auto const& a, auto const& b) { return a.age > b.age; });
  return out;
}

std::string name_of(ticket_id const& ticket, std::int64_t token) {
  return safe_name(ticket.value) + "-" + std::to_string(token);
}

/// The ticket of a worktree: its name up to a dot (`k3-1.review-2`).
std::string ticket_of(fs::path const& worktree) {
  auto const name = worktree.filename().string();
  return name.substr(0, name.find('.'));
}

std::vector<old_folder> find_old_worktrees(fs::path const& data, clean_rule const& rule,
                                           std::set<std::string> const& busy,
                                           fs::file_time_type now) {
  auto out = folders_in(data / "worktrees", true, now);
  std::erase_if(out, [&](old_folder const& f) {
    return f.age < rule.age || busy.contains(ticket_of(f.folder));
  });
  return out;
}

void remove_worktree(old_folder& f, fs::path const& data, spool const& orders,
                     repository_pool& repositories) {
  ticket_id const ticket{ticket_of(f.folder)};
  auto const repository = orders.repository_of(ticket);
  if (repository.empty()) {
    f.kept = "this daemon knows no repository for it";
    return;
  }
  auto const where = repositories.find(repository);
  if (!where) {
    f.kept = where.error().message;
    return;
  }
  workspaces rooms{*where, data / "worktrees"};
  if (!rooms.is_worktree(f.folder)) {
    f.kept = "it is no worktree of " + repository;
    return;
  }
  auto saved = rooms.remove(f.folder, ticket.value, "cleaned");
  if (saved)
    f.snapshot = std::move(*saved);
  else
    f.kept = saved.error().message;
}

} // namespace

std::vector<old_folder> find_old_logs(fs::path const& data, clean_rule const& rule,
                                      std::set<std::string> const& in_use, fs::file_time_type now) {
  auto out = folders_in(data / "attempts", false, now);
  // What runs counts as kept: the number is a bound on the disk.
  auto const surplus = out.size() > rule.most ? out.size() - rule.most : 0;
  std::size_t place = 0;
  std::erase_if(out, [&](old_folder const& f) {
    bool const old = f.age >= rule.age || place < surplus;
    ++place;
    return !old || in_use.contains(f.folder.filename().string());
  });
  return out;
}

std::size_t forget_old_logs(fs::path const& data, clean_rule const& rule,
                            std::vector<link::held> const& in_use) {
  std::set<std::string> names;
  for (auto const& h : in_use)
    names.insert(name_of(h.ticket, h.token));
  std::size_t removed = 0;
  for (auto const& f : find_old_logs(data, rule, names)) {
    std::error_code ec;
    fs::remove_all(f.folder, ec);
    removed += ec ? 0 : 1;
  }
  return removed;
}

result<std::vector<old_folder>> clean(daemon_settings const& settings, clean_rule const& rule,
                                      bool dry_run) {
  auto const now = fs::file_time_type::clock::now();
  std::set<std::string> attempts;
  std::set<std::string> tickets;
  // A spool is opened by one process only, which may mend it: looking goes without.
  std::optional<unique_fd> lock;
  std::unique_ptr<spool> orders;
  if (!dry_run) {
    auto held = lock_folder(settings.data);
    if (!held)
      return fail(errc::conflict, "the daemon of " + settings.data.string() +
                                      " is running; it removes old logs itself, once a day");
    lock = std::move(*held);
    auto opened = spool::open(settings.data);
    if (!opened)
      return opened.error();
    orders = std::move(*opened);
    for (auto const& o : orders->open_orders()) {
      attempts.insert(name_of(o.ticket, o.token));
      tickets.insert(safe_name(o.ticket.value));
    }
  }
  auto out = find_old_logs(settings.data, rule, attempts, now);
  for (auto& f : find_old_worktrees(settings.data, rule, tickets, now))
    out.push_back(std::move(f));
  for (auto& f : out)
    f.bytes = size_of(f.folder);
  if (dry_run)
    return out;
  repository_pool repositories{settings.data / "repositories", settings.repositories,
                               settings.any_repository};
  for (auto& f : out) {
    if (f.worktree) {
      remove_worktree(f, settings.data, *orders, repositories);
      continue;
    }
    std::error_code ec;
    fs::remove_all(f.folder, ec);
    if (ec)
      f.kept = ec.message();
  }
  return out;
}

} // namespace troupe::local
