#include "tests/faults/report.hpp"
#include "tests/faults/soak.hpp"
#include "tests/support/temporary_folder.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <optional>

using namespace troupe;
using namespace troupe::faults;

int main(int argc, char** argv) {
  CLI::App app{
      "An even load for a long time, with a fault every minute: nothing may be lost, and what "
      "a write costs at the end is what it cost at the beginning."};
  app.footer("Examples:\n  troupe-soak\n  troupe-soak --minutes 10 --store sqlite --json");
  std::string store = "postgres", into, keep;
  int minutes = 30;
  bool as_json = false;
  soak_settings with;
  app.add_option("--minutes", minutes, "with 3 quiet ones at the beginning and at the end (30)")
      ->check(CLI::Range(8, 120));
  app.add_option("--store", store, "postgres or sqlite (postgres)")
      ->check(CLI::IsMember({"postgres", "sqlite"}));
  app.add_option("--share", with.share, "of what the clients reach when nothing holds them (0.8)")
      ->check(CLI::Range(0.05, 1.0));
  app.add_option("--seed", with.seed, "which fault is the first (1)");
  app.add_option("--report", into, "folder to write soak.md and soak.svg into");
  app.add_option("--keep", keep, "folder to keep history, ledger and logs in");
  app.add_flag("--json", as_json, "the report as JSON, with every window");
  CLI11_PARSE(app, argc, argv);

  with.length = std::chrono::minutes{minutes};
  with.store = store == "sqlite" ? store_kind::sqlite : store_kind::postgres;
  bool const terminal = ::isatty(2) != 0;
  with.tell = [&](std::string const& what) {
    std::cerr << (terminal ? "\r\033[K" : "") << "soak: " << what << (terminal ? "" : "\n")
              << std::flush;
  };
  test::temporary_folder folder;
  with.home = folder.path() / "lab";
  std::filesystem::create_directory(with.home);
  std::optional<test::postgres_server> own;
  auto const keep_all = [&] {
    std::error_code ec;
    if (!keep.empty())
      std::filesystem::copy(with.home, keep,
                            std::filesystem::copy_options::recursive |
                                std::filesystem::copy_options::overwrite_existing,
                            ec);
    if (ec)
      std::cerr << "soak: not all is kept in " << keep << ": " << ec.message() << '\n';
  };
  try {
    if (with.store == store_kind::postgres) {
      if (!test::postgres_server::installed()) {
        std::cerr << "soak: PostgreSQL is not installed; --store sqlite does without\n";
        return 2;
      }
      own.emplace(true);
      with.db = &*own;
    }
    auto const r = run_soak(with);
    if (terminal)
      std::cerr << "\r\033[K";
    std::cout << (as_json ? json::canonical(json::to(r)) + "\n" : soak_text(r, with));
    if (!into.empty()) {
      auto const file = std::filesystem::path{into} / "soak.md";
      auto text = read_text(file);
      replace_part(text, "soak",
                   soak_text(r, with) +
                       "\n![latency, rate, memory and open files over time](soak.svg)\n");
      std::ofstream{file} << text;
      std::ofstream{std::filesystem::path{into} / "soak.svg"} << soak_graph(r);
    }
    keep_all();
    return r.found.empty() ? 0 : 1;
  } catch (std::exception const& e) {
    std::cerr << "soak: " << e.what() << '\n';
    keep_all();
    return 2;
  }
}
