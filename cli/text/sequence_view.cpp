#include "cli/text/columns.hpp"
#include "cli/text/look.hpp"
#include "cli/text/traffic.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t column_width = 16;
constexpr std::size_t time_width = 10;

/// Who was not heard of for so many lines gives its column to who has none.
constexpr std::size_t patience = 6;
/// After so many lines the heads are out of sight.
constexpr std::size_t heads_each = 40;

/// A line of cells, one for each column, with a bar in the middle of each.
std::string lanes(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += std::string(column_width / 2, ' ') + "│" + std::string(column_width / 2 - 1, ' ');
  return out;
}

/// The same with an arrow between two columns, and words on it.
std::string arrow(std::size_t count, std::size_t from, std::size_t to, std::string const& words,
                  bool solid) {
  auto const left = std::min(from, to);
  auto const right = std::max(from, to);
  auto const room = (right - left) * column_width - 1;
  auto const text = columns::fit(words, room > 4 ? room - 4 : 1);
  std::string line = solid ? "─" : "╌";
  std::string shaft;
  auto const rest = room - 1 - std::min(room - 1, columns::width(text) + 2);
  for (std::size_t i = 0; i < rest; ++i)
    shaft += line;
  auto const body = to > from ? " " + text + " " + shaft + "▶" : "◀" + shaft + " " + text + " ";
  auto const before = lanes(left) + std::string(column_width / 2, ' ') + "│";
  std::string after = "│" + std::string(column_width / 2 - 1, ' ') + lanes(count - right - 1);
  return before + body + after;
}

} // namespace

bool sequence_view::has_room() const {
  auto const width = static_cast<std::size_t>(style_.width > 0 ? style_.width : 120);
  return (columns_.size() + 1) * column_width + time_width <= width;
}

/// None: there is no room for it, and it is told in words.
std::optional<std::size_t> sequence_view::column_of(std::string const& who) {
  auto at =
      std::find_if(columns_.begin(), columns_.end(), [&](auto const& c) { return c.who == who; });
  if (at == columns_.end() && has_room()) {
    columns_.push_back({who});
    at = std::prev(columns_.end());
    fresh_ = true;
  } else if (at == columns_.end()) {
    at = std::min_element(columns_.begin(), columns_.end(),
                          [](auto const& a, auto const& b) { return a.used < b.used; });
    if (at == columns_.end() || lines_ - at->used < patience)
      return std::nullopt;
    at->who = who;
    fresh_ = true;
  }
  at->used = lines_;
  return static_cast<std::size_t>(at - columns_.begin());
}

std::string sequence_view::heads() const {
  std::string out(time_width, ' ');
  for (auto const& c : columns_) {
    auto const name = columns::fit(c.who, column_width - 2);
    auto const left = (column_width - columns::width(name)) / 2;
    out += paint(style_, ink::name, columns::pad(std::string(left, ' ') + name, column_width));
  }
  return out + "\n";
}

std::string sequence_view::show(json::value const& line) {
  if (look::text(line, "type") != "record")
    return render_traffic_line(line, style_) + "\n";
  ++lines_;
  auto const from = look::who(look::text(line, "from"));
  auto const to = look::who(look::text(line, "to"));
  std::optional<std::size_t> source;
  std::optional<std::size_t> target;
  if (!from.empty())
    source = column_of(from);
  if (!to.empty())
    target = column_of(to);
  auto const outcome = look::text(line, "outcome");
  bool const wrong = outcome != "ok" && outcome != "open" && outcome != "duplicate";
  // `ticket.claimed` on the arrow to a ticket: the column says of what.
  auto const kind = look::text(line, "kind");
  auto const words = kind.substr(kind.find('.') + 1) + (wrong ? " " + outcome : "");
  std::string out;
  if (std::exchange(fresh_, false) || lines_ - told_ >= heads_each) {
    out = heads();
    told_ = lines_;
  }
  if (!source || !target || source == target)
    return out + render_traffic_line(line, style_) + "\n";
  auto const time = look::clock(look::number(line, "at_us") / 1000, style_.local_time);
  bool const solid = look::number(line, "seq") > 0;
  return out + paint(style_, ink::faint, columns::pad(time, time_width)) +
         paint(style_, wrong ? ink::bad : ink::plain,
               arrow(columns_.size(), *source, *target, words, solid)) +
         "\n";
}

} // namespace troupe
