#pragma once

#include "tests/api/lab.hpp"
#include "tests/support/trace_receiver.hpp"

#include <set>

namespace troupe::test {

/// A span as it arrived.
struct got_span {
  std::string trace, id, parent, name;
  std::int64_t kind = 0;
  std::int64_t began = 0, ended = 0;
  std::map<std::string, std::string> attributes;
  bool failed = false;
};

/// A collector on loopback: takes OTLP over HTTP, and reads it as strictly as the specification
/// has it.
class collector {
public:
  [[nodiscard]] std::string endpoint() const { return receiver_.endpoint(); }
  [[nodiscard]] std::vector<got_span> spans() const {
    std::lock_guard lock{mutex_};
    return spans_;
  }
  [[nodiscard]] std::vector<got_span> of(std::string const& trace) const {
    std::vector<got_span> out;
    for (auto const& s : spans())
      if (s.trace == trace)
        out.push_back(s);
    return out;
  }
  /// What was not as it must be.
  [[nodiscard]] std::vector<std::string> problems() const {
    std::lock_guard lock{mutex_};
    return problems_;
  }
  [[nodiscard]] std::string text() const {
    std::lock_guard lock{mutex_};
    return text_;
  }

private:
  static bool hex(std::string const& s, std::size_t digits) {
    return s.size() == digits && s.find_first_not_of("0123456789abcdef") == std::string::npos &&
           s.find_first_not_of('0') != std::string::npos;
  }
  void expect(bool so, std::string const& what) {
    if (!so)
      problems_.push_back(what);
  }
  void take(std::string const& sent) {
    std::lock_guard lock{mutex_};
    text_ += sent;
    try {
      auto const body = json::parse(sent).value();
      for (auto const& resource : body.at("resourceSpans").as_array()) {
        std::map<std::string, std::string> who;
        for (auto const& a : resource.at("resource").at("attributes").as_array())
          who[text_at(a, "key")] = text_at(a.at("value"), "stringValue");
        expect(who["service.name"] == "troupe", "service.name");
        for (auto const& scope : resource.at("scopeSpans").as_array())
          for (auto const& s : scope.at("spans").as_array())
            take_span(s.as_object());
      }
    } catch (std::exception const& x) {
      problems_.emplace_back(x.what());
    }
  }
  void take_span(json::object const& s) {
    static std::set<std::string> const known{
        "traceId",           "spanId",          "parentSpanId", "name", "kind", "attributes",
        "startTimeUnixNano", "endTimeUnixNano", "status"};
    for (auto const& m : s)
      expect(known.contains(std::string{m.key()}), "unknown member " + std::string{m.key()});
    got_span out{text_at(s, "traceId"),
                 text_at(s, "spanId"),
                 text_at(s, "parentSpanId"),
                 text_at(s, "name"),
                 s.at("kind").as_int64(),
                 std::stoll(text_at(s, "startTimeUnixNano")),
                 std::stoll(text_at(s, "endTimeUnixNano")),
                 {},
                 s.at("status").at("code").as_int64() == 2};
    expect(hex(out.trace, 32), "traceId " + out.trace);
    expect(hex(out.id, 16), "spanId " + out.id);
    expect(out.parent.empty() || hex(out.parent, 16), "parentSpanId " + out.parent);
    expect(!out.name.empty(), "a span without a name");
    expect(out.kind >= 1 && out.kind <= 5, "kind");
    expect(out.began > 1'600'000'000'000'000'000 && out.ended >= out.began, "times");
    for (auto const& a : s.at("attributes").as_array()) {
      auto const& v = a.at("value").as_object();
      expect(v.size() == 1, "an attribute has one value");
      auto const key = text_at(a, "key");
      auto const* type = v.contains("stringValue") ? "stringValue" : "intValue";
      expect(out.attributes.emplace(key, text_at(v, type)).second, "a key twice: " + key);
    }
    spans_.push_back(std::move(out));
  }

  mutable std::mutex mutex_;
  std::vector<got_span> spans_;
  std::vector<std::string> problems_;
  std::string text_;
  trace_receiver receiver_{16 * 1024 * 1024, [this](request const& q) {
                             take(q.body);
                             return json_response(200, json::object{});
                           }}; ///< the last, so that it ends first
};

} // namespace troupe::test
