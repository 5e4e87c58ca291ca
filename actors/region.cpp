#include "actors/region.hpp"

#include "actors/shard.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace troupe {

region::region(caf::actor_system& system, runtime& rt) : system_(system), rt_(rt) {
  rt_.where = this;
}

void region::start(std::vector<std::uint64_t> const& epochs) {
  for (std::uint32_t i = 0; i < shard_count; ++i)
    shards_[i] = system_.spawn<shard_actor>(static_cast<runtime const*>(&rt_), epochs[i]);
}

void region::wake(entity_ref const& ref) const {
  caf::anon_send(shards_[shard_of(ref)], wake_atom::value, ref);
}

void region::deliver(command_ptr what) const {
  auto const& shard = shards_[shard_of(what->to)];
  caf::anon_send(shard, std::move(what));
}

void region::query(query_ptr what) const {
  auto const& shard = shards_[shard_of(what->to)];
  caf::anon_send(shard, std::move(what));
}

void region::remind() const {
  for (auto const& s : shards_)
    caf::anon_send(s, retry_atom::value);
}

void region::kill_all() {
  for (auto& s : shards_) {
    if (s)
      caf::anon_send_exit(s,
                          caf::exit_reason::remote_link_unreachable); // kill would skip the handler
    s = nullptr;
  }
}

bool region::stop(duration deadline) {
  caf::scoped_actor self{system_};
  std::size_t left = 0;
  for (auto const& s : shards_) {
    if (!s)
      continue;
    self->monitor(s);
    caf::anon_send(s, stop_atom::value);
    ++left;
  }
  auto const limit = std::chrono::steady_clock::now() + deadline;
  while (left > 0) {
    auto const rest = limit - std::chrono::steady_clock::now();
    bool late = rest <= rest.zero();
    if (!late)
      self->receive([&](caf::down_msg const&) { --left; },
                    caf::after(rest) >> [&] { late = true; });
    if (late)
      break;
  }
  for (auto& s : shards_)
    s = nullptr;
  return left == 0;
}

} // namespace troupe
