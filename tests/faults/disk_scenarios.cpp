#include "tests/faults/scenario.hpp"
#include "tests/faults/shared_number.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>

namespace troupe::faults {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A file system of its own, small, in memory. Needs root.
class small_disk {
public:
  small_disk(fs::path at, int megabytes) : at_(std::move(at)) {
    fs::create_directories(at_);
    auto const r =
        demo::run({"mount", "-t", "tmpfs", "-o",
                   "size=" + std::to_string(megabytes) + "m,mode=0755", "tmpfs", at_.string()});
    if (r.exit_code != 0)
      throw not_here{"no tmpfs can be mounted here (it needs root): " + r.output};
  }
  ~small_disk() { (void)demo::run({"umount", "-l", at_.string()}); }
  small_disk(small_disk const&) = delete;
  small_disk& operator=(small_disk const&) = delete;

  [[nodiscard]] fs::path const& path() const { return at_; }
  /// Until nothing more goes in.
  void fill() {
    int const fd = ::open((at_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    std::string const block(4096, 'x');
    while (::write(fd, block.data(), block.size()) > 0) {
    }
    ::close(fd);
  }
  void clear() { fs::remove(at_ / "filler"); }

private:
  fs::path at_;
};

/// The word that the preloaded library looks at.
class io_rules {
public:
  enum rule : int { none = 0, sync_fails = 1, write_fails = 2, disk_full = 3 };

  explicit io_rules(fs::path const& folder)
      : now_(folder / "io-rules"), shadow_(folder / "shadow") {
    fs::create_directories(shadow_);
  }

  void set(rule r) { now_.set(r); }
  [[nodiscard]] fs::path const& shadow() const { return shadow_; }
  [[nodiscard]] variables for_data(fs::path const& data, bool shadowed) const {
    variables out{{"LD_PRELOAD", TROUPE_FAULTY_IO},
                  {"TROUPE_IO_RULES", now_.file().string()},
                  {"TROUPE_IO_UNDER", data.string()}};
    if (shadowed)
      out["TROUPE_IO_SHADOW"] = shadow_.string();
    return out;
  }

private:
  shared_number now_;
  fs::path shadow_;
};

/// While the disk takes nothing: commands are refused soon, with the cause; nothing is
/// acknowledged.
void refuses(lab& l, findings& out, std::string_view fault, bool at_once) {
  std::string last;
  if (!comes(
          [&] {
            auto const a = l.call("POST", "/api/projects",
                                  R"({"id":"no","config":{"repository":"/srv/x.git"}})");
            last = std::to_string(a.status) + " " + a.body;
            return a.status == 503;
          },
          seconds{30}))
    out.push_back("with " + std::string{fault} + " a command is not refused: " + last);
  auto const before = l.record().acknowledged();
  std::this_thread::sleep_for(milliseconds{700}); // the length of the fault
  // On a full disk what is small may still fit in: it is durable then, as C1 sees.
  if (at_once && l.record().acknowledged() > before)
    out.push_back("with " + std::string{fault} + " something was acknowledged");
  if (!l.server_runs())
    out.push_back("with " + std::string{fault} + " the server ended");
}

findings full_ledger_disk(setting& s) {
  auto where = s.place();
  small_disk disk{where.home / "disk", 24};
  where.data = disk.path() / "server";
  load_settings how;
  how.patience = seconds{60};
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    for (int i = 0; i < (s.quick ? 1 : 3); ++i) {
      auto const pid = l.server().pid();
      l.strike(
          "the ledger's disk is full",
          [&] {
            disk.fill();
            refuses(l, out, "a full disk", false);
          },
          [&] { disk.clear(); });
      ++s.runs;
      if (!w.await_more(5))
        out.push_back("C6: no progress after space is back");
      if (!l.server_runs() || l.server().pid() != pid)
        out.push_back("the server had to be started again");
    }
    return out;
  });
}

findings full_daemon_disk(setting& s) {
  auto where = s.place();
  small_disk disk{where.home / "disk", 48};
  where.daemon_data = disk.path();
  load_settings how;
  how.patience = seconds{60};
  how.tickets = 8;
  how.pause = milliseconds{100};
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    l.strike(
        "the daemon's disk is full",
        [&] {
          disk.fill();
          (void)w.await_more(10);
          std::this_thread::sleep_for(seconds{2}); // the length of the fault
        },
        [&] { disk.clear(); });
    ++s.runs;
    if (!l.daemon(0).running())
      out.push_back("the daemon ended: " + l.daemon_log(0));
    return out;
  });
}

