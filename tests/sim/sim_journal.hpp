#pragma once

#include "actors/ports.hpp"
#include "tests/sim/context.hpp"

#include <deque>
#include <set>

namespace troupe::sim {

/// The database's side of an append: stores, and shows the auditor what was stored. It outlives
/// servers: what one has sent arrives also when it is dead.
class database {
public:
  explicit database(context& c) : c_(c) {}
  [[nodiscard]] result<std::vector<unit_result>> append(std::vector<unit> units);

private:
  context& c_;
};

/// Group commit in virtual time, as `journal` does it with threads: a batch under way for each
/// writer, an outcome that is not known is asked for again with the same ids, one answer a unit.
class sim_journal : public journal_port {
public:
  using observer = std::function<void(committed_ptr)>;
  sim_journal(context& c, database& db, int writers);
  ~sim_journal() override { *alive_ = false; }
  sim_journal(sim_journal const&) = delete;
  sim_journal& operator=(sim_journal const&) = delete;

  void observe(observer o) { observer_ = std::move(o); }
  void on_fenced(std::function<void()> f) { on_fenced_ = std::move(f); }
  /// The server is dead: nothing of this is heard of any more.
  void die();

  void append(unit what, append_caller caller) override;
  void load(entity_ref stream, stream_part what, caf::actor reply_to) override;
  void keep(std::function<snapshot()> make) override;
  [[nodiscard]] bool accepts() const override { return queued_ < queue_limit; }
  [[nodiscard]] std::optional<error> away() const override;
  void find_inbox(tenant_id tenant, std::string source, std::string key,
                  std::function<void(result<std::optional<inbox_entry>>)> done) override;
  /// Runs a read later, as on a reader's thread.
  void read(std::function<void(event_store&)> work);
  [[nodiscard]] bool idle() const { return queued_ == 0; }
  [[nodiscard]] std::uint64_t conflicts() const { return conflicts_; }
  /// Whether the entity of this stream has run: it has read the stream, or written to it.
  [[nodiscard]] bool has_run(entity_ref const& of) const { return ran_.contains(of); }
  /// The entities of this shard go down.
  void shard_down(std::uint32_t shard);

private:
  static constexpr std::size_t queue_limit = 2000;
  enum class fate { stored, before, unsent, lost_answer, limbo };
  struct entry {
    unit what;
    append_caller caller;
  };
  struct writer {
    std::deque<entry> queue;
    std::vector<entry> batch;
    bool doubtful = false;
    duration wait{200};
    std::optional<error> away;
  };
  void pump(std::size_t w);
  void send(std::size_t w);
  void answered(std::size_t w, result<std::vector<unit_result>> const& answers);
  void not_known(std::size_t w, error const& why);
  void tell(entry const& e, result<unit_result> outcome);
  [[nodiscard]] fate choose();
  [[nodiscard]] duration trip();
  /// Calls `what` after a while, unless the server is dead then.
  template <class What>
  void later(duration wait, What what) {
    c_.time.after(wait, [alive = alive_, what = std::move(what)]() mutable {
      if (*alive)
        what();
    });
  }

  context& c_;
  database& db_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<writer> writers_;
  /// Who waits for a stream. Here, and not in a planned call: a dead server lets go of its actors.
  std::map<std::uint64_t, caf::actor> loads_;
  std::uint64_t load_count_ = 0;
  std::set<entity_ref> ran_;
  std::size_t queued_ = 0;
  std::uint64_t conflicts_ = 0;
  bool fenced_ = false;
  observer observer_;
  std::function<void()> on_fenced_;
};

} // namespace troupe::sim
