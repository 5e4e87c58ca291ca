#include "persistence/memory/faulty_store.hpp"

#include <map>
#include <thread>

namespace troupe {

namespace {

class faulty_store final : public event_store {
public:
  faulty_store(std::unique_ptr<event_store> inner, fault_plan plan)
      : inner_(std::move(inner)), plan_(std::move(plan)) {}

  result<std::uint64_t> claim(std::uint32_t shard, std::string const& owner) override {
    return call("claim", [&] { return inner_->claim(shard, owner); });
  }
  result<std::vector<std::uint64_t>> claim_all(std::string const& owner) override {
    return call("claim_all", [&] { return inner_->claim_all(owner); });
  }
  result<void> hold(std::string const& owner, duration wait) override {
    return call("hold", [&] { return inner_->hold(owner, wait); });
  }
  result<std::vector<shard_info>> shards() override {
    return call("shards", [&] { return inner_->shards(); });
  }
  result<std::vector<unit_result>> append(std::span<unit const> units) override {
    return call("append", [&] { return inner_->append(units); });
  }
  result<std::vector<stored_event>> read_stream(entity_ref const& ref, std::uint64_t after,
                                                std::size_t limit) override {
    return call("read_stream", [&] { return inner_->read_stream(ref, after, limit); });
  }
  result<std::vector<stored_event>> read_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t limit) override {
    return call("read_shard", [&] { return inner_->read_shard(shard, after, limit); });
  }
  result<std::vector<stored_event>> scan_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t least) override {
    return call("scan_shard", [&] { return inner_->scan_shard(shard, after, least); });
  }
  result<stored_event> find_event(tenant_id const& tenant, std::string const& event_id) override {
    return call("find_event", [&] { return inner_->find_event(tenant, event_id); });
  }
  result<stream_info> stream(entity_ref const& ref) override {
    return call("stream", [&] { return inner_->stream(ref); });
  }
  result<std::vector<due_stream>> due(std::uint32_t shard, time_point until,
                                      std::size_t limit) override {
    return call("due", [&] { return inner_->due(shard, until, limit); });
  }
  result<std::optional<time_point>> next_due(time_point after) override {
    return call("next_due", [&] { return inner_->next_due(after); });
  }
  result<std::optional<inbox_entry>> find_inbox(tenant_id const& tenant, std::string const& source,
                                                std::string const& key) override {
    return call("find_inbox", [&] { return inner_->find_inbox(tenant, source, key); });
  }
  result<std::size_t> prune_inbox(time_point before, std::size_t limit) override {
    return call("prune_inbox", [&] { return inner_->prune_inbox(before, limit); });
  }
  result<std::vector<outbox_row>> outbox(std::uint32_t shard, std::size_t limit) override {
    return call("outbox", [&] { return inner_->outbox(shard, limit); });
  }
  [[nodiscard]] bool puts_off() const override { return plan_.settle || inner_->puts_off(); }
  result<bool> settle() override {
    return call("settle", [&] { return plan_.settle ? plan_.settle() : inner_->settle(); });
  }
  result<void> save_snapshot(snapshot const& s) override {
    return call("save_snapshot", [&] { return inner_->save_snapshot(s); });
  }
  result<std::optional<snapshot>> load_snapshot(entity_ref const& ref,
                                                std::string const& fingerprint) override {
    return call("load_snapshot", [&] { return inner_->load_snapshot(ref, fingerprint); });
  }
  result<void> drop_snapshots() override {
    return call("drop_snapshots", [&] { return inner_->drop_snapshots(); });
  }
  result<void> import(std::span<stored_event const> events) override {
    return call("import", [&] { return inner_->import(events); });
  }
  result<void> restore(side_rows const& rows) override {
    return call("restore", [&] { return inner_->restore(rows); });
  }
  result<std::vector<stream_info>>
  streams(std::uint32_t shard, std::optional<entity_ref> const& after, std::size_t limit) override {
    return call("streams", [&] { return inner_->streams(shard, after, limit); });
  }
  result<std::vector<inbox_row>> inbox_rows(std::optional<inbox_row> const& after,
                                            std::size_t limit) override {
    return call("inbox_rows", [&] { return inner_->inbox_rows(after, limit); });
  }
  result<void> freeze() override {
    return call("freeze", [&] { return inner_->freeze(); });
  }
  result<void> thaw() override {
    return call("thaw", [&] { return inner_->thaw(); });
  }

private:
  template <class F>
  auto call(std::string_view name, F f) -> std::invoke_result_t<F> {
    auto const chosen = plan_.choose ? plan_.choose(name, ++calls_[name]) : fault::none;
    auto const broken = [&] {
      return fail(plan_.code, "a fault was injected into " + std::string{name});
    };
    if (chosen == fault::before)
      return broken();
    if (chosen == fault::unsent)
      return not_stored(plan_.code, "the store cannot be reached");
    auto out = f();
    if (chosen == fault::after)
      return broken();
    if (chosen == fault::late) {
      if (plan_.wait)
        plan_.wait(plan_.late_by);
      else
        std::this_thread::sleep_for(plan_.late_by);
    }
    return out;
  }

  std::unique_ptr<event_store> inner_;
  fault_plan plan_;
  std::map<std::string_view, std::uint64_t> calls_; // names are literals
};

} // namespace

std::unique_ptr<event_store> make_faulty(std::unique_ptr<event_store> inner, fault_plan plan) {
  return std::make_unique<faulty_store>(std::move(inner), std::move(plan));
}

store_factory make_faulty(store_factory inner, fault_plan plan) {
  return
      [inner = std::move(inner), plan = std::move(plan)]() -> result<std::unique_ptr<event_store>> {
        auto made = inner();
        if (!made)
          return made.error();
        return make_faulty(std::move(*made), plan);
      };
}

} // namespace troupe
