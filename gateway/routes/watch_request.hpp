#pragma once

#include "actors/tap/hub.hpp"
#include "gateway/http/message.hpp"
#include "gateway/routes/stream_position.hpp"

namespace troupe {

/// What is to be watched, and from where on in the ledger; neither: from now on.
struct watch_terms {
  traffic::watch_request live;
  std::optional<duration> since; ///< before now
  std::optional<stream_position> after;

  [[nodiscard]] bool has_past() const { return since || after; }
};

/// What the parameters of `GET /api/watch` ask for, see docs/watch.md. Errors: invalid_argument
/// that names the parameter (and, of a filter, the column and what was expected there), forbidden
/// (contents, without the grant).
[[nodiscard]] result<watch_terms> watch_terms_of(request const& r);

} // namespace troupe
