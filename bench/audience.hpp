#pragma once

#include "actors/tap/hub.hpp"
#include "bench/histogram.hpp"

#include <deque>

namespace troupe::bench {

/// So many who watch live traffic, served by a thread of their own, which takes the lines of each
/// and puts them together as the gateway does for its clients.
class audience {
public:
  /// `rate`: records a second and watcher. `stalled`: so many more that never take a line. Throws
  /// where the hub refuses one.
  audience(tenant_id const& tenant, int watchers, std::uint32_t rate, int stalled = 0);
  ~audience();
  audience(audience const&) = delete;
  audience& operator=(audience const&) = delete;

  struct heard {
    std::uint64_t lines = 0;
    std::uint64_t missed = 0; ///< said in gaps
    histogram delay;          ///< from the choke point to the watcher, of one of them
  };
  /// What was heard since the last call.
  [[nodiscard]] heard take();

private:
  std::shared_ptr<traffic::subscription> watched(traffic::watch_request const& r,
                                                 std::function<void()> lines_are_there);
  void run();
  void serve(std::size_t who);
  void note(traffic::line const& l, bool timed);

  traffic::hub hub_;
  std::vector<std::shared_ptr<traffic::subscription>> watchers_;
  std::vector<std::shared_ptr<traffic::subscription>> stalled_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> ready_;
  bool over_ = false;
  heard heard_;
  std::string written_;
  std::thread thread_;
};

} // namespace troupe::bench
