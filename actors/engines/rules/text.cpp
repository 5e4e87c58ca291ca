#include "actors/engines/rules/text.hpp"

#include <array>
#include <cstdint>

namespace troupe::rules {
namespace {

void put(std::string& out, std::uint32_t c) {
  auto const byte = [&](std::uint32_t b) { out += static_cast<char>(b & 0xffu); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0u | (c >> 6));
    byte(0x80u | (c & 0x3fu));
  } else if (c < 0x10000) {
    byte(0xe0u | (c >> 12));
    byte(0x80u | ((c >> 6) & 0x3fu));
    byte(0x80u | (c & 0x3fu));
  } else {
    byte(0xf0u | (c >> 18));
    byte(0x80u | ((c >> 12) & 0x3fu));
    byte(0x80u | ((c >> 6) & 0x3fu));
    byte(0x80u | (c & 0x3fu));
  }
}

constexpr std::uint32_t replacement = 0xfffd;

std::uint8_t at(std::string_view s, std::size_t i) {
  return static_cast<std::uint8_t>(s[i]);
}

/// Length of the well-formed sequence at `i`, 0 if there is none (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view s, std::size_t i) {
  auto const b = at(s, i);
  if (b < 0x80)
    return 1;
  std::size_t n = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xbf;
  if (b >= 0xc2 && b <= 0xdf)
    n = 2;
  else if (b >= 0xe0 && b <= 0xef)
    n = 3;
  else if (b >= 0xf0 && b <= 0xf4)
    n = 4;
  else
    return 0;
  if (b == 0xe0)
    low = 0xa0;
  if (b == 0xed)
    high = 0x9f;
  if (b == 0xf0)
    low = 0x90;
  if (b == 0xf4)
    high = 0x8f;
  if (i + n > s.size() || at(s, i + 1) < low || at(s, i + 1) > high)
    return 0;
  for (std::size_t k = 2; k < n; ++k)
    if ((at(s, i + k) & 0xc0u) != 0x80u)
      return 0;
  return n;
}

/// Length of the terminal escape sequence at `i`: a colour, a title, a movement of the cursor; 1
/// for a lone escape character.
std::size_t escape_length(std::string_view s, std::size_t i) {
  auto const within = [&](std::size_t k, unsigned char first, unsigned char last) {
    return k < s.size() && at(s, k) >= first && at(s, k) <= last;
  };
  auto k = i + 1;
  if (k >= s.size())
    return 1;
  if (s[k] == '[') { // parameters, intermediate bytes, a final one
    ++k;
    while (within(k, 0x30, 0x3f))
      ++k;
    while (within(k, 0x20, 0x2f))
      ++k;
    return within(k, 0x40, 0x7e) ? k + 1 - i : k - i;
  }
  if (std::string_view{"]PX^_"}.find(s[k]) != std::string_view::npos) {
    // A string for the terminal: up to BEL or ESC \, and never past the line.
    for (auto end = k + 1; end < s.size() && s[end] != '\n'; ++end) {
      if (s[end] == '\a')
        return end + 1 - i;
      if (s[end] == '\x1b' && end + 1 < s.size() && s[end + 1] == '\\')
        return end + 2 - i;
    }
    return 2;
  }
  while (within(k, 0x20, 0x2f))
    ++k;
  return within(k, 0x30, 0x7e) && (k > i + 1 || std::string_view{"78=>cDEHMNOZ"}.find(s[k]) !=
                                                    std::string_view::npos)
             ? k + 1 - i
             : 1;
}

std::string from_utf16(std::string_view s, bool big) {
  std::string out;
  out.reserve(s.size());
  auto const unit = [&](std::size_t i) {
    auto const a = static_cast<std::uint32_t>(at(s, i));
    auto const b = static_cast<std::uint32_t>(at(s, i + 1));
    return big ? (a << 8) | b : (b << 8) | a;
  };
  for (std::size_t i = 0; i + 1 < s.size(); i += 2) {
    auto c = unit(i);
    if (c >= 0xd800 && c <= 0xdbff && i + 3 < s.size()) {
      auto const d = unit(i + 2);
      if (d >= 0xdc00 && d <= 0xdfff) {
        c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
        i += 2;
      }
    }
    put(out, c >= 0xd800 && c <= 0xdfff ? replacement : c);
  }
  return out;
}

std::string from_windows_1252(std::string_view s) {
  // 0 where the code page has nothing.
  static constexpr std::array<std::uint16_t, 32> upper = {
      0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
      0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
      0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};
  std::string out;
  out.reserve(s.size() + s.size() / 8);
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::uint32_t c = at(s, i);
    if (c >= 0x80 && c < 0xa0)
      c = upper[c - 0x80] == 0 ? replacement : upper[c - 0x80];
    put(out, c);
  }
  return out;
}

