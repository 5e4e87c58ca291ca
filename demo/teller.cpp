#include "demo/teller.hpp"

#include <iostream>

namespace troupe::demo {

void teller::emit(json::object const& o) {
  std::lock_guard lock{mutex_};
  std::cout << json::canonical(o) << std::endl;
}

void teller::heading(std::string const& text) {
  if (json_) {
    emit({{"chapter", text}});
    return;
  }
  std::lock_guard lock{mutex_};
  std::cout << '\n'
            << (color_ ? "\x1b[1m" : "") << "== " << text << (color_ ? "\x1b[0m" : "") << std::endl;
}

void teller::line(std::string const& text) {
  if (json_)
    return;
  std::lock_guard lock{mutex_};
  std::cout << text << std::endl;
}

void teller::text(std::string const& block) {
  if (json_)
    return;
  std::lock_guard lock{mutex_};
  std::cout << block << (block.ends_with('\n') ? "" : "\n") << std::flush;
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
