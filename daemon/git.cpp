#include "daemon/git.hpp"

#include "protocol/redact.hpp"

#include <algorithm>

namespace troupe::local {

git::git(std::filesystem::path directory, git_author author)
    : directory_(std::move(directory)), author_(std::move(author)) {}

environment git::author_environment() const {
  return {{"GIT_AUTHOR_NAME", author_.name},
          {"GIT_AUTHOR_EMAIL", author_.email},
          {"GIT_COMMITTER_NAME", author_.name},
          {"GIT_COMMITTER_EMAIL", author_.email}};
}

result<git_answer> git::run(std::vector<std::string> args, environment extra,
                            std::string_view input) const {
  auto env = allowed_environment(
      {"PATH", "HOME", "LANG", "TMPDIR", "USER", "LOGNAME", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK",
       "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY",
       "NO_PROXY", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"});
  env["GIT_TERMINAL_PROMPT"] = "0";
  env["LC_ALL"] = "C.UTF-8";
  env["GIT_OPTIONAL_LOCKS"] = "0";
  env["GIT_EDITOR"] = "true";
  env.merge(author_environment());
  for (auto& [name, value] : extra)
    env[name] = std::move(value);
  std::vector<std::string> argv{"git"};
  argv.insert(argv.end(), std::make_move_iterator(args.begin()),
              std::make_move_iterator(args.end()));
  auto const what = argv.size() > 1 ? argv[1] : std::string{};
  auto done = run_captured(std::move(argv), std::move(env), directory_, timeout, input);
  if (!done)
    return done.error();
  if (done->timed_out)
    return fail(errc::timeout, "git " + what + " did not end in time");
  while (done->out.ends_with('\n'))
    done->out.pop_back();
  return git_answer{done->exit_code, std::move(done->out), std::move(done->err)};
}

result<std::string> git::out(std::vector<std::string> args, environment extra) const {
  auto const what = args.empty() ? std::string{} : args.front();
  auto answer = run(std::move(args), std::move(extra));
  if (!answer)
    return answer.error();
  if (!answer->ok()) {
    auto said = lines_of(answer->err);
    std::erase_if(said, [](auto const& line) { return line.starts_with("hint:"); });
    return fail(errc::unavailable,
                "git " + what + " failed" +
                    (said.empty() ? std::string{} : ": " + one_line(redact(said.back()), 300)));
  }
  return std::move(answer->out);
}

result<void> git::must(std::vector<std::string> args, environment extra) const {
  auto text = out(std::move(args), std::move(extra));
  if (!text)
    return text.error();
  return {};
}

bool git::succeeds(std::vector<std::string> args) const {
  auto const answer = run(std::move(args));
  return answer && answer->ok();
}

std::string git::commit(std::string const& name) const {
  if (name.empty() || name.front() == '-')
    return {};
  auto answer = run({"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"});
  return answer && answer->ok() ? std::move(answer->out) : std::string{};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto const end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::vector<std::string> fields_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto const end = text.find('\0');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string one_line(std::string_view text, std::size_t limit) {
  std::string out;
  bool space = false;
  for (char const c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) {
      space = !out.empty();
      continue;
    }
    if (space)
      out += ' ';
    space = false;
    out += c;
  }
  if (out.size() > limit) {
    auto end = limit;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U)
      --end;
    out.resize(end);
    out += "…";
  }
  return out;
}

std::string safe_name(std::string_view text) {
  std::string out;
  for (char const c : text) {
    bool const fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || (c == '.' && !out.empty() && out.back() != '.');
    out += fine ? c : '-';
  }
  while (out.ends_with('.'))
    out.pop_back();
  if (out.ends_with(".lock"))
    out += '-';
  return out.empty() ? "unnamed" : out.substr(0, 120);
}

} // namespace troupe::local
