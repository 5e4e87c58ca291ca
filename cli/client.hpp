#pragma once

#include "gateway/client/http_client.hpp"
#include "protocol/json.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// The command line's way to a server: its public API, and nothing else.
class api_client {
public:
  using query = std::vector<std::pair<std::string, std::string>>;
  /// Name (`snapshot`, or the type of an event) and data.
  using listener = std::function<void(std::string const& name, json::value const& data)>;

  /// Without a token, each call answers why there is none, and sends nothing.
  api_client(std::string server, result<std::string> token)
      : server_(std::move(server)), token_(std::move(token)) {}

  /// Each answers the JSON of the answer, or the server's problem as an error whose details are
  /// the whole problem. Errors: unavailable and timeout (no answer), those of the server.
  [[nodiscard]] result<json::value> get(std::string const& path, query const& q = {}) const;
  /// Writes carry an Idempotency-Key, so that one sent again after `busy` has no second effect.
  [[nodiscard]] result<json::value> post(std::string const& path,
                                         json::value const& body = {}) const;
  [[nodiscard]] result<json::value> put(std::string const& path, json::value const& body) const;
  [[nodiscard]] result<json::value> patch(std::string const& path, json::value const& body) const;
  [[nodiscard]] result<json::value> remove(std::string const& path) const;
  /// Posts bytes as they are.
  [[nodiscard]] result<json::value> post_bytes(std::string const& path, query const& q,
                                               std::string const& bytes) const;
  /// Every page of a list, as one.
  [[nodiscard]] result<json::value> all(std::string const& path, query q) const;

  /// Follows a stream until `stop` is set, or the server says that it has shown what was asked for
  /// (`closed` with the reason); reconnects by itself, and says so to `on_link`. Errors: those of
  /// its refusal, unauthorized (the server ended it for good: the token was revoked, or ran out).
  [[nodiscard]] result<void> follow(std::string const& path, query const& q, listener const& heard,
                                    std::atomic<bool> const& stop,
                                    link_listener const& on_link = {}) const;

  [[nodiscard]] std::string const& server() const { return server_; }
  /// What a person is told when a stream has broken, or is refused for now.
  [[nodiscard]] std::string link_broken(std::string const& why) const {
    return (why.empty() ? "connection to " + server_ + " lost" : why) + "; trying again";
  }

private:
  [[nodiscard]] result<json::value> call(std::string const& method, std::string const& target,
                                         std::string const& body, std::string const& type) const;

  std::string server_;
  result<std::string> token_;
};

/// `path?a=b`, percent-encoded.
[[nodiscard]] std::string target_of(std::string const& path, api_client::query const& q);
/// One segment of a path, percent-encoded.
[[nodiscard]] std::string segment(std::string_view text);

} // namespace troupe
