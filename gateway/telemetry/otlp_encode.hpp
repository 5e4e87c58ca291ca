#pragma once

#include "protocol/json.hpp"
#include "protocol/trace.hpp"

#include <span>

namespace troupe {

/// Who made the spans.
struct otlp_resource {
  std::string version;  ///< `service.version`
  std::string instance; ///< `service.instance.id`
};

/// An `ExportTraceServiceRequest` (opentelemetry-proto 1.x) in the JSON of OTLP 1.0: ids in hex,
/// 64-bit numbers as text. Nothing secret-shaped is in any text of it.
[[nodiscard]] json::object otlp_request(otlp_resource const& by,
                                        std::span<tracing::span_record const> spans);

} // namespace troupe
