#include "cli/command_line.hpp"
#include "daemon/guard.hpp"

#include <exception>
#include <iostream>

/// Everything is in the commands. The last net catches bugs: what is expected is a refusal.
int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == troupe::local::guard_word)
    return troupe::local::guard_main(argc, argv);
  try {
    return troupe::run_command_line(argc, argv);
  } catch (std::exception const& e) {
    std::cerr << "troupe: a bug stopped this command: " << e.what()
              << "\nPlease report it with the command line.\n";
    return troupe::exit_code::failed;
  }
}
