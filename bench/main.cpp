#include "bench/measures.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

using namespace troupe;
using namespace troupe::bench;

namespace {

constexpr char help[] =
    R"(usage: troupe_bench [--quick] [--only WHAT,...] [--json] [--out FILE] [--folder DIR]

Measures this build: how many round trips, durable appends and whole tickets a second, and how many
bytes an idle ticket needs. The stores are new, in DIR, and are removed again.

  --quick        one short repeat of each, fewer levels (half a minute instead of five)
  --only LIST    of floor, messages, appends, tickets, memory, and of memory-store, sqlite, postgres;
                 a measure runs if it is named (or none is), in the stores that are named (or all)
  --json         the report as JSON on standard output instead of the table
  --out FILE     the report as JSON into a file as well
  --folder DIR   where the stores are made (default: the system's folder for temporary files)

Environment: TROUPE_BENCH_POSTGRES, URL without a database of a server whose user may create
databases (without it Postgres is left out); TROUPE_BENCH_COMMIT, recorded in the report.

Examples:
  troupe_bench --quick --only appends
  troupe_bench --only tickets,sqlite --json
)";

struct options {
  bool quick = false;
  bool as_json = false;
  std::vector<std::string> only;
  std::string out;
  std::string folder = std::filesystem::temp_directory_path();

  [[nodiscard]] bool wants(std::string const& name, std::vector<std::string> const& group) const {
    auto const named = [&](std::string const& x) {
      return std::find(only.begin(), only.end(), x) != only.end();
    };
    return named(name) || std::none_of(group.begin(), group.end(), named);
  }
  [[nodiscard]] bool what(std::string const& name) const { return wants(name, whats()); }
  [[nodiscard]] bool store(std::string const& name) const { return wants(name, places()); }
  static std::vector<std::string> const& whats() {
    static std::vector<std::string> const all{"floor", "messages", "appends", "tickets", "memory"};
    return all;
  }
  static std::vector<std::string> const& places() {
    static std::vector<std::string> const all{"memory-store", "sqlite", "postgres"};
    return all;
  }
};

bool known(std::string const& name) {
  auto const in = [&](auto const& all) {
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  return in(options::whats()) || in(options::places());
}

/// Reads the arguments; answers the exit code where the program ends here.
std::optional<int> read(int argc, char** argv, options& o) {
  for (int i = 1; i < argc; ++i) {
    std::string const arg = argv[i];
    auto const value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
    if (arg == "--help" || arg == "-h") {
      std::cout << help;
      return 0;
    }
    if (arg == "--quick")
      o.quick = true;
    else if (arg == "--json")
      o.as_json = true;
    else if (arg == "--out")
      o.out = value();
    else if (arg == "--folder")
      o.folder = value();
    else if (arg == "--only") {
      auto const list = value() + ",";
      for (std::size_t at = 0, end = 0; (end = list.find(',', at)) != std::string::npos;
           at = end + 1) {
        auto const name = list.substr(at, end - at);
        if (!known(name)) {
          std::cerr << "troupe_bench: there is no measure or store \"" << name << "\"\n" << help;
          return 2;
        }
        o.only.push_back(name);
      }
    } else {
      std::cerr << "troupe_bench: unknown argument " << arg << '\n' << help;
      return 2;
    }
  }
  return std::nullopt;
}

class collector {
public:
  explicit collector(report& r) : report_(r) {}
  void add(std::string const& what, result<std::vector<measure>> more) {
    if (!more) {
      std::cerr << "bench: " << what << ": " << more.error().message << std::endl;
      ++failed_;
      return;
    }
    for (auto& m : *more) {
      std::cerr << "bench: " << m.what << ' ' << m.where << ' ' << m.level << ": "
                << (m.bytes > 0 ? m.bytes : m.rate) << (m.bytes > 0 ? " bytes" : " a second")
                << std::endl;
      report_.measures.push_back(std::move(m));
    }
  }
  void add(std::string const& what, result<measure> m) {
    add(what, m ? result<std::vector<measure>>{std::vector<measure>{std::move(*m)}}
                : result<std::vector<measure>>{m.error()});
  }
  [[nodiscard]] int failed() const { return failed_; }

private:
  report& report_;
  int failed_ = 0;
};

int measure_all(options const& o, std::string const& folder, report& r) {
  timing t;
  if (o.quick)
    t = {seconds{0.3}, seconds{1}, 1};
  r.repeats = t.repeats;
  r.on = this_machine(folder);
  if (auto const* commit = std::getenv("TROUPE_BENCH_COMMIT"); commit != nullptr)
    r.on.commit = commit;
  collector all{r};
  std::string url;
  if (auto const* at = std::getenv("TROUPE_BENCH_POSTGRES"); at != nullptr && o.store("postgres"))
    url = at;
  if (!url.empty()) {
    auto const settings = postgres_settings(url);
    if (settings)
      r.on.postgres = *settings;
    else
      all.add("postgres", result<measure>{settings.error()});
  }
  std::vector<stores> places;
  if (o.store("memory-store"))
    places.push_back(memory_stores());
  if (o.store("sqlite"))
    places.push_back(sqlite_stores(folder));
  if (!r.on.postgres.empty())
    places.push_back(postgres_stores(url));

  if (o.what("floor") && o.store("sqlite"))
    all.add("floor", sqlite_floor(folder, t));
  if (o.what("floor") && !r.on.postgres.empty())
    all.add("floor", postgres_floor(url, t));
  if (o.what("messages")) {
    all.add("messages", messages(t));
    all.add("messages", queries(t));
  }
  for (auto const& s : places) {
    if (o.what("appends"))
      all.add("appends " + s.name, appends(s, t));
  }
  auto const levels = o.quick ? std::vector<int>{1, 100} : std::vector<int>{1, 10, 100, 1000};
  for (auto const& s : places) {
    if (o.what("tickets") && s.name != "memory")
      all.add("tickets " + s.name, tickets(s, levels, t));
  }
  if (o.what("memory"))
    all.add("memory", idle_tickets(sqlite_stores(folder), o.quick ? 2'000 : 10'000));
  return all.failed();
}

} // namespace

int main(int argc, char** argv) {
  options o;
  if (auto const code = read(argc, argv, o))
    return *code;
  spdlog::set_level(spdlog::level::warn);
  auto folder = o.folder + "/troupe-bench.XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) {
    std::cerr << "troupe_bench: cannot make a folder in " << o.folder << '\n';
    return 1;
  }
  report r;
  int const failed = measure_all(o, folder, r);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  auto const text = json::canonical(json::to(r));
  if (!o.out.empty())
    std::ofstream{o.out} << text << '\n';
  if (o.as_json)
    std::cout << text << std::endl;
  else
    std::cout << table(r);
  return failed == 0 ? 0 : 1;
}
