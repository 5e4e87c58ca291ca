#include "actors/domain/kinds.hpp"
#include "actors/why.hpp"
#include "gateway/routes/table.hpp"

#include <charconv>

namespace troupe {

namespace {

constexpr std::size_t largest_page = 1000;

json::object shown(board_event const& b) {
  auto const& e = b.event;
  json::object out{{"n", b.n},
                   {"shard", e.shard},
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
};

result<event_filter> filter_of(request const& r) {
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
    else if (name != "after" && name != "limit")
      return fail(errc::invalid_argument,
                  "unknown parameter " + name +
                      "; known: brief, ticket, agent, kind, type, entity, after, limit",
                  {{"field", name}});
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

void list(api const& a, request const& r, reply const& answer) {
  auto f = filter_of(r);
  if (!f) {
    refuse(r, answer, f.error());
    return;
  }
  auto const after = whole(r.query.get("after").value_or("0"));
  auto const limit = whole(r.query.get("limit").value_or("100"));
  if (!after || !limit || *limit > largest_page) {
    refuse(r, answer,
           fail(errc::invalid_argument, "after and limit are whole numbers; limit is at most 1000",
                {{"field", after ? "limit" : "after"}}));
    return;
  }
  auto const found = a.n.view().events(*after, static_cast<std::size_t>(*limit),
                                       [&](stored_event const& e) { return f->matches(e); });
  json::array items;
  for (auto const& e : found)
    items.push_back(shown(e));
  json::object page{{"items", std::move(items)}};
  if (found.size() == *limit)
    page.emplace("after", found.back().n);
  answer(json_response(200, page));
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

/// Snapshot first, then every event that matches. `Last-Event-ID` is `<start>-<n>`: within one
/// start of the server nothing is missed or repeated; after another start the snapshot comes again.
void follow(api const& a, request const& r, std::shared_ptr<event_stream> const& out) {
  auto f = filter_of(r);
  if (!f) {
    out->reject(problem(f.error(), r.path));
    return;
  }
  auto const start = a.start_id + "-";
  std::uint64_t resume = 0;
  auto const& last = out->last_event_id();
  if (last.starts_with(start))
    resume = whole(std::string_view{last}.substr(start.size())).value_or(0);
  out->open();
  std::weak_ptr<event_stream> const weak = out;
  auto const send = [weak, start, f = *f](board_event const& e) {
    if (!f.matches(e.event))
      return;
    if (auto const s = weak.lock())
      s->send(start + std::to_string(e.n), e.event.event.type, json::canonical(shown(e)));
  };
  // Events that come while the past is being read wait in order: subscribe first, then read.
  struct joint {
    std::mutex mutex;
    bool live = false;
    std::uint64_t sent = 0;
    std::vector<board_event> early;
  };
  auto const j = std::make_shared<joint>();
  std::uint64_t seen = 0;
  auto const id = a.n.view().subscribe(
      [j, send](board_event const& e) {
        std::lock_guard lock{j->mutex};
        if (!j->live)
          j->early.push_back(e);
        else if (e.n > j->sent)
          send(e);
      },
      [&](std::uint64_t n) { seen = n; });
  out->on_close([&a, id](std::string_view) { a.n.view().unsubscribe(id); });
  if (resume == 0)
    out->send(start + std::to_string(seen), "snapshot", json::canonical(snapshot(a, *f)));
  auto const past = resume == 0
                        ? std::vector<board_event>{}
                        : a.n.view().events(resume, 100'000, [](auto const&) { return true; });
  std::lock_guard lock{j->mutex};
  j->sent = seen;
  for (auto const& e : past) {
    send(e);
    j->sent = std::max(j->sent, e.n);
  }
  for (auto const& e : j->early) {
    if (e.n > j->sent) {
      send(e);
      j->sent = e.n;
    }
  }
  j->early.clear();
  j->live = true;
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
    if (found.empty())
      refuse(r, answer, fail(errc::not_found, "there is no event " + r.params.at("id")));
    else
      answer(json_response(200, shown(found.front())));
  }));
  out.push_back(get("/api/why/{ref}", role::viewer, [&a](request const& r, reply const& answer) {
    auto const e = explain(a.n.view(), r.principal.tenant, r.params.at("ref"));
    answer(e ? json_response(200, *e) : problem(e.error(), r.path));
  }));
  out.push_back(
      stream("/api/stream", role::viewer,
             [&a](request const& r, std::shared_ptr<event_stream> s) { follow(a, r, s); }));
}

} // namespace troupe
