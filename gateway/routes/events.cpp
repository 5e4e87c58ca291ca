#include "actors/domain/kinds.hpp"
#include "actors/past.hpp"
#include "actors/why.hpp"
#include "gateway/routes/stream_position.hpp"
#include "gateway/routes/table.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>

namespace troupe {

namespace {

constexpr std::size_t largest_page = 1000;

json::object shown(stored_event const& e) {
  json::object out{{"shard", e.shard},
                   {"seq", e.seq},
                   {"kind", to_string(e.stream.kind)},
                   {"entity", e.stream.id},
                   {"version", e.version},
                   {"id", e.event.event_id},
                   {"type", e.event.type},
                   {"at", json::to(e.event.at)},
                   {"by", e.event.principal},
                   {"cause", e.event.cause},
                   {"correlation", e.event.correlation},
                   {"hash", e.event.hash}};
  if (auto data = json::parse(e.event.data)) {
    // The source as it came can be large, and is to be had at the brief.
    if (e.event.type == "brief.submitted" && data->is_object())
      if (auto* from = data->get_object().if_contains("from"); from != nullptr && from->is_object())
        from->get_object().erase("text");
    out.emplace("data", std::move(*data));
  }
  return out;
}

json::object shown(board_event const& b) {
  auto out = shown(b.event);
  out.emplace("n", b.n);
  return out;
}

/// What a watcher wants to see; empty members match everything.
struct event_filter {
  tenant_id tenant;
  std::string brief, ticket, agent, kind, type, entity;

  [[nodiscard]] bool matches(stored_event const& e) const {
    auto const starts = [](std::string_view text, std::string_view head) {
      return text.substr(0, head.size()) == head;
    };
    if (e.stream.tenant != tenant)
      return false;
    if (e.stream.kind == entity_kind::principal) // credentials are not news
      return false;
    if (!brief.empty() && e.event.correlation != brief && e.stream.id != brief)
      return false;
    if (!ticket.empty() && !(e.stream.kind == entity_kind::ticket && e.stream.id == ticket))
      return false;
    if (!entity.empty() && e.stream.id != entity)
      return false;
    if (!kind.empty() && to_string(e.stream.kind) != kind)
      return false;
    if (!type.empty() && !starts(e.event.type, type))
      return false;
    if (!agent.empty() && e.stream.id.find(agent) == std::string::npos &&
        e.event.data.find(agent) == std::string::npos &&
        e.event.principal.find(agent) == std::string::npos)
      return false;
    return true;
  }

