#include "daemon/profile.hpp"

#include "daemon/git.hpp"
#include "daemon/profiles/shipped.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

namespace troupe::local {

namespace fs = std::filesystem;

namespace {

error wrong(std::string const& file, std::string_view key, std::string_view want) {
  return fail(errc::invalid_argument,
              file + ": " + std::string{key} + " must be " + std::string{want});
}

result<void> read(toml::node const& node, std::string const& file, std::string_view key,
                  std::string& out) {
  if (auto const text = node.value<std::string>(); text && node.is_string()) {
    out = *text;
    return {};
  }
  return wrong(file, key, "a string");
}

result<void> read(toml::node const& node, std::string const& file, std::string_view key,
                  std::vector<std::string>& out) {
  auto const* list = node.as_array();
  if (list == nullptr)
    return wrong(file, key, "a list of strings");
  for (auto const& item : *list) {
    out.emplace_back();
    if (auto r = read(item, file, key, out.back()); !r)
      return r;
  }
  return {};
}

result<void> read(toml::node const& node, std::string const& file, std::string_view key,
                  std::map<std::string, std::string>& out) {
  auto const* table = node.as_table();
  if (table == nullptr)
    return wrong(file, key, "a table of strings");
  for (auto const& [name, value] : *table)
    if (auto r = read(value, file, key, out[std::string{name.str()}]); !r)
      return r;
  return {};
}

result<void> read(toml::node const& node, std::string const& file, std::string_view key,
                  std::optional<bool>& out) {
  out = node.value<bool>();
  if (out && node.is_boolean())
    return {};
  return wrong(file, key, "true or false");
}

result<void> read(toml::node const& node, std::string const& file, std::string_view key,
                  output_format& out) {
  static constexpr std::pair<std::string_view, output_format> names[] = {
      {"text", output_format::text},
      {"jsonl", output_format::jsonl},
      {"claude-stream-json", output_format::claude_stream_json},
      {"codex-jsonl", output_format::codex_jsonl}};
  std::string text;
  if (auto r = read(node, file, key, text); !r)
    return r;
  for (auto const& [name, format] : names)
    if (name == text) {
      out = format;
      return {};
    }
  return wrong(file, key, "text, jsonl, claude-stream-json or codex-jsonl");
}

/// Outcomes that a program may choose; the others are ours to find.
bool outcome_of(std::string_view name, exit_meaning& out) {
  if (name == "done")
    out.how = link::outcome::done;
  else if (name == "changes_requested")
    out = {link::outcome::changes_requested, reason::changes_requested};
  else if (!boost::describe::enum_from_string(std::string{name}.c_str(), out.why))
    return false;
  return true;
}

result<void> read(toml::node const& node, std::string const& file, std::string_view key,
                  std::map<int, std::string>& out) {
  std::map<std::string, std::string> texts;
  if (auto r = read(node, file, key, texts); !r)
    return r;
  for (auto const& [code, name] : texts) {
    int number = -1;
    auto const end = std::from_chars(code.data(), code.data() + code.size(), number);
    exit_meaning ignored;
    if (end.ptr != code.data() + code.size() || number < 0 || number > 255)
      return wrong(file, key, "keyed by exit codes from 0 to 255");
    if (!outcome_of(name, ignored))
      return wrong(file, key, "done, changes_requested or a reason, not " + name);
    out[number] = name;
  }
  return {};
}

} // namespace

result<runner_profile> parse_profile(std::string_view text, std::string const& file) {
  toml::table table;
  try {
    table = toml::parse(text, file);
  } catch (toml::parse_error const& e) {
    return fail(errc::invalid_argument, file + ":" + std::to_string(e.source().begin.line) + ": " +
                                            std::string{e.description()});
  }
  runner_profile out;
  std::optional<bool> answers;
  for (auto const& [key, node] : table) {
    std::string_view const name = key.str();
    result<void> r{};
    if (name == "name")
      r = read(node, file, name, out.name);
    else if (name == "summary")
      r = read(node, file, name, out.summary);
    else if (name == "program")
      r = read(node, file, name, out.program);
    else if (name == "command")
      r = read(node, file, name, out.command);
    else if (name == "arguments")
      r = read(node, file, name, out.arguments);
    else if (name == "resume")
      r = read(node, file, name, out.resume);
    else if (name == "resume_arguments")
      r = read(node, file, name, out.resume_arguments);
    else if (name == "tools")
      r = read(node, file, name, out.tools);
    else if (name == "version")
      r = read(node, file, name, out.version);
    else if (name == "environment")
      r = read(node, file, name, out.environment);
    else if (name == "set")
      r = read(node, file, name, out.set);
    else if (name == "format")
      r = read(node, file, name, out.format);
    else if (name == "answers")
      r = read(node, file, name, answers);
    else if (name == "exit_codes")
      r = read(node, file, name, out.exit_codes);
    else
      return fail(errc::invalid_argument, file + ": unknown key " + std::string{name});
    if (!r)
      return r.error();
  }
  if (out.name.empty() || safe_name(out.name) != out.name)
    return wrong(file, "name", "a word of letters, digits and dashes");
  if (out.exit_codes.empty())
    out.exit_codes[0] = "done";
  out.answers = answers.value_or(out.format == output_format::jsonl);
  return out;
}

result<profile_map> load_profiles(fs::path const& folder) {
  profile_map out;
  for (auto const& shipped : shipped_profiles()) {
    auto p = parse_profile(shipped.toml, std::string{shipped.name} + ".toml");
    if (!p)
      return p.error();
    out[p->name] = std::move(*p);
  }
  std::error_code ec;
  if (folder.empty() || !fs::is_directory(folder, ec))
    return out;
  std::vector<fs::path> files;
  for (auto const& entry : fs::directory_iterator{folder, ec})
    if (entry.path().extension() == ".toml")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (auto const& file : files) {
    std::ifstream in{file, std::ios::binary};
    std::string const text{std::istreambuf_iterator<char>{in}, {}};
    auto p = parse_profile(text, file.string());
    if (!p)
      return p.error();
    out[p->name] = std::move(*p);
  }
  return out;
}

std::vector<detected_cli> detect_clis(profile_map const& profiles) {
  std::vector<detected_cli> out;
  for (auto const& [name, p] : profiles) {
    if (p.program.empty())
      continue;
    detected_cli cli{name, p.summary, find_program(p.program), {}};
    if (!cli.path.empty() && !p.version.empty()) {
      std::vector<std::string> argv{cli.path};
      argv.insert(argv.end(), p.version.begin(), p.version.end());
      auto env = allowed_environment({"PATH", "HOME", "LANG", "TMPDIR"});
      env.insert(p.set.begin(), p.set.end());
      auto const said = run_captured(std::move(argv), std::move(env), {}, std::chrono::seconds{5});
      if (said && !said->timed_out && said->exit_code == 0) {
        auto const text = lines_of(said->out.empty() ? said->err : said->out);
        if (!text.empty())
          cli.version = one_line(text.front(), 80);
      }
    }
    out.push_back(std::move(cli));
  }
  return out;
}

std::vector<detected_cli> detect_clis() {
  auto const shipped = load_profiles();
  return shipped ? detect_clis(*shipped) : std::vector<detected_cli>{};
}

exit_meaning meaning_of(runner_profile const& profile, int exit_code) {
  exit_meaning out;
  auto const found = profile.exit_codes.find(exit_code);
  if (found == profile.exit_codes.end() || !outcome_of(found->second, out))
    return {link::outcome::failed, reason::none}; // tried again, as often as the project allows
  return out;
}

std::string fill_in(std::string_view text, std::map<std::string, std::string> const& values) {
  std::string out;
  while (!text.empty()) {
    auto const open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos)
      break;
    text.remove_prefix(open);
    auto const close = text.find('}');
    auto const found = close == std::string_view::npos
                           ? values.end()
                           : values.find(std::string{text.substr(1, close - 1)});
    if (found == values.end()) {
      out += '{';
      text.remove_prefix(1);
      continue;
    }
    out += found->second;
    text.remove_prefix(close + 1);
  }
  return out;
}

} // namespace troupe::local
