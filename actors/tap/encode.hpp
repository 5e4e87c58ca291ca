#pragma once

#include "actors/tap/ring.hpp"

#include <string>
#include <unordered_map>

namespace troupe::traffic {

constexpr std::size_t most_shown_content = 2048;

/// What a content shows outside: redacted, valid UTF-8, at most 2 KiB. Where the content was longer
/// than what the redactor was given, what stands at the cut is left out: it could be the beginning
/// of a secret.
[[nodiscard]] std::string shown_content(preview const& content);

/// Records as lines of JSON, redacted. Names are redacted once and remembered.
class line_encoder {
public:
  /// `{"type":"record",…}` without a line end; see docs/watch.md. `content`: shown too; may be
  /// null.
  [[nodiscard]] std::string record(header const& h, std::string const* content, bool outlier);

private:
  struct shown_name {
    std::string json;
    bool clean = true; ///< the redactor had nothing to do
  };
  shown_name const& name(std::string_view text);

  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, shown_name, hash, std::equal_to<>> names_;
};

} // namespace troupe::traffic
