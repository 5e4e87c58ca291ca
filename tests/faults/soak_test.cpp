#include "tests/faults/soak.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::faults;

namespace {

/// Ten minutes as they should be: 100 writes a second of 1 to 10 ms, 100 MiB, 40 files.
struct even_run {
  soak_settings s;
  std::vector<soak_window> windows;
  std::vector<soak_sample> samples;

  even_run() {
    s.length = std::chrono::minutes{10};
    for (int at = 0; at < 600; at += 10) {
      soak_window w;
      w.at = at;
      w.rss_kb = 100 * 1024;
      w.fds = 40;
      windows.push_back(w);
    }
    for (int n = 0; n < 60'000; ++n)
      samples.push_back({n / 100.0, 1.0 + n % 10});
  }
  [[nodiscard]] findings found() const { return compare_ends(windows, samples, s); }
};

} // namespace

TEST_CASE("soak: an end like the beginning passes, whatever was between", "[faults]") {
  even_run r;
  for (auto& x : r.samples)
    if (x.due > 200 && x.due < 420)
      x.ms *= 1000;
  CHECK(r.found().empty());
}

TEST_CASE("soak: what got slower or larger is found", "[faults]") {
  even_run r;
  SECTION("slower writes") {
    for (auto& x : r.samples)
      if (x.due > 450 && static_cast<int>(x.due * 100) % 50 == 0)
        x.ms = 40;
  }
  SECTION("memory") {
    for (auto& w : r.windows)
      w.rss_kb += w.at > 300 ? 90 * 1024 : 0;
  }
  SECTION("files") {
    for (auto& w : r.windows)
      w.fds += w.at > 300 ? 20 : 0;
  }
  SECTION("no writes at the end") {
    std::erase_if(r.samples, [](auto const& x) { return x.due > 400; });
  }
  CHECK(r.found().size() == 1);
}
