#include "gateway/routes/api.hpp"

#include "protocol/content_hash.hpp"

#include <charconv>

namespace troupe {

namespace {

constexpr std::size_t default_page = 50;
constexpr std::size_t largest_page = 500;

result<std::size_t> number(request const& r, std::string_view name, std::size_t fallback,
                           std::size_t most) {
  auto const text = r.query.get(name);
  if (!text)
    return fallback;
  std::size_t n = 0;
  auto const [end, ec] = std::from_chars(text->data(), text->data() + text->size(), n);
  if (ec != std::errc{} || end != text->data() + text->size() || n > most)
    return fail(errc::invalid_argument,
                std::string{name} + " must be a whole number up to " + std::to_string(most),
                {{"field", name}});
  return n;
}

} // namespace

void refuse(request const& r, reply const& answer, error const& e) {
  answer(problem(e, r.path));
}

json::object present(json::value const& state, bool whole) {
  json::object out;
  if (!state.is_object())
    return out;
  auto const& in = state.get_object();
  if (auto const* self = in.if_contains("self"); self != nullptr && self->is_string()) {
    auto const text = std::string_view{self->get_string()};
    out.emplace("id", text.substr(text.rfind('/') + 1));
  }
  if (auto const* is = in.if_contains("is"))
    out.emplace("status", *is);
  for (auto const& m : in) {
    auto const key = m.key();
    if (key == "self" || key == "is" || key == "settled")
      continue;
    if (!whole && (key == "config" || key == "conversation" || key == "previous" ||
                   key == "stages" || key == "results" || key == "comments"))
      continue;
    if (!whole && key == "from" && m.value().is_object()) {
      auto from = m.value().get_object();
      from.erase("text");
      out.emplace("source", std::move(from));
      continue;
    }
    out.emplace(key == "from" ? "source" : std::string_view{key}, m.value());
  }
  return out;
}

submit_options api::options(request const& r) const {
  submit_options o;
  o.by = r.principal.id;
  o.trace = r.trace;
  o.want_state = true;
  if (!r.idempotency_key.empty())
    o.idempotency = inbox_entry{"api:" + r.principal.id.value,
                                r.idempotency_key,
                                sha256(r.method + " " + r.path + "\n" + r.body),
                                {}};
  return o;
}

void api::command(request const& r, reply const& answer, entity_ref to, any_command c, int status,
                  std::string correlation) const {
  auto o = options(r);
  o.correlation = std::move(correlation);
  n.submit(std::move(to), std::move(c), std::move(o),
           [answer, path = r.path, status](command_result const& done) {
             if (!done) {
               auto const& e = done.error();
               bool const reused = e.details.contains("idempotency_key");
               answer(reused ? problem(e, path, 422) : problem(e, path));
               return;
             }
             answer(json_response(status, present(done->state, true)));
           });
}

void api::show(request const& r, reply const& answer, entity_ref of) const {
  n.query(std::move(of), [answer, path = r.path](result<json::value> const& state) {
    if (state)
      answer(json_response(200, present(*state, true)));
    else
      answer(problem(state.error(), path));
  });
}

void api::list(request const& r, reply const& answer, entity_kind kind,
               std::map<std::string, std::string> const& filters) const {
  for (auto const& [name, value] : r.query) {
    if (name != "skip" && name != "limit" && name != "cursor" && !filters.contains(name)) {
      std::string known = "skip, limit, cursor";
      for (auto const& [f, m] : filters)
        known += ", " + f;
      refuse(r, answer,
             fail(errc::invalid_argument, "unknown parameter " + name + "; known: " + known,
                  {{"field", name}}));
      return;
    }
  }
  auto const limit = number(r, "limit", default_page, largest_page);
  // The cursor of a page is where the next one begins; opaque to clients.
  auto const skip = r.query.get("cursor") ? number(r, "cursor", 0, 100'000'000)
                                          : number(r, "skip", 0, 100'000'000);
  if (!limit || !skip) {
    refuse(r, answer, !limit ? limit.error() : skip.error());
    return;
  }
  std::size_t total = 0;
  auto const states = n.view().list(
      r.principal.tenant, kind,
      [&](json::value const& s) {
        for (auto const& [name, member] : filters) {
          auto const wanted = r.query.get(name);
          if (!wanted)
            continue;
          auto const* v = s.is_object() ? s.get_object().if_contains(member) : nullptr;
          if (v == nullptr || !v->is_string() || v->get_string() != *wanted)
            return false;
        }
        return true;
      },
      *skip, *limit, total);
  json::array items;
  for (auto const& s : states)
    items.push_back(present(s, false));
  json::object page{
      {"items", std::move(items)}, {"total", total}, {"skip", *skip}, {"limit", *limit}};
  if (*skip + states.size() < total)
    page.emplace("cursor", std::to_string(*skip + states.size()));
  answer(json_response(200, page));
}

} // namespace troupe
