#include "gateway/routes/follower.hpp"

#include "actors/domain/kinds.hpp"
#include "gateway/routes/event_view.hpp"
#include "gateway/routes/stream_position.hpp"

#include <mutex>

namespace troupe {

namespace {

/// State of what a stream is about, as its first event.
json::object snapshot(api const& a, event_filter const& f) {
  json::object out;
  auto const add = [&](char const* name, entity_kind kind, std::string const& id) {
    if (auto s = a.n.view().get({f.tenant, kind, id}); !s.is_null())
      out.emplace(name, present(s, false));
  };
  if (!f.ticket.empty())
    add("ticket", entity_kind::ticket, f.ticket);
  auto const all = [&](char const* name, entity_kind kind) {
    json::array items;
    std::size_t total = 0;
    for (auto const& s : a.n.view().list(
             f.tenant, kind,
             [&](state_view const& s) { return f.brief.empty() || s.has("brief", f.brief); }, 0,
             500, total))
      items.push_back(present(s, false));
    out.emplace(name, std::move(items));
  };
  if (!f.brief.empty())
    add("brief", entity_kind::brief, f.brief);
  if (f.ticket.empty()) {
    all("tickets", entity_kind::ticket);
    all("runs", entity_kind::run);
  }
  return out;
}

/// One reader of the stream. Everything that comes from the board's thread passes `take`, in order;
/// the position alone says what was given already.
class follower : public std::enable_shared_from_this<follower> {
public:
  follower(api const& a, event_filter f, std::string token,
           std::shared_ptr<event_stream> const& out)
      : a_(a), filter_(std::move(f)), token_(std::move(token)), out_(out),
        last_id_(out->last_event_id()) {}

  /// What an agent says it is doing; not before the snapshot, and never said again. Nothing where
  /// the attempt does not hold its ticket's lease on that daemon: a daemon speaks of its own work.
  void hear(daemon_id const& daemon, link::progress const& p) {
    auto const out = out_.lock();
    if (!out || out->closed())
      return;
    // Read without our lock: the board's thread calls `take` with its own.
    auto const of =
        json::from<ticket::state>(a_.n.view().get(a_.ref(entity_kind::ticket, p.ticket.value)));
    if (!of || of->holder->daemon != daemon || of->holder->token != p.token ||
        !filter_.matches(*of, p))
      return;
    using lease = ticket::lease_status;
    if (of->holder->is != lease::offered && of->holder->is != lease::held)
      return;
    std::lock_guard lock{mutex_};
    if (live_ && a_.tokens.check(token_))
      out->send({}, "progress", json::canonical(shown(*of, p, a_.n.clock().now())));
  }

  /// Subscribes first and reads the past then; what comes in between waits in `early_`.
  void start() {
    auto const out = out_.lock();
    if (!out)
      return;
    out->open();
    std::uint64_t seen = 0;
    auto const id = a_.n.view().subscribe(
        [me = shared_from_this()](board_event const& e) {
          std::lock_guard lock{me->mutex_};
          if (me->live_)
            me->take(e);
          else
            me->early_.push_back(e);
        },
        [&](std::uint64_t n) { seen = n; });
    auto const heard =
        a_.hub.watch([me = shared_from_this()](daemon_id const& daemon, link::progress const& p) {
          me->hear(daemon, p);
        });
    out->on_close([&view = a_.n.view(), &hub = a_.hub, id, heard](std::string_view) {
      view.unsubscribe(id);
      hub.unwatch(heard);
    });
    auto const heads = a_.n.view().heads(seen);
    auto const resumed = decode_position(last_id_);
    if (!resumed || !resume(*out, *resumed, heads)) {
      position_ = heads;
      out->send(encode_position(position_), "snapshot", json::canonical(snapshot(a_, filter_)));
    }
    std::lock_guard lock{mutex_};
    for (auto const& e : early_)
      take(e);
    early_.clear();
    live_ = true;
  }

private:
  /// Sends what came after the position. False: that cannot be told (the position is of another
  /// ledger, or so old that the events are no longer at hand), so the snapshot must come again.
  bool resume(event_stream& out, stream_position at, stream_position const& heads) {
    for (auto const& [shard, seq] : at) {
      auto const head = heads.find(shard);
      if (head == heads.end() || head->second < seq)
        return false;
    }
    bool gap = false;
    std::vector<std::string> ids;
    auto const past = a_.n.view().events(0, most_past, [&](stored_event const& e) {
      auto& have = at[e.shard];
      if (e.seq <= have)
        return false;
      gap = gap || e.seq != have + 1;
      have = e.seq;
      if (!filter_.matches(e))
        return false;
      ids.push_back(encode_position(at));
      return true;
    });
    bool const whole_past = past.size() < most_past;
    for (auto const& [shard, seq] : heads)
      gap = gap || (whole_past && at[shard] < seq);
    if (gap)
      return false;
    for (std::size_t i = 0; i < past.size(); ++i) {
      if (!out.send(ids[i], past[i].event->event.type, json::canonical(shown(past[i]))))
        return true; // it comes back with the last id that it saw
    }
    if (!whole_past)
      out.close("more_follows", true);
    position_ = std::move(at);
    return true;
  }

  void take(board_event const& e) {
    auto& have = position_[e.event->shard];
    if (e.event->seq <= have)
      return;
    have = e.event->seq;
    auto const out = out_.lock();
    if (!out)
      return;
    // The token may have been revoked, or have run out, since the stream was opened.
    if (!a_.tokens.check(token_)) {
      out->close("token_ended", false);
      return;
    }
    if (filter_.matches(*e.event))
      out->send(encode_position(position_), e.event->event.type, json::canonical(shown(e)));
  }

  static constexpr std::size_t most_past = 1000; ///< fits the queue of a stream

  api const& a_;
  event_filter const filter_;
  std::string const token_;
  std::weak_ptr<event_stream> const out_;
  std::string const last_id_;
  std::mutex mutex_;
  bool live_ = false;
  std::vector<board_event> early_;
  stream_position position_;
};

} // namespace

void follow(api const& a, request const& r, std::shared_ptr<event_stream> const& out) {
  auto f = filter_of(r, {});
  if (!f) {
    out->reject(problem(f.error(), r.path));
    return;
  }
  auto const authorization = r.headers.get("Authorization");
  auto const space = authorization.rfind(' ');
  auto const reader = std::make_shared<follower>(a, *f,
                                                 std::string{space == std::string_view::npos
                                                                 ? authorization
                                                                 : authorization.substr(space + 1)},
                                                 out);
  if (f->brief.empty() && f->ticket.empty()) {
    reader->start();
    return;
  }
  // The entity itself is asked: the board may not have heard yet of what was made a moment ago.
  auto const about = f->ticket.empty() ? entity_ref{f->tenant, entity_kind::brief, f->brief}
                                       : entity_ref{f->tenant, entity_kind::ticket, f->ticket};
  a.n.query(about, [reader, out, path = r.path](result<json::value> const& state) {
    if (state)
      reader->start();
    else
      out->reject(problem(state.error(), path));
  });
}

} // namespace troupe
