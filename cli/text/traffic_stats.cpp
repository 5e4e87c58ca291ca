#include "cli/text/columns.hpp"
#include "cli/text/look.hpp"
#include "cli/text/traffic.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::array<std::string_view, 6> points = {"send",    "admit",  "dispatch",
                                                    "journal", "effect", "gateway"};
/// What waits is remembered up to here; more are not told one by one.
constexpr std::size_t most_waiting = 10'000;
constexpr std::size_t most_recent = 200'000;

std::string milliseconds(std::int64_t us) {
  if (us < 0)
    return "-";
  auto const tenths = (us + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::int64_t quantile(std::vector<std::int64_t>& all, std::size_t percent) {
  if (all.empty())
    return -1;
  auto const at = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) * percent / 100);
  std::nth_element(all.begin(), at, all.end());
  return *at;
}

/// The greatest counts, at most five: `pm 12, dev-ada 3`.
std::string greatest(std::map<std::string, std::size_t> const& counts) {
  std::vector<std::pair<std::size_t, std::string>> all;
  for (auto const& [who, n] : counts)
    all.emplace_back(n, who);
  std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) {
    return std::tie(b.first, a.second) < std::tie(a.first, b.second);
  });
  std::vector<std::string> words;
  for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 5); ++i)
    words.push_back(all[i].second + " " + std::to_string(all[i].first));
  return words.empty() ? "-" : look::joined(words);
}

std::string row(text_style const& style, std::string_view name, std::string const& text) {
  auto const head = columns::pad(name, 16);
  auto const room = style.width > 20 ? static_cast<std::size_t>(style.width) - 16 : 0;
  return paint(style, ink::faint, head) + (room > 0 ? columns::fit(text, room) : text) + "\n";
}

} // namespace

void traffic_stats::forget(std::int64_t now) {
  while (!recent_.empty() && (recent_.front().at <= now - window || recent_.size() > most_recent))
    recent_.pop_front();
}

void traffic_stats::take(json::value const& line, std::int64_t now) {
  if (begun_ < 0)
    begun_ = now;
  auto const type = look::text(line, "type");
  if (type == "gap" || type == "counters") {
    missing_ += static_cast<std::uint64_t>(type == "gap" ? look::number(line, "count")
                                                         : look::number(line, "records") +
                                                               look::number(line, "missed"));
    // What was taken may be answered by what is missing.
    waits_.clear();
    blind_at_ = now;
  }
  if (type != "record")
    return;
  ++records_;
  auto const outcome = look::text(line, "outcome");
  seen s;
  s.at = now;
  s.point = look::text(line, "point");
  s.from = look::who(look::text(line, "from"));
  s.error = outcome != "ok" && outcome != "open" && outcome != "duplicate";
  s.latency_us = look::number(line, "latency_us", -1);
  if (auto const id = look::text(line, "message"); !id.empty()) {
    if (s.point == "admit" && waits_.size() < most_waiting)
      waits_.emplace(id, waiting{now, look::who(look::text(line, "to")), look::text(line, "kind")});
    if (s.point == "dispatch" && look::text(line, "direction") == "out")
      waits_.erase(id);
  }
  recent_.push_back(std::move(s));
  forget(now);
}

traffic_stats::summary traffic_stats::sum_up(std::int64_t now) {
  forget(now);
  summary out;
  out.span_ms = std::clamp<std::int64_t>(begun_ < 0 ? 1 : now - begun_, 1'000, window);
  std::map<std::string, std::vector<std::int64_t>> latencies;
  for (auto const point : points)
    out.points.push_back({std::string{point}});
  for (auto const& s : recent_) {
    auto const p = std::find_if(out.points.begin(), out.points.end(),
                                [&](auto const& x) { return x.name == s.point; });
    if (p == out.points.end())
      continue;
    ++p->records;
    p->errors += s.error ? 1 : 0;
    if (!s.from.empty())
      ++out.talkers[s.from];
    if (s.latency_us >= 0)
      latencies[s.point].push_back(s.latency_us);
  }
  for (auto& p : out.points) {
    p.p50_us = quantile(latencies[p.name], 50);
    p.p99_us = quantile(latencies[p.name], 99);
  }
  out.blind = blind_at_ >= 0 && now - blind_at_ < window;
  for (auto const& [id, w] : waits_) {
    ++out.mailboxes[w.at];
    if (!out.oldest || w.since < out.oldest->since)
      out.oldest = w;
  }
  return out;
}

std::string traffic_stats::show(text_style const& style, std::int64_t now) {
  auto const all = sum_up(now);
  std::string out = paint(style, ink::strong,
                          columns::pad("", 12) + columns::pad_left("a second", 10) +
                              columns::pad_left("errors", 8) + columns::pad_left("p50 ms", 10) +
                              columns::pad_left("p99 ms", 10)) +
                    "\n";
  for (auto const& p : all.points) {
    auto const tenths = static_cast<std::int64_t>(p.records) * 10'000 / all.span_ms;
    auto const line =
        columns::pad(p.name, 12) +
        columns::pad_left(std::to_string(tenths / 10) + "." + std::to_string(tenths % 10), 10) +
        columns::pad_left(std::to_string(p.errors), 8) +
        columns::pad_left(milliseconds(p.p50_us), 10) +
        columns::pad_left(milliseconds(p.p99_us), 10);
    out += paint(style, p.errors > 0 ? ink::bad : ink::plain, line) + "\n";
  }
  std::string const unknown = "not known, records are missing; a filter or a higher --rate helps";
  out += row(style, "top talkers", greatest(all.talkers));
  out += row(style, "mailboxes", all.blind ? unknown : greatest(all.mailboxes));
  out += row(style, "oldest waiting",
             all.blind     ? unknown
             : !all.oldest ? "-"
                           : all.oldest->kind + " at " + all.oldest->at + ", " +
                                 look::span(now - all.oldest->since));
  out += row(style, "in all",
             look::count(static_cast<std::int64_t>(records_), "record") +
                 (missing_ > 0 ? ", " + std::to_string(missing_) + " missing" : ""));
  return out;
}

json::object traffic_stats::tell(std::int64_t now) {
  auto const all = sum_up(now);
  auto const known = [](std::int64_t us) {
    return us < 0 ? json::value(nullptr) : json::value(us);
  };
  auto const counts = [](std::map<std::string, std::size_t> const& of) {
    json::object out;
    for (auto const& [who, n] : of)
      out.emplace(who, n);
    return out;
  };
  json::object points;
  for (auto const& p : all.points)
    points.emplace(p.name, json::object{{"records", p.records},
                                        {"errors", p.errors},
                                        {"p50_us", known(p.p50_us)},
                                        {"p99_us", known(p.p99_us)}});
  json::value oldest;
  if (!all.blind && all.oldest)
    oldest = json::object{
        {"kind", all.oldest->kind}, {"at", all.oldest->at}, {"waits_ms", now - all.oldest->since}};
  return {{"type", "stats"},
          {"span_ms", all.span_ms},
          {"points", std::move(points)},
          {"talkers", counts(all.talkers)},
          {"mailboxes", all.blind ? json::value(nullptr) : json::value(counts(all.mailboxes))},
          {"oldest", std::move(oldest)},
          {"records", records_},
          {"missing", missing_}};
}

} // namespace troupe
