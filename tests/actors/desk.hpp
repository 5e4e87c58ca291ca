#pragma once

#include "actors/journal.hpp"
#include "tests/actors/asker.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

/// A journal and what is given to it, without a node.
namespace troupe::test {

/// One event of project `p<n>`, which has none yet; claims its shard.
inline unit a_unit(event_store& store, int n, std::string id) {
  entity_ref const stream{tenant_id{"default"}, entity_kind::project, "p" + std::to_string(n)};
  unit u;
  u.shard = shard_of(stream);
  u.epoch = store.claim(u.shard, "test").value();
  u.tenant = stream.tenant;
  new_event e;
  e.event_id = std::move(id);
  e.type = "project.archived";
  e.at = time_point{duration{1'750'000'000'000}};
  e.principal = "human:ada";
  e.cause = "c1";
  e.data = "{}";
  e.hash = chain_hash(no_hash(), stream, 1, e);
  u.writes.push_back({stream, 0, {std::move(e)}, std::nullopt});
  return u;
}

/// Appends one unit after another and keeps the answers.
class desk {
public:
  explicit desk(journal& log) : log_(log) {
    taker_ = system_.spawn<test::asker>([this](appended const& a) {
      std::lock_guard lock{mutex_};
      answers_.emplace(a.id, a.outcome);
      changed_.notify_all();
    });
  }
  ~desk() {
    log_.stop(std::chrono::seconds{5});
    caf::anon_send_exit(taker_, caf::exit_reason::user_shutdown);
  }
  void append(unit u, std::uint64_t id, bool asked) {
    log_.append(std::move(u), {id, taker_, asked, nullptr});
  }
  /// The answer, when it comes.
  result<unit_result> answer(std::uint64_t id) {
    std::unique_lock lock{mutex_};
    REQUIRE(
        changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return answers_.contains(id); }));
    return answers_.at(id);
  }
  [[nodiscard]] bool answered(std::uint64_t id) {
    std::lock_guard lock{mutex_};
    return answers_.contains(id);
  }

private:
  journal& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, result<unit_result>> answers_;
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  caf::actor taker_;
};

} // namespace troupe::test
