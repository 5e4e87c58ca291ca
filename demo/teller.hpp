#pragma once

#include "protocol/json.hpp"

#include <mutex>
#include <string>

namespace troupe::demo {

/// Prints the story: as text for people, or as one JSON object a line. Thread-safe. Breaks the
/// story off (code 141) where what it says can no longer be written, as with `troupe demo | head`.
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

  /// Whether what was said so far could be written.
  [[nodiscard]] static bool is_heard();

private:
  void emit(json::object const& o);
  static void check();

  bool json_;
  bool color_;
  std::mutex mutex_;
};

} // namespace troupe::demo