/// PostgreSQL itself stops when its log finds no space, and is started again by its operator.
findings full_database_disk(setting& s) {
  auto where = s.place("lab");
  small_disk disk{where.home / "disk", 220};
  // The server runs as another account.
  for (auto const& folder : {s.home, where.home, disk.path()})
    fs::permissions(folder, fs::perms{0755});
  auto const before =
      std::string{std::getenv("TMPDIR") == nullptr ? "/tmp" : std::getenv("TMPDIR")};
  ::setenv("TMPDIR", disk.path().c_str(), 1);
  std::optional<test::postgres_server> own;
  own.emplace();
  ::setenv("TMPDIR", before.c_str(), 1);
  where.url = own->new_database();
  load_settings how;
  how.patience = seconds{90};
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    l.strike(
        "the database's disk is full",
        [&] {
          disk.fill();
          // Its log has room in the present segment: write until that is full, too.
          std::string const big(50'000, 'y');
          (void)comes(
              [&] {
                return l.call("POST", "/api/sources?project=p&name=big", "Ada: " + big).status ==
                       503;
              },
              seconds{40});
          refuses(l, out, "a full disk of the database", false);
        },
        [&] {
          disk.clear();
          own->stop();
          own->start();
        });
    ++s.runs;
    if (!w.await_more(5, seconds{40}))
      out.push_back("C6: no progress after space is back");
    return out;
  });
}

findings failing_disk(setting& s, io_rules::rule rule, std::string const& name) {
  auto where = s.place();
  io_rules rules{where.home};
  load_settings how;
  how.patience = seconds{60};
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    l.kill_and_restart(rules.for_data(l.data(), false));
    l.await_ready();
    for (int i = 0; i < (s.quick ? 1 : 5); ++i) {
      if (!w.await_more(5))
        out.push_back("C6: no progress before " + name);
      l.strike(
          name,
          [&] {
            rules.set(rule);
            refuses(l, out, name, true);
          },
          [&] { rules.set(io_rules::none); });
      ++s.runs;
      if (!w.await_more(5))
        out.push_back("C6: no progress after " + name);
    }
    return out;
  });
}

std::string integrity(fs::path const& file) {
  sqlite3* db = nullptr;
  std::string out = "cannot be opened";
  if (::sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
    auto const take = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0];
      return 0;
    };
    char* why = nullptr;
    if (::sqlite3_exec(db, "pragma integrity_check", take, &out, &why) != SQLITE_OK)
      out = why == nullptr ? "failed" : why;
    ::sqlite3_free(why);
  }
  ::sqlite3_close(db);
  return out;
}

/// What a power cut may leave of a file: of each sector either what was synced last or what was
/// written since, in any mixture, and any length between the two.
void cut_power(fs::path const& synced, fs::path const& written, fs::path const& into,
               std::mt19937_64& random) {
  constexpr std::size_t sector = 512;
  auto const coin = [&] { return std::uniform_int_distribution<int>{0, 1}(random) == 1; };
  auto const safe = read_text(synced);
  auto fresh = read_text(written);
  if (!fs::exists(synced) && coin())
    return; // its name never came to the disk
  for (std::size_t at = 0; at < std::max(safe.size(), fresh.size()); at += sector) {
    if (!coin())
      continue;
    // The old sector, or none where the file was shorter.
    if (at >= fresh.size())
      break;
    auto const n = std::min(sector, fresh.size() - at);
    auto const old = at < safe.size() ? safe.substr(at, n) : std::string(n, '\0');
    fresh.replace(at, old.size(), old);
  }
  if (safe.size() < fresh.size() && coin())
    fresh.resize(safe.size());
  std::ofstream{into, std::ios::binary} << fresh;
}

