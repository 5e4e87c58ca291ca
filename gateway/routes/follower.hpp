#pragma once

#include "gateway/routes/api.hpp"

namespace troupe {

/// Snapshot first, then every event that matches. With the `Last-Event-ID` of an event, also from
/// before a restart of the server, exactly those after it come, and no snapshot.
void follow(api const& a, request const& r, std::shared_ptr<event_stream> const& out);

} // namespace troupe
