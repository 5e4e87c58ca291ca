#include "bench/costs.hpp"

#include "bench/options.hpp"
#include "persistence/postgres/session.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace troupe::bench {

namespace {

/// The number after `key` in a file of `key: number` lines.
double field(std::string const& file, std::string_view key) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ':')
      return std::strtod(line.c_str() + key.size() + 1, nullptr);
  }
  return 0;
}

double own_cpu() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  auto const s = [](timeval const& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return s(u.ru_utime) + s(u.ru_stime);
}

double own_wakeups() {
  double sum = 0;
  std::error_code gone;
  for (auto const& thread : std::filesystem::directory_iterator{"/proc/self/task", gone})
    sum += field(thread.path() / "status", "voluntary_ctxt_switches");
  return sum;
}

/// A line of /proc/PID/stat; `parent` 0: there is no such process.
struct process {
  long parent = 0;
  double ticks = 0; ///< with those of children that have ended
  std::string name;
};

process look_at(long pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::ostringstream all;
  all << in.rdbuf();
  auto const line = all.str();
  auto const open = line.find('(');
  auto const close = line.rfind(')'); // the name may hold anything
  if (open == std::string::npos || close == std::string::npos)
    return {};
  process p;
  p.name = line.substr(open + 1, close - open - 1);
  std::istringstream rest{line.substr(close + 2)};
  std::string skipped;
  rest >> skipped >> p.parent;
  for (int i = 0; i < 9; ++i) // pgrp to cmajflt
    rest >> skipped;
  for (int i = 0; i < 4; ++i) { // utime, stime, cutime, cstime
    double t = 0;
    rest >> t;
    p.ticks += t;
  }
  return p;
}

/// CPU seconds of a process and its children.
double cpu_below(long root) {
  double ticks = look_at(root).ticks;
  std::error_code gone;
  for (auto const& entry : std::filesystem::directory_iterator{"/proc", gone}) {
    auto const pid = std::strtol(entry.path().filename().c_str(), nullptr, 10);
    if (pid <= 0 || pid == root)
      continue;
    auto const p = look_at(pid);
    if (p.parent == root)
      ticks += p.ticks;
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

} // namespace

spent operator-(spent const& a, spent const& b) {
  return {a.cpu_s - b.cpu_s,         a.cpu_store_s - b.cpu_store_s, a.fsyncs - b.fsyncs,
          a.log_bytes - b.log_bytes, a.wakeups - b.wakeups,         a.writes - b.writes};
}

struct cost_meter::connection {
  explicit connection(std::string const& url) : db(url) {
    static constexpr char where[] =
        "select pg_backend_pid(), coalesce(host(inet_server_addr()), ''), "
        "current_setting('server_version_num')::int";
    auto const row = db.query(where);
    auto const backend = static_cast<long>(row.number(0, 0));
    auto const address = row.text(0, 1);
    bool const local = address.empty() || address.starts_with("127.") || address == "::1";
    auto const p = look_at(backend);
    if (local && p.name.starts_with("postgres"))
      postmaster = p.parent;
    counts_syncs = row.number(0, 2) < 180000; // they moved to pg_stat_io then
  }
  postgres::session db;
  long postmaster = 0; ///< 0: not on this machine
  bool counts_syncs = true;
};

cost_meter::cost_meter(place const& at) {
  if (!is_postgres(at.address))
    return;
  try {
    to_ = std::make_unique<connection>(at.address);
  } catch (postgres::failure const&) {
    to_.reset(); // the costs of Postgres stay 0; whether it is there is not the meter's to say
  }
}

cost_meter::~cost_meter() = default;

spent cost_meter::read() {
  spent s;
  s.cpu_s = own_cpu();
  s.wakeups = own_wakeups();
  s.writes = field("/proc/self/io", "syscw");
  if (to_ == nullptr) {
    s.fsyncs = static_cast<double>(syncs_so_far());
    s.log_bytes = field("/proc/self/io", "wchar");
    return s;
  }
  try {
    static constexpr char log[] = "select (pg_current_wal_insert_lsn() - '0/0')::bigint";
    static constexpr char syncs[] = "select wal_sync from pg_stat_wal";
    s.log_bytes = static_cast<double>(to_->db.query(log).number(0, 0));
    if (to_->counts_syncs)
      s.fsyncs = static_cast<double>(to_->db.query(syncs).number(0, 0));
    if (to_->postmaster != 0)
      s.cpu_store_s = cpu_below(to_->postmaster);
  } catch (postgres::failure const&) { // NOLINT(bugprone-empty-catch)
    // As above.
  }
  return s;
}

} // namespace troupe::bench
