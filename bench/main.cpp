#include "bench/report.hpp"
#include "persistence/memory/memory_store.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

using namespace troupe;
using namespace troupe::bench;

namespace {

std::filesystem::path fresh_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "troupe-bench.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return {};
  return pattern;
}

int usage() {
  std::cerr
      << "usage: troupe_bench [--quick] [--json]\n"
         "TROUPE_BENCH_POSTGRES: URL of a server whose user may create databases; without it\n"
         "Postgres is left out.\n";
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  bool quick = false;
  bool as_json = false;
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == std::string{"--quick"})
      quick = true;
    else if (argv[i] == std::string{"--json"})
      as_json = true;
    else
      return usage();
  }
  spdlog::set_level(spdlog::level::err);
  int const repeats = quick ? 1 : 3;
  auto const folder = fresh_folder();
  int next = 0;
  std::vector<stores> all;
  all.push_back({"memory", [] { return result<store_factory>{open_memory_store()}; }, 1});
  all.push_back({"sqlite",
                 [&] {
                   auto const at = folder / std::to_string(++next);
                   std::filesystem::create_directories(at);
                   return open_sqlite_store(at / "ledger.db");
                 },
                 1});
  if (auto const* url = std::getenv("TROUPE_BENCH_POSTGRES"); url != nullptr && *url != 0) {
    // bench/run makes databases bench1, bench2, … ahead: a store wants an empty one each time.
    all.push_back({"postgres",
                   [&, base = std::string{url}] {
                     return open_postgres_store(base + "/bench" + std::to_string(++next));
                   },
                   2});
  }
  std::vector<measure> out;
  auto const add = [&](std::vector<measure> more) {
    for (auto& m : more) {
      if (!as_json)
        std::cerr << json::canonical(json::to(m)) << std::endl;
      out.push_back(std::move(m));
    }
  };
  int bad = 0;
  add(messages(repeats));
  for (auto const& s : all) {
    next = 0;
    auto a = appends(s, repeats);
    if (a)
      add(std::move(*a));
    else
      bad += (std::cerr << s.name << " appends: " << a.error().message << std::endl, 1);
    if (s.name == "memory")
      continue;
    auto t = tickets(s, quick ? std::vector<int>{1, 100} : std::vector<int>{1, 10, 100, 1000});
    if (t)
      add(std::move(*t));
    else
      bad += (std::cerr << s.name << " tickets: " << t.error().message << std::endl, 1);
  }
  if (auto m = idle_ticket())
    add({std::move(*m)});
  else
    bad += (std::cerr << "memory: " << m.error().message << std::endl, 1);
  std::filesystem::remove_all(folder);
  if (as_json)
    std::cout << json::canonical(json::to(out)) << std::endl;
  else
    std::cout << table(out);
  return bad == 0 ? 0 : 1;
}
