#pragma once

#include "protocol/result.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace troupe {

struct client_response {
  int status = 0;
  std::map<std::string, std::string> headers; ///< names in lower case
  std::string body;
};

/// One request over HTTP or HTTPS, waiting for the answer. Certificates and host names are checked
/// against the system's authorities, or those in the file of `SSL_CERT_FILE`.
/// Errors: invalid_argument (not an http or https URL), unavailable (nobody there, connection lost,
/// certificate not trusted; the message says what to do), timeout, too_large (an answer over 64
/// MiB).
[[nodiscard]] result<client_response>
http_request(std::string const& method, std::string const& url,
             std::map<std::string, std::string> const& headers, std::string const& body,
             std::chrono::milliseconds timeout = std::chrono::seconds{30});

/// One server-sent event.
struct stream_event {
  std::string id;
  std::string event; ///< `message` where the server named none
  std::string data;
};

/// Hears how the link of a stream stands; `why` is empty unless the server said it.
using link_listener = std::function<void(bool up, std::string const& why)>;

/// Follows a stream of server-sent events until `stop` is set, the server refuses, or the server
/// ends it for good (`event: closed` with `"again":false`, which `on_event` gets, too); a
/// connection that breaks is made again after a pause that grows to 5 s, with `Last-Event-ID`.
/// `on_link` hears when the stream is open (true) and when it broke (false), in turn; also when the
/// server refuses it for now, with what it said, each time that it says something else.
/// Errors: those of the first answer that is neither 200 nor a temporary refusal (its problem's
/// detail is the message, and the problem the details), invalid_argument; internal for a 500.
[[nodiscard]] result<void> stream_events(std::string const& url,
                                         std::map<std::string, std::string> const& headers,
                                         std::function<void(stream_event const&)> const& on_event,
                                         std::atomic<bool> const& stop,
                                         link_listener const& on_link = {});

} // namespace troupe