/// UTF-8 with U+FFFD for each bad byte, or Windows-1252 if there is hardly any UTF-8 in it.
std::string from_bytes(std::string_view s) {
  std::size_t good = 0;
  std::size_t bad = 0;
  for (std::size_t i = 0; i < s.size();) {
    auto const n = utf8_length(s, i);
    good += n > 1 ? 1 : 0;
    bad += n == 0 ? 1 : 0;
    i += n == 0 ? 1 : n;
  }
  if (bad == 0)
    return std::string{s};
  if (bad >= good)
    return from_windows_1252(s);
  std::string out;
  out.reserve(s.size() + bad * 2);
  for (std::size_t i = 0; i < s.size();) {
    auto const n = utf8_length(s, i);
    if (n == 0)
      put(out, replacement);
    else
      out += s.substr(i, n);
    i += n == 0 ? 1 : n;
  }
  return out;
}

/// -1: no UTF-16; 0: little endian; 1: big endian. ASCII in UTF-16 has a zero in every other byte.
int utf16_without_mark(std::string_view s) {
  auto const n = std::min<std::size_t>(s.size() & ~std::size_t{1}, 4096);
  std::size_t even = 0;
  std::size_t odd = 0;
  for (std::size_t i = 0; i < n; i += 2) {
    even += s[i] == '\0' ? 1 : 0;
    odd += s[i + 1] == '\0' ? 1 : 0;
  }
  if (n < 8)
    return -1;
  if (odd * 10 > n * 3 && even == 0)
    return 0;
  return even * 10 > n * 3 && odd == 0 ? 1 : -1;
}

} // namespace

result<std::string> decode_text(std::string_view bytes) {
  using namespace std::string_view_literals;
  std::string wide;
  if (bytes.starts_with("\xff\xfe"sv))
    wide = from_utf16(bytes.substr(2), false);
  else if (bytes.starts_with("\xfe\xff"sv))
    wide = from_utf16(bytes.substr(2), true);
  else if (auto const order = utf16_without_mark(bytes); order >= 0)
    wide = from_utf16(bytes, order == 1);
  else
    wide = from_bytes(bytes.starts_with("\xef\xbb\xbf"sv) ? bytes.substr(3) : bytes);

  std::string out;
  out.reserve(wide.size());
  std::size_t control = 0;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    auto const c = wide[i];
    auto const u = static_cast<unsigned char>(c);
    if (c == '\x1b') {
      i += escape_length(wide, i) - 1;
    } else if (c == '\r') {
      if (i + 1 >= wide.size() || wide[i + 1] != '\n')
        out += '\n';
    } else if (u >= 0x20 || c == '\n' || c == '\t') {
      // A no-break space is white space to us; a mark inside the text is nothing.
      if (u == 0xc2 && i + 1 < wide.size() && wide[i + 1] == '\xa0') {
        out += ' ';
        ++i;
      } else if (u == 0xef && wide.compare(i, 3, "\xef\xbb\xbf") == 0) {
        i += 2;
      } else if (u != 0x7f) {
        out += c;
      }
    } else {
      ++control;
    }
  }
  if (control * 20 > wide.size())
    return fail(errc::invalid_argument,
                "this is not text: send the transcript as WebVTT, SRT or plain text");
  return out;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (is_upper(out[i])) {
      out[i] = static_cast<char>(out[i] - 'A' + 'a');
    } else if (out[i] == '\xc3' && i + 1 < out.size()) {
      auto const b = at(out, i + 1);
      if (b >= 0x80 && b <= 0x9e && b != 0x97)
        out[i + 1] = static_cast<char>(b + 0x20);
      ++i;
    } else if ((out[i] == '\xc4' || out[i] == '\xc5') && i + 1 < out.size()) {
      // Latin Extended-A pairs upper (even) with lower (odd), but for two runs that are shifted.
      auto const b = at(out, i + 1);
      auto const c = ((at(out, i) & 0x1fu) << 6) | (b & 0x3fu);
      bool const shifted = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
      if ((shifted ? (c & 1u) == 1 : (c & 1u) == 0) && b != 0xbf)
        out[i + 1] = static_cast<char>(b + 1);
      ++i;
    }
  }
  return out;
}

std::string capitalized(std::string text) {
  if (!text.empty() && is_lower(text[0]))
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    auto const end = text.find('\n');
    out.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

std::string squeeze(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (auto const c : trim(text)) {
    if (!is_space(c))
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

std::string shorten(std::string_view text, std::size_t bytes) {
  text = trim(text);
  if (text.size() <= bytes)
    return std::string{text};
  auto cut = text.substr(0, bytes - 3).rfind(' ');
  if (cut == std::string_view::npos || cut < bytes / 2) {
    cut = bytes - 3;
    while (cut > 0 && (at(text, cut) & 0xc0u) == 0x80u)
      --cut;
  }
  auto head = trim(text.substr(0, cut));
  while (!head.empty() && (head.back() == ',' || head.back() == ':' || head.back() == ';'))
    head.remove_suffix(1);
  return std::string{head} + "…";
}

} // namespace troupe::rules
