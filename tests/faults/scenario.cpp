#include "tests/faults/scenario.hpp"

#include <algorithm>
#include <random>

namespace troupe::faults {

lab_settings setting::place(std::string const& name) {
  lab_settings out;
  out.store = store;
  out.home = home / name;
  std::filesystem::create_directories(out.home);
  if (store == store_kind::postgres)
    out.url = new_database();
  return out;
}

std::string setting::new_database() {
  return db->new_database();
}

int setting::random(int from, int to) {
  std::mt19937_64 r{seed * 7919 + ++drawn_};
  return std::uniform_int_distribution<int>{from, to}(r);
}

findings under_load(setting& s, lab_settings const& where, load_settings how,
                    std::function<findings(lab&, load&)> const& faults) {
  lab l{where};
  l.open();
  how.seed = s.seed;
  findings out;
  {
    load w{l, how};
    if (!w.await_more(10))
      throw broken{"the load does not get going: " + l.server_log()};
    out = faults(l, w);
    if (!w.await_more(10, std::chrono::seconds{40}))
      out.push_back("C6: the clients are not served any more after the faults");
    w.stop();
  }
  for (auto& f : l.judge(s.count))
    out.push_back(std::move(f));
  return out;
}

std::vector<double> latencies(lab& on, std::string const& ticket, int count,
                              std::string const& keys) {
  std::vector<double> out;
  for (int i = 0; i < count; ++i) {
    auto const begun = std::chrono::steady_clock::now();
    auto const a = on.call("POST", "/api/tickets/" + ticket + "/comments", R"({"text":"measured"})",
                           keys + std::to_string(i));
    if (a.ok())
      out.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
              .count());
  }
  std::sort(out.begin(), out.end());
  return out;
}

double quantile(std::vector<double> const& sorted, double q) {
  if (sorted.empty())
    return 0;
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(q * static_cast<double>(sorted.size())))];
}

} // namespace troupe::faults
