#include "actors/past.hpp"
#include "actors/why.hpp"
#include "gateway/routes/event_view.hpp"
#include "gateway/routes/follower.hpp"
#include "gateway/routes/table.hpp"

#include <charconv>

namespace troupe {

namespace {

constexpr std::size_t largest_page = 1000;

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
