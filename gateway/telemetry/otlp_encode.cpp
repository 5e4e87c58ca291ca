#include "gateway/telemetry/otlp_encode.hpp"

#include "gateway/http/text.hpp"
#include "protocol/redact.hpp"

namespace troupe {

namespace {

/// A text of a span as it may leave: bytes that are no UTF-8 cannot stand in JSON.
std::string clean(std::string const& text) {
  auto out = redact(text);
  if (!valid_utf8(out)) {
    for (auto& c : out) {
      if (static_cast<unsigned char>(c) >= 0x80)
        c = '?';
    }
  }
  return out;
}

json::object text_attribute(std::string_view key, std::string const& value) {
  return {{"key", key}, {"value", json::object{{"stringValue", clean(value)}}}};
}

json::object attribute_of(tracing::attribute const& a) {
  if (auto const* text = std::get_if<std::string>(&a.value))
    return text_attribute(a.key, *text);
  auto const number = std::to_string(std::get<std::int64_t>(a.value));
  return {{"key", a.key}, {"value", json::object{{"intValue", number}}}};
}

json::object span_of(tracing::span_record const& s) {
  json::object out{{"traceId", s.self.trace_id},
                   {"spanId", s.self.span_id},
                   {"name", clean(s.name)},
                   {"kind", static_cast<int>(s.kind)},
                   {"startTimeUnixNano", std::to_string(s.began)},
                   {"endTimeUnixNano", std::to_string(s.ended)}};
  if (!s.parent.empty())
    out.emplace("parentSpanId", s.parent);
  json::array attributes;
  for (auto const& a : s.attributes)
    attributes.push_back(attribute_of(a));
  out.emplace("attributes", std::move(attributes));
  // A code is there also where nothing failed, as OpenTelemetry's exporter in JavaScript has it. It
  // may be left out, but there are receivers that refuse a whole request for that.
  constexpr int unset_code = 0;
  constexpr int error_code = 2;
  out.emplace("status", s.failed ? json::object{{"code", error_code}, {"message", clean(*s.failed)}}
                                 : json::object{{"code", unset_code}});
  return out;
}

} // namespace

json::object otlp_request(otlp_resource const& by, std::span<tracing::span_record const> spans) {
  json::array list;
  for (auto const& s : spans)
    list.push_back(span_of(s));
  json::array who{text_attribute("service.name", "troupe"),
                  text_attribute("service.version", by.version),
                  text_attribute("service.instance.id", by.instance)};
  return {
      {"resourceSpans",
       json::array{json::object{
           {"resource", json::object{{"attributes", std::move(who)}}},
           {"scopeSpans", json::array{json::object{
                              {"scope", json::object{{"name", "troupe"}, {"version", by.version}}},
                              {"spans", std::move(list)}}}}}}}};
}

} // namespace troupe
