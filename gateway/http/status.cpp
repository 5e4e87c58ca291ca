#include "gateway/http/message.hpp"

#include <boost/json/serialize.hpp>

#include <array>

namespace troupe {

namespace {

struct status_row {
  errc code;
  int status;
  std::string_view title;
};

/// The one place where a refusal becomes an HTTP status.
constexpr std::array<status_row, 13> table = {{
    {errc::invalid_argument, 400, "The request is not valid"},
    {errc::unauthorized, 401, "A valid token is needed"},
    {errc::forbidden, 403, "Not allowed"},
    {errc::not_found, 404, "Not found"},
    {errc::conflict, 409, "Not possible in the present state"},
    {errc::fenced, 409, "Replaced by a newer owner"},
    {errc::too_large, 413, "Too large"},
    {errc::unsupported, 415, "Not supported"},
    {errc::busy, 429, "Too much at once"},
    {errc::internal, 500, "Internal error"},
    {errc::corrupt, 500, "Stored data is damaged"},
    {errc::unavailable, 503, "Not available now"},
    {errc::timeout, 504, "No answer in time"},
}};

status_row const& row_of(errc code) {
  for (auto const& row : table) {
    if (row.code == code)
      return row;
  }
  static constexpr status_row unknown{errc::internal, 500, "Internal error"};
  return unknown;
}

} // namespace

int status_of(errc code) {
  return row_of(code).status;
}

std::string_view reason_phrase(int status) {
  static constexpr std::pair<int, std::string_view> phrases[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (auto const& [code, phrase] : phrases) {
    if (code == status)
      return phrase;
  }
  return "Unknown";
}

response problem(error const& e, std::string_view instance) {
  return problem(e, instance, status_of(e.code));
}

response problem(error const& e, std::string_view instance, int status) {
  auto const& row = row_of(e.code);
  boost::json::object body;
  body.emplace("type", std::string{"urn:troupe:problem:"} + to_string(e.code));
  body.emplace("title", status == row.status ? row.title : reason_phrase(status));
  body.emplace("status", status);
  body.emplace("detail", e.message);
  body.emplace("instance", instance);
  // emplace keeps what is there: details cannot disguise the standard members.
  for (auto const& member : e.details)
    body.emplace(member.key(), member.value());

  response out;
  out.status = status;
  out.content_type = "application/problem+json";
  out.body = boost::json::serialize(body);
  out.body += '\n';
  if (e.code == errc::busy || e.code == errc::unavailable) {
    auto const* wait = e.details.if_contains("retry_after");
    out.headers.set("Retry-After", wait != nullptr && wait->is_int64()
                                       ? std::to_string(wait->get_int64())
                                       : std::string{e.code == errc::busy ? "1" : "2"});
  }
  if (status == 401)
    out.headers.set("WWW-Authenticate", "Bearer realm=\"troupe\"");
  return out;
}

} // namespace troupe
