#include "cli/text/columns.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace troupe::columns {

namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr std::string_view ellipsis = "…";

struct range {
  char32_t first, last;
};

/// Take no column: combining marks, joiners, variation selectors.
constexpr range no_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},   {0x064B, 0x065F},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x2060, 0x2064},   {0x20D0, 0x20FF},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};
/// Take two: East Asian wide and full width forms, emoji.
constexpr range double_width[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
    {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};
/// Change the direction or the lines of what follows: a text could show other than it says.
constexpr range unsafe[] = {
    {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0x0080, 0x009F}, {0x007F, 0x007F}};

template <std::size_t N>
bool within(range const (&ranges)[N], char32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [c](range r) { return c >= r.first && c <= r.last; });
}

/// Takes one character off the front; a byte that is no UTF-8 counts as one replacement character.
char32_t take(std::string_view& text, std::string_view& bytes) {
  auto const lead = static_cast<unsigned char>(text.front());
  std::size_t const size = lead < 0x80             ? 1
                           : (lead & 0xE0) == 0xC0 ? 2
                           : (lead & 0xF0) == 0xE0 ? 3
                           : (lead & 0xF8) == 0xF0 ? 4
                                                   : 0;
  bool good = size != 0 && size <= text.size();
  char32_t c = size <= 1 ? lead : lead & (0x7Fu >> size);
  for (std::size_t i = 1; good && i < size; ++i) {
    auto const next = static_cast<unsigned char>(text[i]);
    good = (next & 0xC0) == 0x80;
    c = (c << 6) | (next & 0x3Fu);
  }
  bytes = text.substr(0, good ? size : 1);
  text.remove_prefix(bytes.size());
  return good ? c : replacement;
}

std::size_t width_of(char32_t c) {
  if (within(no_width, c))
    return 0;
  return within(double_width, c) ? 2 : 1;
}

} // namespace

std::string printable(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::string_view bytes;
    auto const c = take(text, bytes);
    if (c == U'\n' && keep_lines)
      out += '\n';
    else if (c == U'\n' || c == U'\t')
      out += ' ';
    else if (c == U'\r')
      continue;
    else if (c == replacement || c < 0x20 || within(unsafe, c))
      out += "\xEF\xBF\xBD";
    else
      out += bytes;
  }
  return out;
}

std::size_t width(std::string_view text) {
  std::size_t total = 0;
  while (!text.empty()) {
    std::string_view bytes;
    total += width_of(take(text, bytes));
  }
  return total;
}

std::string fit(std::string_view text, std::size_t most) {
  if (width(text) <= most)
    return std::string{text};
  if (most == 0)
    return {};
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    std::string_view bytes;
    auto const next = width_of(take(text, bytes));
    if (used + next > most - 1)
      break;
    out += bytes;
    used += next;
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  out += ellipsis;
  return out;
}

std::string fit_middle(std::string_view text, std::size_t most) {
  if (most < 3 || width(text) <= most)
    return fit(text, most);
  auto const end = most / 2; // the greater part of an odd number: there they differ
  auto out = fit(text, most - end);
  auto rest = width(text);
  while (!text.empty() && rest > end) {
    std::string_view bytes;
    rest -= width_of(take(text, bytes));
  }
  return out + std::string{text};
}

std::string pad(std::string_view text, std::size_t least) {
  std::string out{text};
  auto const w = width(text);
  if (w < least)
    out.append(least - w, ' ');
  return out;
}

std::string pad_left(std::string_view text, std::size_t least) {
  auto const w = width(text);
  return std::string(w < least ? least - w : 0, ' ') + std::string{text};
}

std::vector<std::string> wrap(std::string_view text, std::size_t most) {
  std::vector<std::string> lines;
  while (true) {
    auto const end = text.find('\n');
    auto rest = text.substr(0, end);
    std::string line;
    std::size_t used = 0;
    while (!rest.empty()) {
      auto const gap = rest.find_first_not_of(' ');
      if (gap == std::string_view::npos)
        break;
      rest.remove_prefix(gap);
      auto word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(word.size());
      auto const w = width(word);
      if (most != 0 && !line.empty() && used + 1 + w > most) {
        lines.push_back(std::move(line));
        line.clear();
        used = 0;
      } else if (!line.empty()) {
        line += ' ';
        ++used;
      }
      while (most != 0 && width(word) > most) { // a word longer than the line
        std::size_t taken = 0;
        auto left = word;
        while (!left.empty()) {
          auto const before = left;
          std::string_view bytes;
          auto const next = width_of(take(left, bytes));
          if (taken + next > most && taken > 0) {
            left = before;
            break;
          }
          taken += next;
        }
        lines.emplace_back(word.substr(0, word.size() - left.size()));
        word = left;
      }
      line += word;
      used += width(word);
    }
    lines.push_back(std::move(line));
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + 1);
  }
  while (lines.size() > 1 && lines.back().empty())
    lines.pop_back();
  return lines;
}

std::string paragraph(std::string_view text, std::size_t indent, int total) {
  std::size_t most = 0;
  if (total > 0) // never so narrow that it cannot be read
    most = std::max<std::size_t>(20, static_cast<std::size_t>(total) > indent
                                         ? static_cast<std::size_t>(total) - indent
                                         : 0);
  std::string out;
  for (auto const& line : wrap(text, most))
    out += (line.empty() ? "" : std::string(indent, ' ') + line) + "\n";
  return out;
}

} // namespace troupe::columns
