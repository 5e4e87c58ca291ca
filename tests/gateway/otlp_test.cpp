#include "gateway/telemetry/otlp_exporter.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/trace_receiver.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Answers as it is told, one answer a request; the last one for ever.
class moody_collector {
public:
  explicit moody_collector(std::vector<response> answers) : answers_(std::move(answers)) {}
  [[nodiscard]] std::string endpoint() const { return receiver_.endpoint(); }
  [[nodiscard]] std::vector<std::string> bodies() const {
    std::lock_guard lock{mutex_};
    return bodies_;
  }
  [[nodiscard]] header_map headers() const {
    std::lock_guard lock{mutex_};
    return headers_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<response> const answers_;
  std::vector<std::string> bodies_;
  header_map headers_;
  trace_receiver receiver_{1 << 20, [this](request const& q) {
                             std::lock_guard lock{mutex_};
                             headers_ = q.headers;
                             bodies_.push_back(q.body);
                             return answers_[std::min(bodies_.size(), answers_.size()) - 1];
                           }};
};

otlp_settings quick(std::string endpoint) {
  otlp_settings s;
  s.endpoint = std::move(endpoint);
  s.patience = std::chrono::milliseconds{10};
  s.first_wait = std::chrono::milliseconds{10};
  s.tries = 3;
  // The collector is in this process, and must not trace that it is sent to.
  s.headers["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
  return s;
}

void one_span() {
  auto s =
      tracing::span::root("work", tracing::span_kind::internal, "0af7651916cd43dd8448eb211c80319c");
  REQUIRE(s);
  s.set("troupe.text", std::string{"the token is ghp_0123456789abcdefghijABCDEFGHIJ012345"});
}

response after(int status, char const* seconds = nullptr) {
  auto r = json_response(status, json::object{});
  if (seconds != nullptr)
    r.headers.set("Retry-After", seconds);
  return r;
}

} // namespace

TEST_CASE("otlp: what a collector cannot take now is sent again", "[gateway]") {
  moody_collector c{{after(503, "0"), after(429), after(200)}};
  auto exporter = otlp_exporter::start(quick(c.endpoint()), {});
  REQUIRE(exporter.has_value());
  one_span();
  REQUIRE(eventually([&] { return (*exporter)->counted().sent == 1; }));
  REQUIRE(c.bodies().size() == 3);
  CHECK(c.bodies()[0] == c.bodies()[2]);
  CHECK(c.bodies()[0].find("ghp_") == std::string::npos);
  CHECK(c.headers().get("Content-Type") == "application/json");
  CHECK((*exporter)->counted().rejected == 0);
}

TEST_CASE("otlp: what a collector refuses is not sent again", "[gateway]") {
  moody_collector c{{after(400), after(200)}};
  auto exporter = otlp_exporter::start(quick(c.endpoint()), {});
  REQUIRE(exporter.has_value());
  one_span();
  REQUIRE(eventually([&] { return (*exporter)->counted().rejected == 1; }));
  one_span();
  REQUIRE(eventually([&] { return (*exporter)->counted().sent == 1; }));
  CHECK(c.bodies().size() == 2);
}

TEST_CASE("otlp: a collector may take a part", "[gateway]") {
  moody_collector c{
      {json_response(200, json::object{{"partialSuccess", json::object{{"rejectedSpans", "1"}}}})}};
  auto exporter = otlp_exporter::start(quick(c.endpoint()), {});
  REQUIRE(exporter.has_value());
  one_span();
  REQUIRE(eventually([&] { return (*exporter)->counted().rejected == 1; }));
  CHECK((*exporter)->counted().sent == 0);
}

TEST_CASE("otlp: without a collector spans are dropped and counted, and nobody waits",
          "[gateway]") {
  auto s = quick("http://127.0.0.1:9"); // nobody listens on the discard port
  tracing::settings t;
  t.queue = 4;
  auto exporter = otlp_exporter::start(std::move(s), t);
  REQUIRE(exporter.has_value());
  auto const before = tracing::counted();
  for (int i = 0; i < 1000; ++i)
    one_span();
  auto const now = tracing::counted();
  CHECK(now.ended - before.ended == 1000);
  CHECK(now.dropped - before.dropped >= 1);
  CHECK(now.waiting <= 4);
  REQUIRE(eventually([&] {
    return (*exporter)->counted().rejected + (tracing::counted().dropped - before.dropped) == 1000;
  }));
}

TEST_CASE("otlp: what is left is sent at the end", "[gateway]") {
  moody_collector c{{after(200)}};
  auto s = quick(c.endpoint());
  s.patience = std::chrono::hours{1};
  auto exporter = otlp_exporter::start(std::move(s), {});
  REQUIRE(exporter.has_value());
  one_span();
  exporter->reset();
  CHECK(c.bodies().size() == 1);
  CHECK_FALSE(tracing::on());
}

TEST_CASE("otlp: an address that is none is refused, as are headers that are none", "[gateway]") {
  for (auto const* bad : {"localhost:4318", "ftp://x", "http://", ""})
    CHECK(otlp_exporter::start(quick(bad), {}).has_error());
  temporary_folder const folder;
  auto const file = folder.path() / "headers";
  CHECK(read_headers(file).has_error());
  std::ofstream{file} << "# of the service\nX-Key: abc:def \n\n";
  CHECK(read_headers(file).value() == std::map<std::string, std::string>{{"X-Key", "abc:def"}});
  std::ofstream{file} << "nonsense\n";
  CHECK(read_headers(file).has_error());
}

TEST_CASE("trace: a context is read as W3C has it, and nothing else", "[gateway]") {
  std::string const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  CHECK(tracing::parse(good).traceparent() == good);
  CHECK(tracing::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03").known());
  for (auto const* bad : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
                          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x"})
    CHECK_FALSE(tracing::parse(bad).known());
}

TEST_CASE("trace: a share of the traces is kept, by their ids", "[gateway]") {
  tracing::settings t;
  t.percent = 25;
  t.queue = 0;
  tracing::start(t);
  int kept = 0;
  constexpr int all = 4000;
  for (int i = 0; i < all; ++i) {
    // The ids spread over the whole range, as random ones do.
    auto low = static_cast<std::uint64_t>(i) * ((1ULL << 56) / all);
    std::string id = "0af7651916cd43dd84";
    std::string digits;
    for (int d = 0; d < 14; ++d, low >>= 4)
      digits.insert(digits.begin(), "0123456789abcdef"[low & 15]);
    bool const one = bool{tracing::span::root("x", tracing::span_kind::internal, id + digits)};
    CHECK(one == bool{tracing::span::root("y", tracing::span_kind::internal, id + digits)});
    kept += one ? 1 : 0;
  }
  tracing::stop();
  CHECK(std::abs(kept - all / 4) <= 1);
}

TEST_CASE("trace: what is remembered has a bound, and the first trace stays", "[gateway]") {
  tracing::settings t;
  t.memory = 2;
  tracing::start(t);
  tracing::context const first{std::string(32, 'a'), std::string(16, 'a')};
  tracing::context const later{std::string(32, 'a'), std::string(16, 'b')};
  tracing::context const other{std::string(32, 'c'), std::string(16, 'c')};
  tracing::remember("x", first);
  tracing::remember("x", other);
  CHECK(tracing::remembered("x") == first);
  tracing::remember("x", later);
  CHECK(tracing::remembered("x") == later);
  tracing::remember("y", other);
  tracing::remember("z", other);
  CHECK_FALSE(tracing::remembered("x").known());
  CHECK(tracing::remembered("z") == other);
  tracing::stop();
  CHECK_FALSE(tracing::remembered("z").known());
}
