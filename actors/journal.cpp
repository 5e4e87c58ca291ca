#include "actors/journal.hpp"

#include "actors/choke_points.hpp"
#include "actors/guarded_store.hpp"
#include "actors/snapshots.hpp"
#include "persistence/batch.hpp"
#include "protocol/crash_point.hpp"

#include <caf/send.hpp>

namespace troupe {

namespace {

/// Postgres has two lanes, each of every other shard (docs/decisions/0013-segments.md).
constexpr int most_writers = 2;

std::size_t size_of(unit const& u) {
  std::size_t bytes = 256;
  for (auto const& w : u.writes) {
    bytes += 128;
    for (auto const& e : w.events)
      bytes += 256 + e.data.size();
  }
  if (u.inbox)
    bytes += u.inbox->answer.size() + 128;
  for (auto const& o : u.outbox)
    bytes += o.payload.size() + 128;
  return bytes;
}

/// So many handles on a store. Errors: those of the factory.
result<std::vector<std::unique_ptr<event_store>>> handles(store_factory const& store, int count) {
  std::vector<std::unique_ptr<event_store>> out;
  for (int i = 0; i < count; ++i) {
    auto handle = store();
    if (!handle)
      return handle.error();
    out.push_back(std::move(*handle));
  }
  return out;
}

/// To settle what was put off is a long piece of work, on Postgres of several round trips: who
/// wants to read does not wait for it.
result<std::vector<std::unique_ptr<event_store>>> readers(store_factory const& store, int count) {
  auto out = handles(store, count);
  if (!out || out->empty() || !out->front()->puts_off())
    return out;
  auto one_more = store();
  if (!one_more)
    return one_more.error();
  out->push_back(std::move(*one_more));
  return out;
}

} // namespace

result<std::vector<stored_event>> read_all(event_store& store, entity_ref const& stream) {
  constexpr std::size_t page = 1000;
  std::vector<stored_event> all;
  for (;;) {
    auto part = store.read_stream(stream, all.empty() ? 0 : all.back().version, page);
    if (!part)
      return part.error();
    bool const last = part->size() < page;
    all.insert(all.end(), std::make_move_iterator(part->begin()),
               std::make_move_iterator(part->end()));
    if (last)
      return all;
  }
}

result<std::unique_ptr<journal>> journal::open(store_factory const& unguarded,
                                               journal_settings settings) {
  auto const store = guarded(unguarded);
  auto writing = handles(store, std::min(settings.writers, most_writers));
  if (!writing)
    return writing.error();
  auto reading = readers(store, settings.readers);
  if (!reading)
    return reading.error();
  std::unique_ptr<journal> j{new journal{settings}};
  j->readers_ = std::make_unique<journal_readers>(std::move(*reading), j->state_);
  auto const put_off = [to = j->readers_.get()](std::size_t events) { to->note_put_off(events); };
  for (auto& w : *writing)
    j->writers_.push_back(std::make_unique<journal_writer>(std::move(w), j->state_, put_off));
  return j;
}

journal::~journal() {
  stop(duration{0});
}

void journal::append(unit what, append_caller caller) {
  // A unit that no store would take must not spoil the batch that it would have come into.
  if (auto ok = check_unit(what); !ok) {
    caf::anon_send(caller.reply_to, std::make_shared<appended>(appended{caller.id, ok.error()}));
    return;
  }
  what.checked = true;
  choke::submitted(what);
  auto& w = *writers_[what.shard % writers_.size()];
  auto const bytes = size_of(what);
  state_.queued_bytes += bytes;
  w.append({std::move(what), std::move(caller), bytes, choke::moment(traffic::category::journal)});
  TROUPE_CRASH_POINT(1, "journal: taken into the queue");
}

bool journal::accepts() const {
  return !state_.stopping.load(std::memory_order_relaxed) &&
         state_.queued_bytes.load(std::memory_order_relaxed) < state_.settings.queue_bytes;
}

void journal::load(entity_ref stream, stream_part what, caf::actor reply_to) {
  read([what, stream = std::move(stream), reply_to = std::move(reply_to)](event_store& store) {
    caf::anon_send(reply_to, std::make_shared<loaded>(read_part(store, stream, what)));
  });
}

void journal::find_inbox(tenant_id tenant, std::string source, std::string key,
                         std::function<void(result<std::optional<inbox_entry>>)> done) {
  read([tenant = std::move(tenant), source = std::move(source), key = std::move(key),
        done = std::move(done)](event_store& store) {
    done(store.find_inbox(tenant, source, key));
  });
}

void journal::stop(duration deadline) {
  state_.give_up_after(deadline);
  state_.stopping = true;
  readers_->wake();
  for (auto& w : writers_)
    w->wake();
  for (auto& w : writers_)
    w->join();
  readers_->join();
  readers_->settle_rest();
}

} // namespace troupe
