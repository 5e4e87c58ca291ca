#include "demo/connection.hpp"

#include "gateway/client/http_client.hpp"

#include <random>

namespace troupe::demo {

namespace {
using clock = std::chrono::steady_clock;
}

connection::connection(std::string url, std::string token, int patience_s)
    : url_(std::move(url)), token_(std::move(token)), patience_s_(patience_s),
      key_prefix_("demo-" + std::to_string(std::random_device{}()) + "-") {}

connection::~connection() {
  close();
}

result<connection::answer> connection::call(std::string const& method, std::string const& path,
                                            json::value const& body) {
  std::map<std::string, std::string> headers{{"Authorization", "Bearer " + token_}};
  std::string text;
  if (!body.is_null()) {
    headers["Content-Type"] = "application/json";
    text = json::canonical(body);
  }
  if (method != "GET")
    headers["Idempotency-Key"] = key_prefix_ + std::to_string(++keys_);
  auto const limit = clock::now() + std::chrono::seconds{patience_s_};
  for (;;) {
    auto const r = http_request(method, url_ + path, headers, text, std::chrono::seconds{10});
    bool const away = !r || r->status == 429 || r->status == 503 || r->status == 504;
    if (!away) {
      auto v = json::parse(r->body.empty() ? "null" : r->body);
      return answer{r->status, v ? std::move(*v) : json::value{}};
    }
    if (clock::now() > limit)
      return r ? result<answer>{fail(errc::unavailable,
                                     path + " answers " + std::to_string(r->status))}
               : result<answer>{r.error()};
    std::unique_lock lock{mutex_};
    wakeup_.wait_for(lock, std::chrono::milliseconds{50}, [&] { return closed_.load(); });
  }
}

result<json::value> connection::get(std::string const& path) {
  auto r = call("GET", path);
  if (!r)
    return r.error();
  if (r->status != 200)
    return fail(r->status == 404 ? errc::not_found : errc::unavailable,
                path + " answers " + std::to_string(r->status));
  return std::move(r->body);
}

void connection::follow(std::string const& query) {
  follower_ = std::thread{[this, query] {
    auto const r = stream_events(
        url_ + "/api/stream?" + query, {{"Authorization", "Bearer " + token_}},
        [this](stream_event const& e) {
          auto data = json::parse(e.data);
          if (!data)
            return;
          std::lock_guard lock{mutex_};
          follows_ = true; // the server begins with a snapshot
          events_.push_back({{"event", e.event}, {"data", std::move(*data)}});
          wakeup_.notify_all();
        },
        closed_);
    (void)r; // a refusal shows as silence, and the story's time limit says so
  }};
  // What happens before the server has it among its readers is not told: so nothing that the story
  // tells may begin earlier.
  std::unique_lock lock{mutex_};
  wakeup_.wait_for(lock, std::chrono::seconds{10}, [&] { return follows_ || closed_; });
}

std::optional<json::object> connection::next(std::chrono::milliseconds wait) {
  std::unique_lock lock{mutex_};
  if (!wakeup_.wait_for(lock, wait, [&] { return !events_.empty(); }))
    return std::nullopt;
  auto e = std::move(events_.front());
  events_.pop_front();
  return e;
}

void connection::close() {
  {
    std::lock_guard lock{mutex_};
    closed_ = true;
  }
  wakeup_.notify_all();
  if (follower_.joinable())
    follower_.join();
}

} // namespace troupe::demo
