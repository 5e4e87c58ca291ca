#include "daemon/output_tail.hpp"

#include "protocol/redact.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace troupe::local {

namespace {

constexpr std::size_t most_lines = 6;

/// A line of code is recognised by its words; a shorter one (`}`, `done`) says nothing.
constexpr std::size_t least_fragment = 6;

std::string without_colours(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
      i += 2;
      while (i < text.size() && (text[i] < '@' || text[i] > '~'))
        ++i;
      continue;
    }
    out += text[i];
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  auto const begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// What of a line may be a line of a file: the whole, without the marks of a diff, and what stands
/// behind a place as compilers and `grep -n` print it (`a.c:3: …`, `3 | …`).
std::vector<std::string> fragments_of(std::string_view line) {
  std::vector<std::string> out;
  auto const add = [&](std::string_view part) {
    part = trimmed(part);
    if (part.size() >= least_fragment &&
        std::any_of(part.begin(), part.end(), [](unsigned char c) { return std::isalnum(c) != 0; }))
      out.emplace_back(part);
  };
  line = trimmed(line);
  add(line);
  if (auto const behind = line.find_first_not_of("+-<>|*# \t");
      behind != std::string_view::npos && behind > 0)
    add(line.substr(behind));
  for (std::size_t i = 0; i < line.size() && out.size() < 12; ++i)
    if (line[i] == ':' || line[i] == '|' || line[i] == '\t' || line.substr(i).starts_with("@@ "))
      add(line.substr(line[i] == '@' ? i + 3 : i + 1));
  return out;
}

std::string whole_line(std::string_view text) {
  std::string out = "^[[:space:]]*";
  for (char const c : text) {
    if (std::string_view{"\\^$.[]|()?*+{}"}.find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out + "[[:space:]]*$";
}

/// Whether one of the fragments is a line of the source; yes, where git cannot tell.
bool in_source(git const& g, std::vector<std::string> const& fragments,
               std::vector<std::string> const& trees) {
  if (fragments.empty())
    return false;
  for (bool const in_trees : {false, true}) {
    if (in_trees && trees.empty())
      continue;
    std::vector<std::string> args{"grep", "--quiet", "--text", "--extended-regexp"};
    if (!in_trees)
      args.emplace_back("--untracked");
    for (auto const& f : fragments) {
      args.emplace_back("-e");
      args.push_back(whole_line(f));
    }
    if (in_trees)
      args.insert(args.end(), trees.begin(), trees.end());
    auto const answer = g.run(std::move(args));
    if (!answer || answer->exit_code != 1)
      return true;
  }
  return false;
}

} // namespace

std::vector<std::string> last_lines(std::string_view output) {
  std::vector<std::string> out;
  std::size_t room = tail_limit;
  auto const all = lines_of(output);
  for (auto it = all.rbegin(); it != all.rend() && out.size() < most_lines; ++it) {
    auto const plain = without_colours(*it);
    auto const line = trimmed(plain);
    if (line.empty() || line.front() == '{')
      continue;
    if (line.size() > room) {
      if (out.empty())
        out.push_back(one_line(redact(line), room)); // a half secret is not recognised
      break;
    }
    room -= line.size();
    out.emplace_back(line);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::string> lines_without_source(std::string_view output,
                                              std::filesystem::path const& worktree,
                                              std::vector<std::string> const& trees) {
  auto lines = last_lines(output);
  git g{worktree};
  g.timeout = std::chrono::seconds{20};
  std::vector<std::string> known;
  for (auto const& t : trees)
    if (!t.empty())
      known.push_back(t);
  std::vector<std::string> every;
  for (auto const& line : lines)
    for (auto& f : fragments_of(line))
      every.push_back(std::move(f));
  if (!in_source(g, every, known)) // one look is enough for most outputs
    return lines;
  auto first = lines.size();
  while (first > 0 && !in_source(g, fragments_of(lines[first - 1]), known))
    --first;
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(first));
  return lines;
}

std::string joined_lines(std::vector<std::string> const& lines, std::string_view between) {
  std::string out;
  for (auto const& line : lines) {
    if (!out.empty())
      out += between;
    out += line;
  }
  return out;
}

std::string place_of_log(std::filesystem::path const& log) {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0)
    name[0] = '\0';
  std::error_code ec;
  auto const path = std::filesystem::absolute(log, ec);
  return "log on " + std::string{name[0] == '\0' ? "the daemon's machine" : name.data()} + ": " +
         (ec ? log : path).string();
}

} // namespace troupe::local
