#pragma once

#include "gateway/telemetry/otlp_encode.hpp"
#include "protocol/result.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <thread>

namespace troupe {

struct otlp_settings {
  std::string endpoint; ///< `http://host:4318`; `/v1/traces` is added where no path is named
  std::map<std::string, std::string> headers;
  std::string version;
  std::string instance;
  std::size_t batch = 512;                   ///< spans a request
  std::chrono::milliseconds patience{1000};  ///< from the first span of a batch to its sending
  std::chrono::milliseconds timeout{10'000}; ///< of a request
  int tries = 5;                             ///< of a batch, where the receiver may take it later
  std::chrono::milliseconds first_wait{500}; ///< between tries; doubles, with jitter
};

/// Sends ended spans to an OpenTelemetry collector, over HTTP with JSON, on a thread of its own.
/// What cannot be sent is dropped and counted; nobody ever waits for it.
///
/// OTLP 1.x, "OTLP/HTTP": 429, 502, 503 and 504, and connections that fail, are tried again after
/// `Retry-After` or a growing pause; any other refusal is for good.
class otlp_exporter {
public:
  struct counts {
    std::uint64_t sent = 0;     ///< spans that the receiver took
    std::uint64_t rejected = 0; ///< spans that it did not, or that could not be sent
  };

  /// Begins to trace. Errors: invalid_argument (no http or https address).
  [[nodiscard]] static result<std::unique_ptr<otlp_exporter>> start(otlp_settings s,
                                                                    tracing::settings t);
  /// Sends what is left, one try, and ends the tracing.
  ~otlp_exporter();
  otlp_exporter(otlp_exporter const&) = delete;
  otlp_exporter& operator=(otlp_exporter const&) = delete;

  [[nodiscard]] counts counted() const { return {sent_.load(), rejected_.load()}; }

private:
  explicit otlp_exporter(otlp_settings s);
  void run();
  void send(std::vector<tracing::span_record> const& spans);
  /// Whether it is over with these: taken, or refused for good. Else `wait` says for how long.
  [[nodiscard]] bool try_once(std::string const& body, std::size_t spans,
                              std::chrono::milliseconds& wait);
  void pause(std::chrono::milliseconds d);

  otlp_settings const settings_;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> rejected_{0};
  bool complained_ = false; ///< since a batch was last taken
  std::mutex mutex_;
  std::condition_variable ending_;
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

/// Headers of a file, one `Name: value` a line. Errors: invalid_argument.
[[nodiscard]] result<std::map<std::string, std::string>>
read_headers(std::filesystem::path const& file);

} // namespace troupe
