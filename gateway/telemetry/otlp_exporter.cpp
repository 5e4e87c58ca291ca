#include "gateway/telemetry/otlp_exporter.hpp"

#include "gateway/client/http_client.hpp"
#include "gateway/http/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <spdlog/spdlog.h>

#include <charconv>
#include <fstream>
#include <random>

namespace troupe {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_wait{30'000};

/// The receiver may take it later.
bool is_passing(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

/// Full jitter, so that servers that lost one collector do not come back in step.
milliseconds jittered(milliseconds most) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<milliseconds::rep> spread{most.count() / 2, most.count()};
  return milliseconds{spread(random)};
}

std::optional<milliseconds> retry_after(client_response const& r) {
  auto const found = r.headers.find("retry-after");
  int seconds = 0;
  if (found == r.headers.end() ||
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), seconds)
              .ec != std::errc{})
    return std::nullopt;
  return std::min(longest_wait, milliseconds{1000} * std::max(0, seconds));
}

/// Spans that a receiver says it has not taken of a request that it took (`partialSuccess`).
std::uint64_t rejected_in(std::string const& body) {
  auto const read = json::parse(body);
  auto const* all = read ? read->if_object() : nullptr;
  auto const* partial = all != nullptr ? all->if_contains("partialSuccess") : nullptr;
  auto const* members = partial != nullptr ? partial->if_object() : nullptr;
  auto const* n = members != nullptr ? members->if_contains("rejectedSpans") : nullptr;
  if (n == nullptr)
    return 0;
  std::uint64_t out = 0;
  if (n->is_string()) // a 64-bit number is text in protobuf's JSON
    std::from_chars(n->get_string().data(), n->get_string().data() + n->get_string().size(), out);
  else if (n->is_int64())
    out = static_cast<std::uint64_t>(std::max<std::int64_t>(0, n->get_int64()));
  return out;
}

} // namespace

result<std::map<std::string, std::string>> read_headers(std::filesystem::path const& file) {
  std::ifstream in{file};
  std::map<std::string, std::string> out;
  if (!in)
    return fail(errc::invalid_argument, "cannot read telemetry.otlp_headers_file " + file.string());
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    auto const text = trim(line);
    if (text.empty() || text.front() == '#')
      continue;
    auto const colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return fail(errc::invalid_argument, file.string() + ":" + std::to_string(number) +
                                              ": a header is written \"Name: value\"");
    out.emplace(trim(text.substr(0, colon)), trim(text.substr(colon + 1)));
  }
  return out;
}

result<std::unique_ptr<otlp_exporter>> otlp_exporter::start(otlp_settings s, tracing::settings t) {
  auto const url = boost::urls::parse_uri(s.endpoint);
  if (!url || (url->scheme() != "http" && url->scheme() != "https") || url->host().empty())
    return fail(errc::invalid_argument,
                "telemetry.otlp_endpoint must be an http:// or https:// address of a collector, "
                "as http://127.0.0.1:4318");
  if (url->encoded_path().empty() || url->encoded_path() == "/")
    s.endpoint = s.endpoint.substr(0, s.endpoint.find_last_not_of('/') + 1) + "/v1/traces";
  s.headers["Content-Type"] = "application/json";
  tracing::start(t);
  return std::unique_ptr<otlp_exporter>{new otlp_exporter{std::move(s)}};
}

otlp_exporter::otlp_exporter(otlp_settings s)
    : settings_(std::move(s)), thread_([this] { run(); }) {}

otlp_exporter::~otlp_exporter() {
  {
    std::lock_guard lock{mutex_};
    ends_ = true;
  }
  ending_.notify_all();
  tracing::stop();
  thread_.join();
}

void otlp_exporter::run() {
  for (;;) {
    auto const spans = tracing::take(settings_.batch, settings_.patience);
    if (spans.empty())
      return;
    send(spans);
  }
}

void otlp_exporter::send(std::vector<tracing::span_record> const& spans) {
  auto const body =
      boost::json::serialize(otlp_request({settings_.version, settings_.instance}, spans));
  auto backoff = settings_.first_wait;
  for (int i = 1;; ++i) {
    auto wait = jittered(backoff);
    if (try_once(body, spans.size(), wait))
      return;
    if (i >= settings_.tries || ends_)
      break;
    pause(wait);
    backoff = std::min(backoff * 2, longest_wait);
  }
  rejected_ += spans.size();
}

bool otlp_exporter::try_once(std::string const& body, std::size_t spans, milliseconds& wait) {
  auto const complain = [&](std::string const& why) {
    if (!std::exchange(complained_, true)) // once for each time that it is away
      spdlog::warn("traces are not taken endpoint={} why=\"{}\"", settings_.endpoint, why);
  };
  auto const answer =
      http_request("POST", settings_.endpoint, settings_.headers, body, settings_.timeout);
  if (!answer) {
    auto const& why = answer.error().message;
    complain(why.substr(0, why.find(';'))); // what follows is advice for who runs the client
    return false;
  }
  if (is_passing(answer->status)) {
    complain("status " + std::to_string(answer->status));
    wait = retry_after(*answer).value_or(wait);
    return false;
  }
  auto const taken = answer->status / 100 == 2;
  auto const lost = taken ? std::min<std::uint64_t>(rejected_in(answer->body), spans) : spans;
  sent_ += spans - lost;
  rejected_ += lost;
  if (!taken)
    complain("status " + std::to_string(answer->status));
  else
    complained_ = false;
  return true;
}

void otlp_exporter::pause(milliseconds d) {
  std::unique_lock lock{mutex_};
  ending_.wait_for(lock, d, [this] { return ends_.load(); });
}

} // namespace troupe
