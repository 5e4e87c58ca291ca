#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/transcript_forms.hpp"

namespace troupe::rules {

std::size_t bullet_length(std::string_view line) {
  std::size_t n = 0;
  if (line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ "))
    n = 2;
  else if (line.starts_with("• ") || line.starts_with("– "))
    n = line.find(' ') + 1;
  else {
    std::size_t d = 0;
    while (d < line.size() && is_digit(line[d]) && d < 3)
      ++d;
    if (d > 0 && d + 1 < line.size() && (line[d] == '.' || line[d] == ')') && line[d + 1] == ' ')
      n = d + 2;
  }
  auto const rest = line.substr(n);
  if (n > 0 && (rest.starts_with("[ ] ") || rest.starts_with("[x] ")))
    n += 4;
  return n;
}

void read_prose(std::string_view text, transcript& out) {
  out.form = "prose";
  std::string paragraph;
  auto const flush = [&] {
    if (!paragraph.empty())
      out.turns.push_back({{}, duration{0}, squeeze(paragraph)});
    paragraph.clear();
  };
  bool headers = true;
  for (auto const raw : split_lines(text)) {
    auto line = trim(raw);
    if (line.empty()) {
      flush();
      headers = headers && out.turns.empty() && out.title.empty();
      continue;
    }
    if (headers && paragraph.empty() && take_header(line, out))
      continue;
    headers = false;
    if (line[0] == '#') {
      flush();
      while (!line.empty() && (line[0] == '#' || line[0] == ' '))
        line.remove_prefix(1);
      if (out.title.empty() && out.turns.empty())
        out.title = squeeze(line);
      else if (!line.empty())
        out.turns.push_back({{}, duration{0}, squeeze(line) + (line.ends_with(':') ? "" : ":")});
      continue;
    }
    if (auto const marker = bullet_length(line); marker > 0) {
      flush();
      paragraph = "- " + std::string{line.substr(marker)};
      continue;
    }
    if (line.ends_with(':') && line.size() < 80 && paragraph.starts_with("- "))
      flush();
    paragraph += (paragraph.empty() ? "" : " ") + std::string{line};
    if (line.ends_with(':') && line.size() < 80)
      flush();
  }
  flush();
}

} // namespace troupe::rules
