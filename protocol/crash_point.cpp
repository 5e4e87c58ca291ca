#include "protocol/crash_point.hpp"

#ifdef TROUPE_CRASH_POINTS

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace troupe {

namespace {

struct armed {
  int number = 0;
  std::atomic<int> left{1};

  armed() {
    auto const* set = std::getenv("TROUPE_CRASH_AT");
    if (set == nullptr)
      return;
    std::string_view const text{set};
    auto const colon = text.find(':');
    auto const read = [](std::string_view part, int& out) {
      std::from_chars(part.data(), part.data() + part.size(), out);
    };
    read(text.substr(0, colon), number);
    if (int count = 1; colon != std::string_view::npos) {
      read(text.substr(colon + 1), count);
      left = count;
    }
  }
};

} // namespace

void crash_point(int number, char const* name) {
  static armed at;
  if (at.number != number || at.left.fetch_sub(1) != 1)
    return;
  auto const told = "crash point " + std::to_string(number) + " " + name + "\n";
  [[maybe_unused]] auto const n = ::write(2, told.data(), told.size());
  ::kill(::getpid(), SIGKILL); // no handler, no destructor, no flush
  ::_exit(137);
}

void poison_point(std::string_view about) {
  static std::string const poison = [] {
    auto const* set = std::getenv("TROUPE_POISON");
    return std::string{set == nullptr ? "" : set};
  }();
  if (!poison.empty() && about.find(poison) != std::string_view::npos)
    throw std::runtime_error{"poisoned by a test: " + std::string{about}};
}

} // namespace troupe

#endif
