#include "gateway/routes/watch_request.hpp"

#include "gateway/auth/principal.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace troupe {

namespace {

constexpr std::array<std::string_view, 8> parameters = {"filter",  "sample",   "rate",  "limit",
                                                        "seconds", "contents", "since", "after"};
constexpr std::uint64_t most_rate = 10'000;
constexpr std::uint64_t most_records = 1'000'000;
constexpr std::uint64_t most_seconds = 3'600;

result<void> known(request const& r) {
  for (auto const& [name, value] : r.query) {
    if (std::find(parameters.begin(), parameters.end(), name) != parameters.end())
      continue;
    std::string all;
    for (auto const& p : parameters)
      all += (all.empty() ? "" : ", ") + std::string{p};
    return fail(errc::invalid_argument, "unknown parameter " + name + "; known: " + all,
                {{"field", name}});
  }
  return {};
}

result<std::uint64_t> whole(request const& r, std::string_view name, std::uint64_t fallback,
                            std::uint64_t most) {
  auto const text = r.query.get(name);
  if (!text)
    return fallback;
  std::uint64_t n = 0;
  auto const [end, ec] = std::from_chars(text->data(), text->data() + text->size(), n);
  if (ec != std::errc{} || end != text->data() + text->size() || n < 1 || n > most)
    return fail(errc::invalid_argument,
                std::string{name} + " must be a whole number from 1 to " + std::to_string(most),
                {{"field", name}});
  return n;
}

result<double> part(request const& r) {
  auto const text = r.query.get("sample");
  if (!text)
    return 1.0;
  double part = 0;
  auto const [end, ec] =
      std::from_chars(text->data(), text->data() + text->size(), part, std::chars_format::fixed);
  if (ec != std::errc{} || end != text->data() + text->size() || !(part > 0 && part <= 1))
    return fail(errc::invalid_argument, "sample must be above 0 and at most 1, as 0.05",
                {{"field", "sample"}});
  return part;
}

result<bool> flag(request const& r) {
  auto const text = r.query.get("contents").value_or("false");
  if (text == "true" || text == "1" || text.empty())
    return true;
  if (text == "false" || text == "0")
    return false;
  return fail(errc::invalid_argument, "contents must be true or false", {{"field", "contents"}});
}

/// `90s`, `5m`, `2h`, at most a year.
result<std::optional<duration>> past(request const& r) {
  auto const text = r.query.get("since");
  if (!text)
    return std::optional<duration>{};
  std::int64_t n = 0;
  auto const [end, ec] = std::from_chars(text->data(), text->data() + text->size(), n);
  std::string_view const unit{end, static_cast<std::size_t>(text->data() + text->size() - end)};
  std::int64_t const seconds = unit == "s"                    ? 1
                               : unit == "m" || unit == "min" ? 60
                               : unit == "h"                  ? 3'600
                               : unit == "d"                  ? 86'400
                                                              : 0;
  constexpr std::int64_t most = 366ll * 86'400;
  if (ec != std::errc{} || seconds == 0 || n < 1 || n > most / seconds)
    return fail(errc::invalid_argument, "since must be a time before now, as 90s, 5m, 2h or 7d",
                {{"field", "since"}});
  return std::optional<duration>{std::chrono::seconds{n * seconds}};
}

/// A stream that comes back says where it was in a header.
result<std::optional<stream_position>> position(request const& r) {
  auto const text = r.query.get("after");
  auto const header = std::string{r.headers.get("Last-Event-ID")};
  if (!text && header.empty()) // a stream that was told nothing yet
    return std::optional<stream_position>{};
  auto out = decode_position(text.value_or(header));
  if (!out)
    return fail(errc::invalid_argument,
                std::string{text ? "after" : "Last-Event-ID"} +
                    " must be the id of an event of a watch or a stream, as it came",
                {{"field", text ? "after" : "Last-Event-ID"}});
  return out;
}

} // namespace

result<watch_terms> watch_terms_of(request const& r) {
  if (auto ok = known(r); !ok)
    return ok.error();
  watch_terms terms;
  auto& out = terms.live;
  out.tenant = r.principal.tenant;
  auto filter = traffic::filter::parse(r.query.get("filter").value_or(""));
  if (!filter) {
    auto e = filter.error();
    e.details["field"] = "filter";
    return e;
  }
  out.of = std::move(*filter);
  auto const sample = part(r);
  auto const rate = whole(r, "rate", out.rate, most_rate);
  auto const limit = whole(r, "limit", out.limits.records, most_records);
  auto const seconds = whole(r, "seconds", 600, most_seconds);
  auto const contents = flag(r);
  if (!sample)
    return sample.error();
  if (!rate)
    return rate.error();
  if (!limit)
    return limit.error();
  if (!seconds)
    return seconds.error();
  if (!contents)
    return contents.error();
  if (*contents && !covers(r.principal, role::observe_contents))
    return fail(errc::forbidden, "what messages say needs the role observe_contents",
                {{"role", to_string(role::observe_contents)}, {"field", "contents"}});
  out.sample = *sample;
  out.rate = static_cast<std::uint32_t>(*rate);
  out.limits.records = *limit;
  out.limits.time_ns = static_cast<std::int64_t>(*seconds) * 1'000'000'000;
  out.contents = *contents;
  auto const since = past(r);
  auto const after = position(r);
  if (!since)
    return since.error();
  if (!after)
    return after.error();
  terms.after = *after;
  if (!terms.after)
    terms.since = *since;
  if (since->has_value() && r.query.get("after"))
    return fail(errc::invalid_argument, "since and after exclude one another",
                {{"field", "after"}});
  out.limits.patient = terms.has_past(); // live lines wait for it, however long that takes
  return terms;
}

} // namespace troupe
