#include "daemon/daemon_app.hpp"
#include "daemon/spool.hpp"
#include "daemon/tool_run.hpp"

#include <unistd.h>

#include <cstdio>

namespace {

using namespace troupe;
using namespace troupe::local;

/// Runs a shell command as a daemon would.
int tool(char const* line) {
  tool_command c;
  c.argv = {"/bin/sh", "-c", line};
  c.env = allowed_environment({"PATH"});
  tool_control control;
  return run_tool({"/proc/self/exe"}, c, control).exit_code;
}

/// Appends reports for ever and prints each number once it is said to be durable.
int fill_spool(char const* folder) {
  auto s = spool::open(folder);
  if (!s)
    return 1;
  for (int n = 1;; ++n) {
    link::started report;
    report.ticket = ticket_id{"b1-1"};
    report.token = n;
    report.base = std::string(static_cast<std::size_t>(n % 700), 'x');
    auto seq = (*s)->append(report);
    if (!seq)
      return 1;
    // Now and then as after an acknowledgement, so that the log is rewritten too.
    if (n % 50 == 0 && !(*s)->acknowledged(*seq - 20))
      return 1;
    std::array<char, 32> text{};
    int const size =
        std::snprintf(text.data(), text.size(), "%llu\n", static_cast<unsigned long long>(*seq));
    if (::write(1, text.data(), static_cast<std::size_t>(size)) != size)
      return 1;
  }
}

} // namespace

/// Processes for the tests to start, and to kill.
int main(int argc, char** argv) {
  std::string_view const what = argc > 1 ? argv[1] : "";
  if (what == guard_word)
    return guard_main(argc, argv);
  if (what == "tool" && argc == 3)
    return tool(argv[2]);
  if (what == "fill-spool" && argc == 3)
    return fill_spool(argv[2]);
  if (what == "run-daemon" && argc == 3) {
    daemon_settings s;
    s.data = argv[2];
    s.grace = duration{300};
    s.drain = duration{500};
    s.first_backoff = duration{20};
    s.last_backoff = duration{100};
    return run_daemon(s);
  }
  return 64;
}
