#include "cli/text/lanes.hpp"

#include "cli/text/columns.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr std::size_t time_width = 9;
/// Columns from lane to lane.
constexpr std::size_t pitch = 8;
/// Columns that the words have at least, in a narrow terminal and in a wide one.
constexpr std::size_t least_words = 28;
constexpr std::size_t many_words = 40;
/// Who was not heard of for so many lines may lose its lane to who has none.
constexpr std::size_t patience = 12;
/// Between the lanes and the words.
constexpr std::size_t gap = 1;

constexpr std::size_t middle(std::size_t lane) {
  return lane * pitch + pitch / 2;
}

} // namespace

lanes::lanes(text_style style) : style_(style) {
  auto const width = static_cast<std::size_t>(style_.width > 0 ? style_.width : 120);
  auto const taken = time_width + gap + (width < 100 ? least_words : many_words);
  most_ = std::max<std::size_t>(2, width > taken ? (width - taken) / pitch : 0);
}

lanes::place lanes::of(std::string const& who, place beside) {
  if (who.empty())
    return std::nullopt;
  auto at = std::find_if(all_.begin(), all_.end(), [&](auto const& l) { return l.who == who; });
  if (at == all_.end() && all_.size() < most_) {
    all_.push_back({who, lines_, {}, true});
    return all_.size() - 1;
  }
  if (at == all_.end()) {
    auto silent = all_.end();
    for (auto l = all_.begin(); l != all_.end(); ++l) {
      bool const kept = beside && static_cast<std::size_t>(l - all_.begin()) == *beside;
      if (!kept && (silent == all_.end() || l->used < silent->used))
        silent = l;
    }
    if (silent == all_.end() || lines_ - silent->used < patience)
      return std::nullopt;
    silent->before = std::exchange(silent->who, who);
    silent->fresh = true;
    at = silent;
  }
  at->used = lines_;
  return static_cast<std::size_t>(at - all_.begin());
}

std::vector<lanes::cell> lanes::bars() const {
  std::vector<cell> out(all_.size() * pitch);
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (!all_[i].fresh)
      out[middle(i)].glyph = "│";
  }
  return out;
}

void lanes::write(std::string const& name, std::size_t at, ink meaning,
                  std::vector<cell>& to) const {
  auto text = columns::fit_middle(name, pitch - 1);
  auto const wide = columns::width(text);
  auto const begin = middle(at) - (wide - (wide > 0 ? 1 : 0)) / 2;
  // The first cell has it all: a character may take two columns, or none.
  for (std::size_t i = 0; i < wide; ++i)
    to[begin + i] = {"", meaning};
  to[begin] = {std::move(text), meaning};
}

std::string lanes::newcomers() {
  auto cells = bars();
  std::string words;
  bool any = false;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    auto& l = all_[i];
    if (!std::exchange(l.fresh, false))
      continue;
    any = true;
    write(l.who, i, ink::strong, cells);
    if (!l.before.empty())
      words += (words.empty() ? "" : "; ") + std::exchange(l.before, {}) + "'s lane is " + l.who +
               "'s now";
  }
  return any ? shown({}, cells, words, ink::attention, 2) : std::string{};
}

std::string lanes::heads() const {
  std::vector<cell> cells(all_.size() * pitch);
  for (std::size_t i = 0; i < all_.size(); ++i)
    write(all_[i].who, i, ink::strong, cells);
  return shown({}, cells, {}, ink::plain, 1);
}

void lanes::draw(stroke const& what, std::vector<cell>& to) const {
  if (!what.from || !what.to || what.from == what.to) {
    if (auto const at = what.to ? what.to : what.from)
      to[middle(*at)] = {what.sign, what.meaning};
    return;
  }
  bool const right = *what.to > *what.from;
  auto const first = middle(std::min(*what.from, *what.to));
  auto const last = middle(std::max(*what.from, *what.to));
  for (auto i = first + 1; i < last; ++i) {
    auto& c = to[i];
    c = {c.glyph == "│" ? "┼" : what.dashed ? "╌" : "─", what.meaning};
  }
  to[right ? first : last] = {right ? "├" : "┤", what.meaning};
  to[right ? last - 1 : first + 1] = {right ? "▶" : "◀", what.meaning};
}

std::string lanes::line(std::string const& time, stroke const& what, std::string const& words,
                        ink meaning, std::size_t most_lines) {
  ++lines_;
  auto cells = bars();
  draw(what, cells);
  return shown(time, cells, words, meaning, most_lines);
}

std::string lanes::shown(std::string const& time, std::vector<cell> const& cells,
                         std::string const& words, ink meaning, std::size_t most_lines) const {
  auto const picture = [&](std::vector<cell> const& of) {
    std::string out;
    for (std::size_t i = 0; i < of.size();) {
      auto end = i;
      std::string run;
      bool seen = false;
      for (; end < of.size() && of[end].meaning == of[i].meaning; ++end) {
        run += of[end].glyph;
        seen = seen || of[end].glyph != " ";
      }
      out += seen ? paint(style_, of[i].meaning, run) : run;
      i = end;
    }
    return out;
  };
  std::size_t const taken = time_width + cells.size() + gap;
  auto const width = static_cast<std::size_t>(std::max(style_.width, 0));
  std::size_t const room =
      width == 0 ? 0 : std::max<std::size_t>(width - std::min(width, taken), 8);
  auto lines = columns::wrap(words, room);
  if (lines.size() > most_lines) {
    auto& last = lines[most_lines - 1];
    last = columns::fit(last + " " + lines[most_lines], room); // both do not fit: it is cut
    lines.resize(most_lines);
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += paint(style_, ink::faint, columns::pad(i == 0 ? time : std::string{}, time_width));
    out += picture(i == 0 ? cells : bars());
    if (!lines[i].empty())
      out += std::string(gap, ' ') + paint(style_, meaning, lines[i]);
    else
      while (!out.empty() && out.back() == ' ')
        out.pop_back();
    out += "\n";
  }
  return out;
}

} // namespace troupe
