#pragma once

#include "gateway/http/message.hpp"

#include <string>

namespace troupe {

/// How the head of an answer is to be framed.
struct framing {
  bool keep_alive = true;
  bool http10 = false;  ///< the request was HTTP/1.0, where keeping alive must be said
  bool tls = false;     ///< adds Strict-Transport-Security
  bool chunked = false; ///< no Content-Length: the body follows in chunks, or until the end
};

/// The bytes of an answer up to its body: status line, date, framing, the response's own fields and
/// the security fields that it does not set itself. Fields that would break the head are left out.
[[nodiscard]] std::string format_head(response const& r, framing const& f);

/// One event in the form of the HTML standard, 9.2.5; line breaks in `data` become lines.
[[nodiscard]] std::string format_event(std::string_view id, std::string_view event,
                                       std::string_view data);

/// A piece of a chunked body.
[[nodiscard]] std::string format_chunk(std::string_view bytes);

} // namespace troupe
