#include "cli/text/traffic.hpp"

#include "cli/text/columns.hpp"
#include "cli/text/look.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// `12:03:04.123` of microseconds since 1970.
std::string moment(std::int64_t at_us, bool local) {
  auto const ms = at_us / 1000;
  auto part = std::to_string(ms % 1000);
  part.insert(0, 3 - part.size(), '0');
  return look::clock(ms, local) + "." + part;
}

std::string latency(std::int64_t us) {
  if (us < 1000)
    return std::to_string(us) + " µs";
  if (us < 10'000)
    return std::to_string(us / 1000) + "." + std::to_string(us % 1000 / 100) + " ms";
  return look::span(us / 1000);
}

std::string missing(json::value const& line) {
  auto const n = look::number(line, "count");
  auto const why = look::text(line, "why");
  auto const reason = why == "slow"   ? std::string{"this terminal was too slow"}
                      : why == "rate" ? std::string{"over the rate; --rate N for more"}
                      : why == "room" ? std::string{"the server had no room for them"}
                                      : why;
  return "… " + look::count(n, "record") + " missing: " + reason;
}

std::string counted(json::value const& line) {
  std::string out = "… far behind: " + look::count(look::number(line, "records"), "record");
  if (auto const n = look::number(line, "errors"); n > 0)
    out += ", " + look::count(n, "error");
  if (auto const n = look::number(line, "missed"); n > 0)
    out += ", " + std::to_string(n) + " missed";
  return out + " not shown one by one";
}

/// `>` begins or goes on its way, `<` is the answer or the end of what began. What entities and
/// journal are given comes in to them; messages and effects go out, and these come back.
std::string_view way_of(json::value const& record) {
  auto const way = look::text(record, "direction");
  auto const point = look::text(record, "point");
  if (way != "in" && way != "out")
    return " ";
  bool const goes_out = point == "send" || point == "effect";
  return (way == "out") == goes_out ? ">" : "<";
}

/// `a → b`: from a to b; `a ← b`: what b answered a. What is stored is nobody's answer.
std::string parties(json::value const& record) {
  auto const from = look::who(look::text(record, "from"));
  auto const to = look::who(look::text(record, "to"));
  if (from.empty() || to.empty())
    return from + to;
  bool const answer = way_of(record) == "<" && look::text(record, "point") != "journal";
  return from + (answer ? " ← " : " → ") + to;
}

} // namespace

std::string render_traffic_line(json::value const& line, text_style const& style) {
  auto const type = look::text(line, "type");
  if (type == "gap")
    return paint(style, ink::attention, missing(line));
  if (type == "counters")
    return paint(style, ink::attention, counted(line));
  if (type != "record")
    return type;
  auto const outcome = look::text(line, "outcome");
  bool const plain = outcome == "open" || outcome == "ok" || outcome == "duplicate";
  auto const took = look::number(line, "latency_us", -1);
  auto const who = parties(line);

  struct piece {
    std::string text;
    ink meaning;
  };
  std::vector<piece> pieces{
      {moment(look::number(line, "at_us"), style.local_time), ink::faint},
      {columns::pad(look::text(line, "point"), 8) + " " + std::string{way_of(line)}, ink::faint},
      {look::text(line, "kind"), ink::name},
      {who, ink::plain}};
  if (auto const ticket = look::text(line, "ticket");
      !ticket.empty() && who.find(ticket) == std::string::npos)
    pieces.push_back({"of " + ticket, ink::faint});
  if (outcome != "open")
    pieces.push_back({outcome, plain ? ink::faint : ink::bad});
  if (took >= 0)
    pieces.push_back({latency(took), look::flag(line, "outlier") ? ink::attention : ink::faint});
  if (auto const seq = look::number(line, "seq"); seq > 0)
    pieces.push_back({"#" + std::to_string(look::number(line, "shard")) + "/" + std::to_string(seq),
                      ink::faint});
  if (auto said = look::text(line, "content"); !said.empty())
    pieces.push_back({std::move(said), ink::strong});

  std::string out;
  std::size_t used = 0;
  for (auto const& p : pieces) {
    if (p.text.empty())
      continue;
    auto const space = used == 0 ? std::size_t{0} : std::size_t{1};
    auto const room = static_cast<std::size_t>(std::max(style.width, 0));
    if (style.width > 0 && used + space + 3 > room)
      break;
    auto const text =
        style.width > 0 ? columns::fit(p.text, room - used - space) : columns::printable(p.text);
    out += std::string(space, ' ') + paint(style, p.meaning, text);
    used += space + columns::width(text);
  }
  return out;
}

} // namespace troupe
