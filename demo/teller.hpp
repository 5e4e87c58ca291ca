#pragma once

#include "protocol/json.hpp"

#include <mutex>
#include <string>

namespace troupe::demo {

/// Prints the story: as text for people, or as one JSON object a line. Thread-safe.
class teller {
public:
  teller(bool json, bool color) : json_(json), color_(color) {}

  void heading(std::string const& text);
  void line(std::string const& text);
  void text(std::string const& block);
  /// Something that happened, for programs; people get `line` (nothing where it is empty).
  void happened(std::string const& what, json::object data, std::string const& line = {});
  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] bool color() const { return color_; }

private:
  void emit(json::object const& o);

  bool json_;
  bool color_;
  std::mutex mutex_;
};

} // namespace troupe::demo
