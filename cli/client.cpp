#include "cli/client.hpp"

#include "gateway/client/http_client.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <random>
#include <thread>

namespace troupe {

namespace {

constexpr int tries = 4;
constexpr int longest_wait_s = 5;

std::string encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char const c : text) {
    bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    auto const byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string new_key() {
  std::random_device source;
  std::string out = "cli-";
  for (int i = 0; i < 4; ++i) {
    char text[9];
    std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(source()));
    out += text;
  }
  return out;
}

errc code_of(int status) {
  switch (status) {
  case 401:
    return errc::unauthorized;
  case 403:
    return errc::forbidden;
  case 404:
    return errc::not_found;
  case 409:
    return errc::conflict;
  case 413:
    return errc::too_large;
  case 415:
    return errc::unsupported;
  case 429:
    return errc::busy;
  case 503:
    return errc::unavailable;
  case 504:
    return errc::timeout;
  default:
    return status >= 500 ? errc::internal : errc::invalid_argument;
  }
}

/// RFC 9457.
error problem_of(client_response const& r) {
  error out{code_of(r.status), "the server answered " + std::to_string(r.status), {}};
  auto const v = json::parse(r.body);
  if (!v || !v->is_object()) {
    out.message += "; is this a Troupe server?";
    return out;
  }
  out.details = v->get_object();
  for (auto const* member : {"title", "detail"}) {
    if (auto const* text = out.details.if_contains(member);
        text != nullptr && text->is_string() && !text->get_string().empty())
      out.message = std::string{std::string_view{text->get_string()}};
  }
  return out;
}

int wait_of(client_response const& r) {
  auto const found = r.headers.find("retry-after");
  int seconds = 1;
  if (found != r.headers.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), seconds);
  return std::clamp(seconds, 0, longest_wait_s);
}

} // namespace

std::string segment(std::string_view text) {
  // As it is, or encoded once, it would be resolved as a step within the path; so it is nobody's
  // id.
  if (text == "." || text == "..")
    return encoded(text == "." ? "%2E" : "%2E%2E");
  return encoded(text);
}

std::string target_of(std::string const& path, api_client::query const& q) {
  auto out = path;
  char between = '?';
  for (auto const& [name, value] : q) {
    out += between + encoded(name) + "=" + encoded(value);
    between = '&';
  }
  return out;
}

result<json::value> api_client::call(std::string const& method, std::string const& target,
                                     std::string const& body, std::string const& type) const {
  if (!token_)
    return token_.error();
  std::map<std::string, std::string> headers{{"Accept", "application/json"}};
  if (!token_->empty())
    headers.emplace("Authorization", "Bearer " + *token_);
  if (!type.empty())
    headers.emplace("Content-Type", type);
  if (method != "GET")
    headers.emplace("Idempotency-Key", new_key());
  for (int i = 1;; ++i) {
    auto const r = http_request(method, server_ + target, headers, body);
    if (!r)
      return r.error();
    if ((r->status == 429 || r->status == 503) && i < tries) {
      std::this_thread::sleep_for(std::chrono::seconds{wait_of(*r)});
      continue;
    }
    if (r->status < 200 || r->status > 299) {
      auto e = problem_of(*r);
      if (r->status == 401 && token_->empty())
        e.message = "no token was found to send to " + server_;
      return e;
    }
    if (r->body.empty())
      return json::value{};
    auto v = json::parse(r->body);
    if (!v)
      return fail(errc::internal,
                  "the server's answer is no JSON; is " + server_ + " a Troupe server?");
    return v;
  }
}

result<json::value> api_client::get(std::string const& path, query const& q) const {
  return call("GET", target_of(path, q), {}, {});
}
result<json::value> api_client::post(std::string const& path, json::value const& body) const {
  if (body.is_null())
    return call("POST", path, {}, {});
  return call("POST", path, boost::json::serialize(body), "application/json");
}
result<json::value> api_client::put(std::string const& path, json::value const& body) const {
  return call("PUT", path, boost::json::serialize(body), "application/json");
}
result<json::value> api_client::patch(std::string const& path, json::value const& body) const {
  return call("PATCH", path, boost::json::serialize(body), "application/json");
}
result<json::value> api_client::remove(std::string const& path) const {
  return call("DELETE", path, {}, {});
}
result<json::value> api_client::post_bytes(std::string const& path, query const& q,
                                           std::string const& bytes) const {
  return call("POST", target_of(path, q), bytes, "application/octet-stream");
}

result<json::value> api_client::all(std::string const& path, query q) const {
  json::array items;
  q.emplace_back("limit", "500");
  q.emplace_back("skip", "0");
  for (;;) {
    q.back().second = std::to_string(items.size());
    auto page = get(path, q);
    if (!page)
      return page;
    auto* found = page->is_object() ? page->get_object().if_contains("items") : nullptr;
    if (found == nullptr || !found->is_array() || found->get_array().empty())
      break;
    for (auto& item : found->get_array())
      items.push_back(std::move(item));
    if (!page->get_object().contains("cursor"))
      break;
  }
  auto const total = items.size();
  return json::value(json::object{{"items", std::move(items)}, {"total", total}});
}

result<void> api_client::follow(std::string const& path, query const& q, listener const& heard,
                                std::atomic<bool> const& stop, link_listener const& on_link) const {
  if (!token_)
    return token_.error();
  std::map<std::string, std::string> headers;
  if (!token_->empty())
    headers.emplace("Authorization", "Bearer " + *token_);
  std::string last_word;
  auto followed = stream_events(
      server_ + target_of(path, q), headers,
      [&](stream_event const& e) {
        auto const v = json::parse(e.data);
        if (!v || stop)
          return;
        if (e.event != "closed")
          heard(e.event, *v);
        else if (auto const* again =
                     v->is_object() ? v->get_object().if_contains("again") : nullptr;
                 again != nullptr && again->is_bool() && !again->get_bool()) {
          auto const* why = v->get_object().if_contains("reason");
          auto reason = why != nullptr && why->is_string() ? std::string{why->get_string()}
                                                           : std::string{"it said no more"};
          if (reason.ends_with("_limit") || reason == "stopped")
            heard(e.event, *v);
          else
            last_word = std::move(reason);
        }
      },
      stop, on_link);
  if (!followed || last_word.empty())
    return followed;
  // The only other end for good after a stream was opened is that of the token.
  if (last_word == "token_ended")
    last_word = "the token was revoked or has run out; use another (--token-file)";
  return fail(errc::unauthorized, "the server ended the stream: " + last_word);
}

} // namespace troupe
