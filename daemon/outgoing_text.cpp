#include "daemon/outgoing_text.hpp"

#include "protocol/redact.hpp"

namespace troupe::local {

namespace {

std::string without_code(std::string_view text) {
  std::string out;
  bool inside = false;
  while (!text.empty()) {
    auto const end = text.find('\n');
    auto const line = text.substr(0, end);
    auto const first = line.find_first_not_of(" \t");
    bool const fence = first != std::string_view::npos &&
                       (line.substr(first, 3) == "```" || line.substr(first, 3) == "~~~");
    if (fence && !inside)
      out += "[code]\n";
    else if (!fence && !inside) {
      out += line;
      if (end != std::string_view::npos)
        out += '\n';
    }
    if (fence)
      inside = !inside;
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + 1);
  }
  while (out.ends_with('\n'))
    out.pop_back();
  return out;
}

/// Length of the UTF-8 sequence at `at`; 0 if it is not one.
std::size_t sequence(std::string_view text, std::size_t at) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned const lead = byte(at);
  std::size_t const n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (n == 1)
    return 1;
  if (lead < 0xc2 || lead > 0xf4 || at + n > text.size())
    return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((byte(at + i) & 0xc0U) != 0x80U)
      return 0;
  unsigned const second = byte(at + 1);
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
    return 0;
  return n;
}

std::string clean(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto const n = sequence(text, at);
    std::string_view piece = n == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(at, n);
    if (n == 1 && static_cast<unsigned char>(text[at]) < ' ' && text[at] != '\n' &&
        text[at] != '\t')
      piece = " ";
    if (out.size() + piece.size() > limit) {
      out += "…";
      break;
    }
    out += piece;
    at += n == 0 ? 1 : n;
  }
  return out;
}

} // namespace

std::string outgoing_text(std::string_view text, std::size_t limit, bool keep_code) {
  // Redacted before it is cut: a half secret would not be recognised.
  return clean(redact(keep_code ? std::string{text} : without_code(text)), limit);
}

} // namespace troupe::local
