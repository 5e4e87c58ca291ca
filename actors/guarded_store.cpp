#include "actors/guarded_store.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

namespace {

error thrown(errc code, char const* what) {
  spdlog::error("the store threw what=\"{}\"", what);
  return fail(code, std::string{"the store failed: "} + what, {{"thrown", true}});
}

/// Calls, and answers what is thrown.
template <class Call>
auto caught(Call const& call, errc code = errc::internal) -> decltype(call()) {
  try {
    return call();
  } catch (std::exception const& x) {
    return thrown(code, x.what());
  } catch (...) {
    return thrown(code, "no description");
  }
}

class guarded_store : public event_store {
public:
  explicit guarded_store(std::unique_ptr<event_store> s) : s_(std::move(s)) {}

  result<std::uint64_t> claim(std::uint32_t shard, std::string const& owner) override {
    return caught([&] { return s_->claim(shard, owner); });
  }
  result<std::vector<std::uint64_t>> claim_all(std::string const& owner) override {
    return caught([&] { return s_->claim_all(owner); });
  }
  result<void> hold(std::string const& owner, duration wait) override {
    return caught([&] { return s_->hold(owner, wait); });
  }
  result<std::vector<shard_info>> shards() override {
    return caught([&] { return s_->shards(); });
  }
  result<std::vector<unit_result>> append(std::span<unit const> units) override {
    return caught([&] { return s_->append(units); }, errc::unavailable);
  }
  [[nodiscard]] bool puts_off() const override { return s_->puts_off(); }
  result<bool> settle() override {
    return caught([&] { return s_->settle(); });
  }
  result<std::vector<stored_event>> read_stream(entity_ref const& stream, std::uint64_t after,
                                                std::size_t limit) override {
    return caught([&] { return s_->read_stream(stream, after, limit); });
  }
  result<std::vector<stored_event>> read_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t limit) override {
    return caught([&] { return s_->read_shard(shard, after, limit); });
  }
  result<std::vector<stored_event>> scan_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t least) override {
    return caught([&] { return s_->scan_shard(shard, after, least); });
  }
  result<stored_event> find_event(tenant_id const& tenant, std::string const& id) override {
    return caught([&] { return s_->find_event(tenant, id); });
  }
  result<stream_info> stream(entity_ref const& stream) override {
    return caught([&] { return s_->stream(stream); });
  }
  result<std::vector<due_stream>> due(std::uint32_t shard, time_point until,
                                      std::size_t limit) override {
    return caught([&] { return s_->due(shard, until, limit); });
  }
  result<std::optional<time_point>> next_due(time_point after) override {
    return caught([&] { return s_->next_due(after); });
  }
  result<std::optional<inbox_entry>> find_inbox(tenant_id const& tenant, std::string const& source,
                                                std::string const& key) override {
    return caught([&] { return s_->find_inbox(tenant, source, key); });
  }
  result<std::size_t> prune_inbox(time_point before, std::size_t limit) override {
    return caught([&] { return s_->prune_inbox(before, limit); });
  }
  result<std::vector<outbox_row>> outbox(std::uint32_t shard, std::size_t limit) override {
    return caught([&] { return s_->outbox(shard, limit); });
  }
  result<void> save_snapshot(snapshot const& s) override {
    return caught([&] { return s_->save_snapshot(s); });
  }
  result<std::optional<snapshot>> load_snapshot(entity_ref const& stream,
                                                std::string const& fingerprint) override {
    return caught([&] { return s_->load_snapshot(stream, fingerprint); });
  }
  result<void> drop_snapshots() override {
    return caught([&] { return s_->drop_snapshots(); });
  }
  result<void> import(std::span<stored_event const> events) override {
    return caught([&] { return s_->import(events); });
  }
  result<void> restore(side_rows const& rows) override {
    return caught([&] { return s_->restore(rows); });
  }
  result<std::vector<stream_info>>
  streams(std::uint32_t shard, std::optional<entity_ref> const& after, std::size_t limit) override {
    return caught([&] { return s_->streams(shard, after, limit); });
  }
  result<std::vector<inbox_row>> inbox_rows(std::optional<inbox_row> const& after,
                                            std::size_t limit) override {
    return caught([&] { return s_->inbox_rows(after, limit); });
  }
  result<void> freeze() override {
    return caught([&] { return s_->freeze(); });
  }
  result<void> thaw() override {
    return caught([&] { return s_->thaw(); });
  }

private:
  std::unique_ptr<event_store> s_;
};

} // namespace

std::unique_ptr<event_store> guarded(std::unique_ptr<event_store> store) {
  return std::make_unique<guarded_store>(std::move(store));
}

store_factory guarded(store_factory store) {
  return [store = std::move(store)]() -> result<std::unique_ptr<event_store>> {
    auto handle = caught(store);
    if (!handle)
      return handle.error();
    return guarded(std::move(*handle));
  };
}

bool is_thrown(error const& e) {
  return e.details.if_contains("thrown") != nullptr;
}

} // namespace troupe
