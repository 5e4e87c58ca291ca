#include "bench/options.hpp"
#include "cli/commands.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe {

namespace {

/// Becomes the measuring program, which stands beside this one.
int become(console const& out, std::vector<std::string> arguments) {
  std::error_code ec;
  auto const program =
      std::filesystem::read_symlink("/proc/self/exe", ec).parent_path() / "troupe-bench";
  if (out.json())
    arguments.emplace_back("--json");
  arguments.insert(arguments.begin(), "troupe-bench");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (auto& a : arguments)
    argv.push_back(a.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return out.fail(
      fail(errc::not_found, "cannot start " + program.string() + ": " + std::strerror(errno)),
      "It is built and installed beside `troupe`: ./dev build troupe_bench");
}

int measure(console const& out, std::vector<std::string> const& arguments) {
  if (auto const o = bench::read_options(arguments); !o)
    return out.misuse(o.error().message, "See `troupe bench --help`.");
  return become(out, arguments);
}

} // namespace

void add_bench_command(command_line& line) {
  auto const arguments = std::make_shared<std::vector<std::string>>();
  auto const c =
      line.add(line.root(), "bench",
               "Measures this machine: tickets, messages, memory, recovery and idle cost.",
               std::string{bench::examples()},
               [arguments](console& out) { return measure(out, *arguments); });
  line.without_settings(c);
  for (auto const& row : bench::option_rows()) {
    std::string const name{row.name};
    std::string const help{row.help};
    if (row.value.empty()) {
      c.add_flag_callback(
          name, [arguments, name] { arguments->push_back(name); }, help);
      continue;
    }
    c.add_option_function(
         name,
         [arguments, name](std::string const& text) {
           arguments->push_back(name);
           arguments->push_back(text);
         },
         help)
        .type_name(std::string{row.value});
  }
}

} // namespace troupe