findings power_cuts(setting& s) {
  auto const times = s.quick ? 5 : 100;
  auto where = s.place();
  io_rules rules{where.home};
  load_settings how;
  how.tickets = 6;
  how.pause = milliseconds{1};
  return under_load(s, where, how, [&](lab& l, load& w) {
    findings out;
    // What a process that was killed has written is there for the next one: the first safe state.
    l.server().kill();
    for (auto const* name : {"ledger.db", "ledger.db-wal"})
      if (fs::exists(l.data() / name))
        fs::copy_file(l.data() / name, rules.shadow() / name);
    l.start_server(rules.for_data(l.data(), true));
    l.await_ready();
    std::mt19937_64 random{s.seed};
    std::size_t promised = 0;
    for (int i = 0; i < times && out.size() < 10; ++i) {
      if (!w.await_more(static_cast<std::size_t>(s.random(1, 12)))) {
        out.push_back("C6: no progress before cut " + std::to_string(i + 1));
        break;
      }
      std::this_thread::sleep_for(std::chrono::microseconds{s.random(0, 20'000)}); // any moment
      auto const known = l.record().so_far(); // what was promised by now
      l.signal_server(SIGSTOP);
      auto const image = l.home() / ("cut-" + std::to_string(i));
      fs::create_directories(image);
      for (auto const* name : {"ledger.db", "ledger.db-wal"})
        cut_power(rules.shadow() / name, l.data() / name, image / name, random);
      l.signal_server(SIGCONT);
      ++s.runs;
      auto const name = "cut " + std::to_string(i + 1);
      if (auto const sound = integrity(image / "ledger.db"); sound != "ok") {
        out.push_back(name + ": integrity_check says " + sound);
        continue;
      }
      auto const file = (image / "ledger.jsonl").string();
      auto const r = demo::run({TROUPE_BINARY, "export", "--data", image.string(), "--out", file});
      evidence_of_run e;
      std::ifstream in{file};
      if (r.exit_code != 0 || !read_ledger(in, e)) {
        out.push_back(name + ": the ledger cannot be read: " + r.output);
        continue;
      }
      std::set<std::string> stored;
      for (auto const& x : e.events)
        for (auto& key : marks_in(x.event.data))
          stored.insert(std::move(key));
      for (auto const& o : known.operations)
        if (o.kind != op_kind::read && o.how == outcome::ok) {
          ++promised;
          if (!stored.contains(o.key)) {
            ++s.count.lost;
            out.push_back(name + ": " + o.key + " was acknowledged and is lost");
          }
        }
      for (auto& f : contiguous(e))
        out.push_back(name + ": C2: " + f);
      fs::remove_all(image);
    }
    s.figures.push_back(std::to_string(promised) + " promises looked up in " +
                        std::to_string(s.runs) + " images");
    l.kill_and_restart();
    l.await_ready();
    return out;
  });
}

/// A folder that cannot be written: refused at the start, with what to do.
findings read_only_disk(setting& s) {
  auto where = s.place();
  where.daemons = 0;
  small_disk disk{where.home / "disk", 24};
  where.data = disk.path() / "server";
  findings out;
  {
    lab l{where};
    l.open();
    l.server().stop(seconds{10});
    if (demo::run({"mount", "-o", "remount,ro", disk.path().string()}).exit_code != 0)
      throw not_here{"the disk cannot be made read-only here"};
    auto const before = l.server_log().size();
    l.start_server();
    ++s.runs;
    if (!comes([&] { return !l.server_runs(); }, seconds{15}))
      out.push_back("the server runs on a read-only disk");
    auto const told = l.server_log().substr(before);
    s.figures.push_back("told: " + told.substr(0, told.find('\n')));
    if (told.find("troupe: ") == std::string::npos ||
        told.find(where.data.string()) == std::string::npos)
      out.push_back("the refusal does not name the folder: " + told);
    (void)demo::run({"mount", "-o", "remount,rw", disk.path().string()});
    l.start_server();
    l.await_ready();
    for (auto& f : l.judge(s.count))
      out.push_back(std::move(f));
  }
  return out;
}

} // namespace

void add_disk_scenarios(std::vector<scenario>& out) {
  out.push_back({"F19", "the ledger's disk is full", only_sqlite, true, full_ledger_disk});
  out.push_back({"F19d", "the daemon's disk is full", only_sqlite, false, full_daemon_disk});
  out.push_back(
      {"F19p", "the disk of PostgreSQL is full", only_postgres, false, full_database_disk});
  out.push_back({"F19r", "the data folder is read-only", only_sqlite, true, read_only_disk});
  out.push_back({"F19e", "writes fail (EIO)", only_sqlite, false, [](setting& s) {
                   return failing_disk(s, io_rules::write_fails, "writes that fail");
                 }});
  out.push_back({"F20", "fsync fails", only_sqlite, false, [](setting& s) {
                   return failing_disk(s, io_rules::sync_fails, "syncs that fail");
                 }});
  out.push_back(
      {"F21", "power cuts: unsynced sectors come or do not", only_sqlite, true, power_cuts});
}

} // namespace troupe::faults
