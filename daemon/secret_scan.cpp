#include "daemon/secret_scan.hpp"

#include "protocol/redact.hpp"

#include <charconv>

namespace troupe::local {

namespace {

/// Lines that one file gains, joined, with the number of each.
struct added_text {
  std::string file;
  std::string text;
  std::vector<std::int64_t> numbers;

  void add(std::string_view line, std::int64_t number) {
    text += line;
    text += '\n';
    numbers.push_back(number);
  }
};

void scan(added_text const& added, std::string const& commit, std::vector<secret_place>& out) {
  scan_options options;
  options.unknown_forms = !is_generated_file(added.file);
  std::size_t line = 0;
  std::size_t at = 0;
  for (auto const& hit : find_secrets(added.text, options)) {
    for (; at < hit.offset; ++at)
      line += added.text[at] == '\n' ? 1 : 0;
    out.push_back({std::string{hit.rule}, added.file,
                   line < added.numbers.size() ? added.numbers[line] : 0, commit});
  }
}

/// `@@ -1,2 +10,3 @@`: the number of the first new line.
std::int64_t first_new_line(std::string_view header) {
  auto const plus = header.find(" +");
  std::int64_t n = 0;
  if (plus != std::string_view::npos)
    std::from_chars(header.data() + plus + 2, header.data() + header.size(), n);
  return n;
}

/// `+++ b/name`, with git's quotes taken off.
std::string file_of(std::string_view line) {
  line.remove_prefix(4);
  if (line.size() >= 2 && line.front() == '"' && line.back() == '"')
    line = line.substr(1, line.size() - 2);
  if (line.starts_with("b/"))
    line.remove_prefix(2);
  while (line.ends_with('\t') || line.ends_with('\r'))
    line.remove_suffix(1);
  return std::string{line};
}

} // namespace

std::string describe(secret_place const& place) {
  std::string out = place.rule + " in ";
  if (place.file.empty())
    out += "the message";
  else
    out += one_line(redact(place.file), 200) + " line " + std::to_string(place.line);
  if (!place.commit.empty())
    out += " of commit " + place.commit.substr(0, 12);
  return out;
}

std::vector<secret_place> scan_patch(std::string_view patch, std::string commit) {
  std::vector<secret_place> out;
  added_text added;
  std::int64_t number = 0;
  bool in_hunk = false;
  auto const flush = [&] {
    scan(added, commit, out);
    added.text.clear();
    added.numbers.clear();
  };
  while (!patch.empty()) {
    auto const end = patch.find('\n');
    auto const line = patch.substr(0, end);
    if (line.starts_with("diff --git ")) {
      flush();
      in_hunk = false;
    } else if (!in_hunk && line.starts_with("+++ ")) {
      added.file = file_of(line);
    } else if (line.starts_with("@@ ")) {
      in_hunk = true;
      number = first_new_line(line);
    } else if (in_hunk && line.starts_with('+')) {
      added.add(line.substr(1), number++);
    } else if (in_hunk && line.starts_with(' ')) {
      ++number;
    }
    if (end == std::string_view::npos)
      break;
    patch.remove_prefix(end + 1);
  }
  flush();
  return out;
}

result<std::vector<secret_place>> scan_difference(git const& g, std::string const& base,
                                                  std::string const& head) {
  auto patch = g.out({"-c", "core.quotePath=false", "diff", "--no-color", "--no-ext-diff",
                      "--no-textconv", "--no-renames", "--unified=0", base, head});
  if (!patch)
    return patch.error();
  return scan_patch(*patch, {});
}

result<std::vector<secret_place>> scan_commits(git const& g, std::string const& base,
                                               std::string const& head) {
  auto commits = g.out({"rev-list", "--no-merges", base + ".." + head});
  if (!commits)
    return commits.error();
  std::vector<secret_place> out;
  for (auto const& commit : lines_of(*commits)) {
    auto message = g.out({"show", "--no-patch", "--format=%B", commit});
    if (!message)
      return message.error();
    for (auto const& hit : find_secrets(*message))
      out.push_back({std::string{hit.rule}, {}, 0, commit});
    auto patch = g.out({"-c", "core.quotePath=false", "show", "--format=", "--no-color",
                        "--no-ext-diff", "--no-textconv", "--no-renames", "--unified=0", commit});
    if (!patch)
      return patch.error();
    auto found = scan_patch(*patch, commit);
    out.insert(out.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
  }
  return out;
}

} // namespace troupe::local
