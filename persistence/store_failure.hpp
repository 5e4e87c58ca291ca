#pragma once

#include "protocol/result.hpp"

#include <string>

namespace troupe {

/// What an adapter's database reported, or what stands in it and must not. Stays within the
/// adapters: they answer it as an error.
struct store_failure {
  errc code = errc::internal;
  std::string message;
  bool lost = false; ///< the connection is of no use any more
};

} // namespace troupe
