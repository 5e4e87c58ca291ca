#include "actors/region.hpp"

#include "actors/admission.hpp"
#include "actors/choke_points.hpp"
#include "actors/command_trace.hpp"
#include "actors/shard.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

namespace troupe {

namespace {

/// A question that goes down with a shard or an entity is answered all the same.
struct asker {
  asker(entity_ref whom, std::function<void(result<json::value>)> answer)
      : of(std::move(whom)), done(std::move(answer)) {}
  asker(asker const&) = delete;
  asker& operator=(asker const&) = delete;
  ~asker() {
    if (done)
      done(fail(errc::timeout, to_string(of) + " went down before it answered; ask again"));
  }
  void answer(result<json::value> r) {
    if (auto once = std::exchange(done, {}))
      once(std::move(r));
  }
  entity_ref of;
  std::function<void(result<json::value>)> done;
};

} // namespace

region::region(caf::actor_system& system, runtime& rt) : system_(system), rt_(rt) {
  rt_.where = this;
}

caf::actor region::at(std::uint32_t shard) const {
  auto const& p = shards_[shard];
  std::lock_guard lock{p.mutex};
  return p.shard;
}

void region::put(std::uint32_t shard, caf::actor a) {
  auto& p = shards_[shard];
  std::lock_guard lock{p.mutex};
  p.shard.swap(a);
}

caf::actor region::spawn(std::uint32_t shard, std::uint64_t epoch) {
  auto a = system_.spawn<shard_actor>(static_cast<runtime const*>(&rt_), epoch);
  put(shard, a);
  return a;
}

std::vector<child_spec> region::children(std::vector<std::uint64_t> const& epochs,
                                         std::function<void(std::uint32_t shard)> revived) {
  auto const tell = std::make_shared<std::function<void(std::uint32_t)>>(std::move(revived));
  std::vector<child_spec> out;
  for (std::uint32_t i = 0; i < shard_count; ++i) {
    child_spec c;
    c.name = "shard/" + std::to_string(i);
    c.start = [this, i, epoch = epochs[i], tell](std::uint64_t generation) {
      auto a = spawn(i, epoch);
      if (generation > 1)
        (*tell)(i);
      return a;
    };
    // Appends under way get their answers. How long that may take is said by whoever stops the
    // node, and then the process ends.
    c.ask_to_stop = [](caf::actor const& a) { caf::anon_send(a, stop_atom::value); };
    c.stop_grace = std::chrono::hours{24};
    out.push_back(std::move(c));
  }
  return out;
}

void region::start(std::vector<std::uint64_t> const& epochs) {
  for (std::uint32_t i = 0; i < shard_count; ++i)
    (void)spawn(i, epochs[i]);
}

void region::wake(entity_ref const& ref) const {
  caf::anon_send(at(shard_of(ref)), wake_atom::value, ref);
}

void region::deliver(command_ptr what) const {
  if (rt_.door != nullptr)
    what->place = count_at(rt_.door->under_way());
  choke::admitted(*what);
  if (tracing::on())
    command_trace::sent(*what);
  auto const shard = at(shard_of(what->to));
  caf::anon_send(shard, std::move(what));
}

void region::query(query_ptr what) const {
  auto const shard = at(shard_of(what->to));
  auto const once = std::make_shared<asker>(what->to, std::move(what->done));
  what->done = [once](result<json::value> r) { once->answer(std::move(r)); };
  caf::anon_send(shard, std::move(what));
}

void region::remind() const {
  for (std::uint32_t i = 0; i < shard_count; ++i)
    caf::anon_send(at(i), retry_atom::value);
}

void region::close() {
  for (std::uint32_t i = 0; i < shard_count; ++i)
    put(i, nullptr);
}

void region::kill_all() {
  for (std::uint32_t i = 0; i < shard_count; ++i) {
    if (auto const s = at(i))
      caf::anon_send_exit(s,
                          caf::exit_reason::remote_link_unreachable); // kill would skip the handler
  }
  close();
}

} // namespace troupe
