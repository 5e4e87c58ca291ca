#pragma once

#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

/// A watcher of live traffic, and what it was shown.
namespace troupe::test {

class traffic_reader : public stream_reader {
public:
  traffic_reader(api_lab const& lab, std::string const& query, std::string const& token = {})
      : stream_reader(lab, query, {}, token, "/api/watch") {
    REQUIRE(opens());
  }
  [[nodiscard]] std::vector<json::object> records() const {
    std::vector<json::object> out;
    for (auto const& e : got())
      if (e.event == "record")
        out.push_back(data_of(e));
    return out;
  }
  /// Waits for a record that is so.
  [[nodiscard]] bool shows(std::function<bool(json::object const&)> const& so) {
    return wait_for([&](auto const& all) {
      return std::any_of(all.begin(), all.end(), [&](stream_event const& e) {
        return e.event == "record" && so(data_of(e));
      });
    });
  }
  /// Waits for the end; its reason.
  [[nodiscard]] std::string reason() {
    REQUIRE(ends());
    REQUIRE_FALSE(got().empty());
    auto const last = got().back();
    CHECK(last.event == "closed");
    CHECK(text_at(data_of(last), "type") == "closed");
    return text_at(data_of(last), "reason");
  }
};

inline void make_project(api_lab const& lab, std::string const& id) {
  REQUIRE(
      lab.post("/api/projects", R"({"id":")" + id + R"(","config":{"repository":"/srv/x.git"}})")
          .status == 201);
}

} // namespace troupe::test
