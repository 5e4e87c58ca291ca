#include "daemon/guard.hpp"
#include "daemon/tool_run.hpp"

/// `host daemon-guard …` is a guard; `host tool <command>` runs a shell command as a daemon would,
/// and is there to be killed.
int main(int argc, char** argv) {
  using namespace troupe::local;
  if (argc > 1 && argv[1] == guard_word)
    return guard_main(argc, argv);
  if (argc > 2 && std::string_view{argv[1]} == "tool") {
    tool_command c;
    c.argv = {"/bin/sh", "-c", argv[2]};
    c.env = allowed_environment({"PATH"});
    tool_control control;
    return run_tool({"/proc/self/exe"}, c, control).exit_code;
  }
  return 64;
}