  /// The same of what the holder of a ticket says it is doing.
  [[nodiscard]] bool matches(ticket::state const& of, link::progress const& p) const {
    auto const agrees = [](std::string const& wanted, std::string_view is) {
      return wanted.empty() || wanted == is;
    };
    return of.self.tenant == tenant && agrees(brief, of.brief.value) &&
           agrees(ticket, p.ticket.value) && agrees(entity, p.ticket.value) &&
           agrees(kind, to_string(entity_kind::ticket)) &&
           std::string_view{"progress"}.starts_with(type) &&
           (p.ticket.value.find(agent) != std::string::npos ||
            of.holder.agent.value.find(agent) != std::string::npos);
  }
};

/// What an agent says it is doing, as a stream shows it: no event, so it has neither an id nor a
/// place in the ledger.
json::object shown(ticket::state const& of, link::progress const& p, time_point at) {
  return {{"type", "progress"},
          {"kind", to_string(entity_kind::ticket)},
          {"entity", p.ticket.value},
          {"ticket", p.ticket.value},
          {"token", p.token},
          {"agent", of.holder.agent.value},
          {"daemon", of.holder.daemon.value},
          {"brief", of.brief.value},
          {"at", json::to(at)},
          {"text", p.text}};
}

result<event_filter> filter_of(request const& r, std::vector<std::string_view> const& more) {
  event_filter f;
  f.tenant = r.principal.tenant;
  for (auto const& [name, value] : r.query) {
    if (name == "brief")
      f.brief = value;
    else if (name == "ticket")
      f.ticket = value;
    else if (name == "agent")
      f.agent = value;
    else if (name == "kind")
      f.kind = value;
    else if (name == "type")
      f.type = value;
    else if (name == "entity")
      f.entity = value;
    else if (std::find(more.begin(), more.end(), name) == more.end()) {
      std::string known = "brief, ticket, agent, kind, type, entity";
      for (auto const m : more)
        known += ", " + std::string{m};
      return fail(errc::invalid_argument, "unknown parameter " + name + "; known: " + known,
                  {{"field", name}});
    }
  }
  entity_kind k{};
  if (!f.kind.empty() && !parse(f.kind, k))
    return fail(errc::invalid_argument, "unknown kind " + f.kind, {{"field", "kind"}});
  return f;
}

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t n = 0;
  auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return n;
}

json::object page_of(std::vector<board_event> const& found, std::optional<std::uint64_t> after) {
  json::array items;
  for (auto const& e : found)
    items.push_back(shown(e));
  json::object page{{"items", std::move(items)}};
  if (after)
    page.emplace("after", *after);
  return page;
}

/// From the store, on one of its threads: the board no longer has what comes next. Such a page may
/// hold less than `limit` and go on all the same.
void list_past(api const& a, request const& r, reply const& answer, event_filter f,
               std::uint64_t after, std::size_t limit) {
  a.n.log().read([&view = a.n.view(), path = r.path, answer, f = std::move(f), after,
                  limit](event_store& s) {
    auto const found =
        read_past(view, s, after, limit, [&](stored_event const& e) { return f.matches(e); });
    if (!found)
      answer(problem(found.error(), path));
    else
      answer(json_response(
          200, page_of(found->events, found->more ? std::optional{found->seen} : std::nullopt)));
  });
}

void list(api const& a, request const& r, reply const& answer) {
  auto f = filter_of(r, {"after", "limit"});
  if (!f) {
    refuse(r, answer, f.error());
    return;
  }
  auto const after = whole(r.query.get("after").value_or("0"));
  auto const limit = whole(r.query.get("limit").value_or("100"));
  if (!after || !limit || *limit == 0 || *limit > largest_page) {
    refuse(r, answer,
           fail(errc::invalid_argument, "after and limit are whole numbers; limit is 1 to 1000",
                {{"field", after ? "limit" : "after"}}));
    return;
  }
  auto const found = a.n.view().events(*after, static_cast<std::size_t>(*limit),
                                       [&](stored_event const& e) { return f->matches(e); });
  // Asked for after the read: what fell out of the board meanwhile is not passed over.
  if (*after + 1 < a.n.view().first()) {
    list_past(a, r, answer, std::move(*f), *after, static_cast<std::size_t>(*limit));
    return;
  }
  answer(json_response(
      200, page_of(found, found.size() == *limit ? std::optional{found.back().n} : std::nullopt)));
}

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
             [&](json::value const& v) {
               if (f.brief.empty())
                 return true;
               auto const* b = v.is_object() ? v.get_object().if_contains("brief") : nullptr;
               return b != nullptr && b->is_string() && b->get_string() == f.brief;
             },
             0, 500, total))
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
    if (!of || of->holder.daemon != daemon || of->holder.token != p.token ||
        !filter_.matches(*of, p))
      return;
    using lease = ticket::lease_status;
    if (of->holder.is != lease::offered && of->holder.is != lease::held)
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
      if (!out.send(ids[i], past[i].event.event.type, json::canonical(shown(past[i]))))
        return true; // it comes back with the last id that it saw
    }
    if (!whole_past)
      out.close("more_follows", true);
    position_ = std::move(at);
    return true;
  }

  void take(board_event const& e) {
    auto& have = position_[e.event.shard];
    if (e.event.seq <= have)
      return;
    have = e.event.seq;
    auto const out = out_.lock();
    if (!out)
      return;
    // The token may have been revoked, or have run out, since the stream was opened.
    if (!a_.tokens.check(token_)) {
      out->close("the token is not valid any more", false);
      return;
    }
    if (filter_.matches(e.event))
      out->send(encode_position(position_), e.event.event.type, json::canonical(shown(e)));
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

/// Snapshot first, then every event that matches. With the `Last-Event-ID` of an event, also from
/// before a restart of the server, exactly those after it come, and no snapshot.
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
  auto const about = f->ticket.empty() ? a.ref(entity_kind::brief, f->brief)
                                       : a.ref(entity_kind::ticket, f->ticket);
  a.n.query(about, [reader, out, path = r.path](result<json::value> const& state) {
    if (state)
      reader->start();
    else
      out->reject(problem(state.error(), path));
  });
}

} // namespace

void add_event_routes(std::vector<route>& out, api const& a) {
  out.push_back(get("/api/events", role::viewer,
                    [&a](request const& r, reply const& answer) { list(a, r, answer); }));
  out.push_back(get("/api/events/{id}", role::viewer, [&a](request const& r, reply const& answer) {
    auto const found = a.n.view().events(0, 1, [&](stored_event const& e) {
      return e.stream.tenant == r.principal.tenant && e.event.event_id == r.params.at("id") &&
             e.stream.kind != entity_kind::principal;
    });
    if (!found.empty()) {
      answer(json_response(200, shown(found.front())));
      return;
    }
    a.n.log().read([tenant = r.principal.tenant, id = r.params.at("id"), path = r.path,
                    answer](event_store& store) {
      auto const e = store.find_event(tenant, id);
      if (e && e->stream.kind != entity_kind::principal)
        answer(json_response(200, shown(*e)));
      else if (e || e.error().code == errc::not_found)
        answer(problem(fail(errc::not_found, "there is no event " + id), path));
      else
        answer(problem(e.error(), path));
    });
  }));
  out.push_back(get("/api/why/{ref}", role::viewer, [&a](request const& r, reply const& answer) {
    a.n.log().read([&view = a.n.view(), tenant = r.principal.tenant, ref = r.params.at("ref"),
                    path = r.path, answer](event_store& store) {
      auto const e = explain(view, store, tenant, ref);
      answer(e ? json_response(200, *e) : problem(e.error(), path));
    });
  }));
  out.push_back(
      stream("/api/stream", role::viewer,
             [&a](request const& r, std::shared_ptr<event_stream> s) { follow(a, r, s); }));
}

} // namespace troupe
