#include "protocol/result.hpp"

namespace troupe {

char const* to_string(errc code) {
  switch (code) {
  case errc::invalid_argument:
    return "invalid_argument";
  case errc::not_found:
    return "not_found";
  case errc::conflict:
    return "conflict";
  case errc::busy:
    return "busy";
  case errc::unavailable:
    return "unavailable";
  case errc::fenced:
    return "fenced";
  case errc::forbidden:
    return "forbidden";
  case errc::unauthorized:
    return "unauthorized";
  case errc::too_large:
    return "too_large";
  case errc::unsupported:
    return "unsupported";
  case errc::timeout:
    return "timeout";
  case errc::internal:
    return "internal";
  case errc::corrupt:
    return "corrupt";
  }
  return "unknown";
}

} // namespace troupe
