#include "tests/faults/report.hpp"
#include "tests/faults/scenario.hpp"
#include "tests/support/temporary_folder.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iostream>

using namespace troupe;
using namespace troupe::faults;

namespace {

std::vector<scenario> all_scenarios() {
  std::vector<scenario> out;
  add_crash_scenarios(out);
  add_database_scenarios(out);
  add_time_scenarios(out);
  add_client_scenarios(out);
  add_disk_scenarios(out);
  add_size_scenarios(out);
  add_ledger_scenarios(out);
  return out;
}

std::string store_name(store_kind k) {
  return std::string{json::to(k).get_string()};
}

/// `F5` names F5, F5b and the like, too.
bool is_wanted(std::string const& id, std::vector<std::string> const& only) {
  return only.empty() || std::any_of(only.begin(), only.end(), [&](auto const& o) {
           return id == o || (id.starts_with(o) && id.size() == o.size() + 1 &&
                              std::isalpha(static_cast<unsigned char>(id.back())) != 0);
         });
}

void list(std::vector<scenario> const& all, bool as_json) {
  for (auto const& s : all) {
    json::array on;
    std::string stores;
    for (auto const k : s.on) {
      on.emplace_back(store_name(k));
      stores += (stores.empty() ? "" : ", ") + store_name(k);
    }
    if (as_json)
      std::cout << json::canonical(json::object{
                       {"id", s.id}, {"title", s.title}, {"stores", on}, {"quick", s.quick}})
                << '\n';
    else
      std::cout << s.id << std::string(s.id.size() < 6 ? 6 - s.id.size() : 1, ' ') << s.title
                << " (" << stores << (s.quick ? "; in CI" : "") << ")\n";
  }
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Real binaries on real stores, with faults, judged by checkers C1 to C10."};
  std::vector<std::string> only;
  std::string store, keep, into;
  std::uint64_t seed = 0;
  int repeat = 1;
  bool quick = false, as_json = false, just_list = false;
  app.add_option("--only", only, "faults by id, e.g. F5 or F1,F3")->delimiter(',');
  app.add_option("--store", store, "sqlite or postgres; left out: both");
  app.add_option("--seed", seed, "of all random choices; left out: another one each time");
  app.add_option("--repeat", repeat, "each fault so many times, with other seeds");
  app.add_option("--keep", keep, "folder to keep histories, ledgers and logs of failures in");
  app.add_option("--report", into, "file to write the table into");
  app.add_flag("--quick", quick, "the bounded form for CI: fewer faults, fewer of each");
  app.add_flag("--json", as_json, "one line of JSON for each run");
  app.add_flag("--list", just_list, "what there is");
  CLI11_PARSE(app, argc, argv);

  auto const all = all_scenarios();
  if (just_list) {
    list(all, as_json);
    return 0;
  }
  if (seed == 0)
    seed = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) %
           1'000'000;
  if (!as_json)
    std::cout << "seed " << seed << std::endl;

  bool const terminal = ::isatty(1) != 0;
  std::vector<row> rows;
  for (auto const& s : all) {
    if (!is_wanted(s.id, only) || (quick && only.empty() && !s.quick))
      continue;
    for (auto const kind : s.on) {
      if (!store.empty() && store != store_name(kind))
        continue;
      // CI has a minute and a half: each fault on one store, by the seed; crash points on both.
      if (quick && only.empty() && store.empty() && s.on.size() > 1 && s.id != "F1" &&
          kind != s.on[(seed + rows.size()) % s.on.size()])
        continue;
      for (int i = 0; i < repeat; ++i) {
        test::temporary_folder folder;
        setting with;
        with.store = kind;
        with.seed = seed + static_cast<std::uint64_t>(i);
        with.quick = quick;
        with.home = folder.path();
        row r;
        r.id = s.id;
        r.title = s.title;
        r.store = store_name(kind);
        with.tell = [&](std::string const& what) {
          if (terminal && !as_json)
            std::cout << "\r\033[K" << s.id << " " << r.store << ": " << what << std::flush;
        };
        with.tell(s.title);
        auto const begun = std::chrono::steady_clock::now();
        try {
          if (kind == store_kind::postgres) {
            if (!test::postgres_server::installed())
              throw not_here{"PostgreSQL is not installed"};
            with.db = &test::postgres_server::shared();
          }
          r.found = s.body(with);
          r.how = r.found.empty() ? "pass" : "FAIL";
        } catch (not_here const& e) {
          r.how = "skipped";
          r.found = {e.what()};
        } catch (std::exception const& e) {
          r.how = "BROKEN";
          r.found = {e.what()};
        }
        r.count = with.count;
        r.faults = with.runs;
        r.figures = with.figures;
        r.seed = with.seed;
        r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        if (r.bad() && !keep.empty()) {
          auto const to =
              std::filesystem::path{keep} / (r.id + "-" + r.store + "-" + std::to_string(r.seed));
          std::error_code ec;
          std::filesystem::create_directories(to.parent_path(), ec);
          std::filesystem::copy(folder.path(), to, std::filesystem::copy_options::recursive, ec);
        }
        if (terminal && !as_json)
          std::cout << "\r\033[K";
        std::cout << (as_json ? r.as_json() : r.as_line()) << std::endl;
        rows.push_back(std::move(r));
      }
    }
  }
  if (!as_json)
    std::cout << '\n' << table_of(rows);
  if (!into.empty())
    write_report(into, rows, quick);
  return std::any_of(rows.begin(), rows.end(), [](auto const& r) { return r.bad(); }) ? 1 : 0;
}
