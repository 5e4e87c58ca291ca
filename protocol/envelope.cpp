#include "protocol/envelope.hpp"

namespace troupe {

std::string text_of(envelope const& e) {
  std::string out;
  for (auto const& part : e.parts) {
    if (part.text.empty())
      continue;
    if (!out.empty())
      out += '\n';
    out += part.text;
  }
  return out;
}

json::value const& data_of(envelope const& e) {
  static json::value const nothing;
  for (auto const& part : e.parts) {
    if (!part.data.is_null())
      return part.data;
  }
  return nothing;
}

} // namespace troupe
