#include "demo/teller.hpp"

#include "demo/answers.hpp"

#include <iostream>

namespace troupe::demo {

bool teller::is_heard() {
  return std::cout.good();
}

void teller::check() {
  // What a shell says of a program that a closed pipe ended: 128 + SIGPIPE.
  if (!is_heard())
    throw broken_off{"nobody reads the story any more, so it ends here", 141};
}

void teller::emit(json::object const& o) {
  std::lock_guard lock{mutex_};
  std::cout << json::canonical(o) << std::endl;
  check();
}

void teller::heading(std::string const& text) {
  if (json_) {
    emit({{"chapter", text}});
    return;
  }
  std::lock_guard lock{mutex_};
  std::cout << '\n'
            << (color_ ? "\x1b[1m" : "") << "== " << text << (color_ ? "\x1b[0m" : "") << std::endl;
  check();
}

void teller::line(std::string const& text) {
  if (json_)
    return;
  std::lock_guard lock{mutex_};
  std::cout << text << std::endl;
  check();
}

void teller::text(std::string const& block) {
  if (json_)
    return;
  std::lock_guard lock{mutex_};
  std::cout << block << (block.ends_with('\n') ? "" : "\n") << std::flush;
  check();
}

void teller::happened(std::string const& what, json::object data, std::string const& line) {
  if (json_) {
    data.emplace("happened", what);
    emit(data);
  } else if (!line.empty()) {
    this->line(line);
  }
}

} // namespace troupe::demo
