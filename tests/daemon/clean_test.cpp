#include "daemon/clean.hpp"
#include "daemon/spool.hpp"
#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

constexpr std::chrono::hours day{24};

/// Where git keeps what it knows about a worktree; empty where the folder is none.
fs::path git_folder(fs::path const& worktree) {
  std::ifstream in{worktree / ".git"};
  std::string word;
  fs::path out;
  in >> word >> out;
  return out;
}

/// As if nothing had been written there for so long, neither by somebody nor by git.
void grow_old(fs::path const& folder, std::chrono::hours by) {
  auto const at = fs::file_time_type::clock::now() - by;
  std::error_code ec;
  for (auto const& root : {folder, git_folder(folder)}) {
    if (root.empty())
      continue;
    for (auto const& entry : fs::recursive_directory_iterator{root})
      fs::last_write_time(entry.path(), at, ec);
    fs::last_write_time(root, at);
  }
}

fs::path logs(fs::path const& data, std::string const& name, std::chrono::hours age) {
  auto const folder = data / "attempts" / name;
  write(folder / "output.log", "text");
  grow_old(folder, age);
  return folder;
}

daemon_settings settings_of(bench const& b) {
  daemon_settings s;
  s.data = b.settings.data;
  return s;
}

/// The daemon has taken this order.
void take(fs::path const& data, link::order const& o) {
  auto orders = spool::open(data);
  REQUIRE(orders.has_value());
  REQUIRE((*orders)->take((*orders)->taken() + 1, o).has_value());
}
void end(fs::path const& data, link::order const& o) {
  auto orders = spool::open(data);
  REQUIRE(orders.has_value());
  link::finished f;
  f.ticket = o.ticket;
  f.token = o.token;
  REQUIRE((*orders)->append(f).has_value());
}

} // namespace

TEST_CASE("clean: logs go by age and by number, never those of an attempt that runs", "[daemon]") {
  scratch const s;
  auto const data = s / "d1";
  auto const oldest = logs(data, "b1-1-1", 30 * day);
  auto const old = logs(data, "b1-1-2", 20 * day);
  auto const recent = logs(data, "b1-2-1", 3 * day);
  auto const newest = logs(data, "b1-2-2", 1 * day);
  auto const found = [&](clean_rule const& rule, std::set<std::string> const& in_use = {}) {
    std::vector<fs::path> out;
    for (auto const& f : find_old_logs(data, rule, in_use))
      out.push_back(f.folder);
    return out;
  };
  CHECK(found({}) == std::vector{oldest, old});
  CHECK(found({}, {"b1-1-1"}) == std::vector{old});
  CHECK(found({100 * day, 1}) == std::vector{oldest, old, recent});
  CHECK(found({100 * day, 1}, {"b1-1-2"}) == std::vector{oldest, recent});
  CHECK(found({100 * day, 4}).empty());
  CHECK(forget_old_logs(data, {}, {{ticket_id{"b1-1"}, 1}}) == 1);
  CHECK(fs::exists(oldest));
  CHECK_FALSE(fs::exists(old));
  CHECK(fs::exists(newest));
}

TEST_CASE("clean: an old worktree goes, and what only it has gets a ref first", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const order = work_order(o, "true");
  auto const w = rooms.prepare_work(order).value();
  take(b.settings.data, order);

  // Its order is open: whatever its age, it stays.
  grow_old(w.directory, 30 * day);
  CHECK(clean(settings_of(b), {}, false).value().empty());
  CHECK(fs::exists(w.directory));

  end(b.settings.data, order);
  auto const bare = b.repositories->find(o.url()).value()->bare();
  SECTION("with unsaved work") {
    write(w.directory / "src/tally.txt", "changed\n");
    grow_old(w.directory, 30 * day);
    auto const looked = clean(settings_of(b), {}, true).value();
    REQUIRE(looked.size() == 1);
    CHECK(looked.front().worktree);
    CHECK(fs::exists(w.directory));
    CHECK(bare.out({"for-each-ref", "refs/troupe/snapshots"}).value().empty());
    auto const done = clean(settings_of(b), {}, false).value();
    REQUIRE(done.size() == 1);
    CHECK(done.front().kept.empty());
    REQUIRE_FALSE(done.front().snapshot.empty());
    CHECK(bare.out({"show", done.front().snapshot + ":src/tally.txt"}).value() == "changed");
    CHECK_FALSE(fs::exists(w.directory));
  }
  SECTION("with a commit that is nowhere else") {
    auto const commit = commit_in(w.directory, "new.txt", "precious\n");
    grow_old(w.directory, 30 * day);
    auto const done = clean(settings_of(b), {}, false).value();
    REQUIRE(done.size() == 1);
    CHECK(bare.out({"rev-parse", done.front().snapshot}).value() == commit);
    CHECK_FALSE(fs::exists(w.directory));
  }
  SECTION("that is young") {
    grow_old(w.directory, 2 * day);
    CHECK(clean(settings_of(b), {}, false).value().empty());
    CHECK(fs::exists(w.directory));
  }
  SECTION("in which something was written deep inside lately") {
    write(w.directory / "src/deep/er/notes.txt", "one\n");
    grow_old(w.directory, 30 * day);
    CHECK(clean(settings_of(b), {}, true).value().size() == 1);
    std::ofstream{w.directory / "src/deep/er/notes.txt"} << "two\n"; // its folders stay as old
    CHECK(clean(settings_of(b), {}, false).value().empty());
    CHECK(read(w.directory / "src/deep/er/notes.txt") == "two\n");
  }
  SECTION("on which git did something lately") {
    grow_old(w.directory, 30 * day);
    fs::last_write_time(git_folder(w.directory) / "HEAD", fs::file_time_type::clock::now());
    CHECK(clean(settings_of(b), {}, false).value().empty());
    CHECK(fs::exists(w.directory));
  }
  SECTION("that is none of ours") {
    auto const other = b.settings.data / "worktrees" / "b9-9";
    write(other / "notes.txt", "mine\n");
    grow_old(other, 30 * day);
    grow_old(w.directory, 1 * day);
    auto const done = clean(settings_of(b), {}, false).value();
    REQUIRE(done.size() == 1);
    CHECK_FALSE(done.front().kept.empty());
    CHECK(read(other / "notes.txt") == "mine\n");
  }
}

TEST_CASE("clean: not beside the daemon of the folder, but it may be looked", "[daemon]") {
  scratch const s;
  daemon_settings d;
  d.data = s / "d1";
  auto const old = logs(d.data, "b1-1-1", 30 * day);
  auto const held = lock_folder(d.data);
  REQUIRE(held.has_value());
  auto const refused = clean(d, {}, false);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::conflict);
  CHECK(clean(d, {}, true).value().size() == 1);
  CHECK(fs::exists(old));
}
