#pragma once

#include "actors/node.hpp"
#include "actors/tap/hub.hpp"
#include "gateway/daemons/planned_call.hpp"
#include "gateway/routes/ledger_lines.hpp"

#include <map>

namespace troupe {

/// Who watches live traffic, and with what: the account that the ledger keeps of it.
struct watch_account {
  tenant_id tenant;
  std::string token; ///< id of the credential
  principal_id by;
  std::string filter;
  bool contents = false;

  friend auto operator<=>(watch_account const&, watch_account const&) = default;
};

/// Keeps the account of watches in the ledger, with the credential that was used, and ends those
/// whose credential is good no more. The same watch of the same credential counts once, and is over
/// a while after its last watcher has left: whoever comes back again and again fills no ledger.
/// Thread-safe; no call blocks, except `stop`.
class watch_desk {
public:
  using opened = std::function<void(result<std::uint64_t> number)>;

  /// `linger`: until a watch that nobody has open any more is over.
  watch_desk(node& n, tenant_id const& tenant, traffic::hub& hub,
             duration linger = std::chrono::seconds{30});
  ~watch_desk();
  watch_desk(watch_desk const&) = delete;
  watch_desk& operator=(watch_desk const&) = delete;

  [[nodiscard]] traffic::hub& hub() { return hub_; }
  [[nodiscard]] ledger_shelf& ledger() { return ledger_; }

  /// A watcher comes: `done` is called once its watch is in the ledger, on some thread. `end` is
  /// called at most once, with the reason, when it must go; it must not block. Errors: those of the
  /// ledger, busy (too many watches of this credential), unavailable (the server stops).
  void open(watch_account const& what, std::function<void(std::string_view why)> end,
            opened const& done);
  /// It has left; `records`: so many it was shown.
  void close(std::uint64_t number, std::string_view why, std::uint64_t records);

  /// Calls it in a moment, 100 ms or less.
  void later(std::function<void()> what);

  /// Before the node stops: says in the ledger that what is open is over, and waits for that, 2 s
  /// at most.
  void stop();

private:
  struct entry {
    std::string id; ///< in the ledger
    bool durable = false;
    std::vector<std::pair<std::function<void(std::string_view)>, opened>> waiting;
    std::size_t watchers = 0;
    std::uint64_t records = 0;
    std::string why;
    std::chrono::steady_clock::time_point over{}; ///< where it has no watchers
  };
  struct watcher {
    watch_account of;
    std::function<void(std::string_view why)> end;
  };
  void begun(watch_account const& what, command_result const& r);
  void write_end(watch_account const& what, entry const& e);
  void sweep();
  void call_late();
  void hear(board_event const& e);
  void end_left_open();

  node& n_;
  tenant_id const tenant_;
  traffic::hub& hub_;
  ledger_shelf ledger_;
  duration const linger_;
  std::mutex mutex_;
  std::condition_variable written_;
  std::map<watch_account, entry> entries_;
  std::map<std::uint64_t, watcher> watchers_;
  std::uint64_t numbers_ = 0;
  std::size_t writing_ = 0; ///< ends that are not durable yet
  bool stopping_ = false;
  std::uint64_t listens_ = 0;
  std::vector<std::function<void()>> late_;
  // The last members, so that their threads end first.
  planned_call sweeping_;
  planned_call calling_;
};

} // namespace troupe
