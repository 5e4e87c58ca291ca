#include "gateway/routes/api.hpp"

#include "actors/domain/kinds.hpp"
#include "protocol/content_hash.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/trace.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace troupe {

namespace {

constexpr std::size_t default_page = 50;
constexpr std::size_t largest_page = 500;

result<std::size_t> number(request const& r, std::string_view name, std::size_t fallback,
                           std::size_t least, std::size_t most) {
  auto const text = r.query.get(name);
  if (!text)
    return fallback;
  std::size_t n = 0;
  auto const [end, ec] = std::from_chars(text->data(), text->data() + text->size(), n);
  if (ec != std::errc{} || end != text->data() + text->size() || n < least || n > most)
    return fail(errc::invalid_argument,
                std::string{name} + " must be a whole number from " + std::to_string(least) +
                    " to " + std::to_string(most),
                {{"field", name}});
  return n;
}

/// A filter that can match nothing is a mistake, and an empty list would hide it.
result<void> known_status(request const& r, entity_kind kind) {
  auto const wanted = r.query.get("status");
  if (!wanted)
    return {};
  auto const known = statuses_of(kind);
  if (std::find(known.begin(), known.end(), *wanted) != known.end())
    return {};
  std::string all;
  for (auto const& s : known)
    all += (all.empty() ? "" : ", ") + s;
  return fail(errc::invalid_argument,
              "no " + std::string{to_string(kind)} + " has the status " + *wanted +
                  "; there are: " + all,
              {{"field", "status"}, {"known", json::to(known)}});
}

} // namespace

std::vector<std::string> statuses_of(entity_kind kind) {
  return with_domain(kind, [](auto domain) {
    using status = decltype(std::declval<typename decltype(domain)::state>().is);
    std::vector<std::string> out;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<status>>([&](auto each) {
      if (each.value != status::none) // of a stream that is empty
        out.emplace_back(each.name);
    });
    return out;
  });
}

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

response answer_of(command_result const& done, std::string_view path, int status) {
  if (done)
    return json_response(status, present(done->state, true));
  bool const reused = done.error().details.contains("idempotency_key");
  return reused ? problem(done.error(), path, 422) : problem(done.error(), path);
}

result<void> no_fields(request const& r) {
  if (r.json.is_null() || (r.json.is_object() && r.json.get_object().empty()))
    return {};
  if (!r.json.is_object())
    return fail(errc::invalid_argument, "this takes no body, or {}");
  std::string const name{r.json.get_object().begin()->key()};
  return fail(errc::invalid_argument, "unknown field " + name + "; this takes no body, or {}",
              {{"field", name}});
}

handler bare_command(api const& a, entity_kind kind, any_command c) {
  return [&a, kind, c = std::move(c)](request const& r, reply const& answer) {
    if (auto ok = no_fields(r); !ok) {
      refuse(r, answer, ok.error());
      return;
    }
    a.command(r, answer, a.ref(kind, r.params.at("id")), c);
  };
}

submit_options api::options(request const& r) const {
  submit_options o;
  o.by = r.principal.id;
  if (tracing::on()) // else it would be stored with messages for nobody
    o.trace = tracing::parse(r.trace).traceparent();
  o.want_state = true;
  if (!r.idempotency_key.empty()) {
    auto what = r.method + " " + r.path;
    for (auto const& [name, value] : r.query)
      what += "\n?" + name + "=" + value;
    o.idempotency = inbox_entry{
        "api:" + r.principal.id.value, r.idempotency_key, sha256(what + "\n" + r.body), {}};
  }
  return o;
}

void api::if_repeated(submit_options const& options, std::function<void()> again,
                      std::function<void()> no) const {
  if (!options.idempotency) {
    no();
    return;
  }
  n.log().find_inbox(tenant, options.idempotency->source, options.idempotency->key,
                     [again = std::move(again),
                      no = std::move(no)](result<std::optional<inbox_entry>> const& found) {
                       if (found && *found)
                         again();
                       else
                         no();
                     });
}

void api::command(request const& r, reply const& answer, entity_ref to, any_command c, int status,
                  std::string correlation) const {
  auto o = options(r);
  o.correlation = std::move(correlation);
  n.submit(std::move(to), std::move(c), std::move(o),
           [answer, path = r.path, status](command_result const& done) {
             TROUPE_CRASH_POINT(19, "gateway: before the answer is sent");
             answer(answer_of(done, path, status));
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
               std::map<std::string, std::string> const& filters,
               std::function<void(json::object& shown, json::value const& state)> const& more,
               std::function<std::string(json::value const& state)> const& status) const {
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
  if (filters.contains("status")) {
    if (auto ok = known_status(r, kind); !ok) {
      refuse(r, answer, ok.error());
      return;
    }
  }
  constexpr std::size_t no_end = std::numeric_limits<std::int64_t>::max();
  auto const limit = number(r, "limit", default_page, 1, largest_page);
  auto const skip = number(r, "skip", 0, 0, 100'000'000);
  auto const below = number(r, "cursor", no_end, 1, no_end);
  if (!limit || !skip || !below) {
    refuse(r, answer, !limit ? limit.error() : !skip ? skip.error() : below.error());
    return;
  }
  bool const all = std::none_of(filters.begin(), filters.end(),
                                [&](auto const& f) { return r.query.get(f.first).has_value(); });
  board::wanted wanted_ones;
  if (!all)
    wanted_ones = [&](state_view const& s) {
      for (auto const& [name, member] : filters) {
        auto const wanted = r.query.get(name);
        if (!wanted)
          continue;
        if (status && name == "status") {
          if (status(s.all()) != *wanted)
            return false;
        } else if (!s.has(member, *wanted)) {
          return false;
        }
      }
      return true;
    };
  auto const found = n.view().page(r.principal.tenant, kind, wanted_ones, *below, *skip, *limit);
  json::array items;
  for (auto const& s : found.states) {
    auto shown = present(s, false);
    if (status)
      shown.insert_or_assign("status", status(s));
    if (more)
      more(shown, s);
    items.push_back(std::move(shown));
  }
  json::object page{
      {"items", std::move(items)}, {"total", found.total}, {"skip", *skip}, {"limit", *limit}};
  if (found.more)
    page.emplace("cursor", std::to_string(found.last));
  answer(json_response(200, page));
}

} // namespace troupe
