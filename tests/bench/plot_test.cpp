#include "bench/plot.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe;
using bench::chart;

namespace {

/// Reads XML as a parser has to: one root, tags that close in order, quoted attributes, no bare
/// `<` or `&`. Answers what is wrong; empty where nothing is.
std::string what_is_wrong(std::string const& xml) {
  std::vector<std::string> open;
  int roots = 0;
  for (std::size_t i = 0; i < xml.size();) {
    if (xml[i] == '&') {
      auto const end = xml.find(';', i);
      auto const name = xml.substr(i, end - i + 1);
      if (name != "&amp;" && name != "&lt;" && name != "&gt;" && name != "&quot;")
        return "entity " + name.substr(0, 10);
      i = end + 1;
    } else if (xml[i] != '<') {
      if (open.empty() && xml[i] != '\n')
        return "text outside of the root";
      ++i;
    } else {
      auto const end = xml.find('>', i);
      if (end == std::string::npos)
        return "a tag is not closed";
      auto tag = xml.substr(i + 1, end - i - 1);
      i = end + 1;
      if (tag.find('<') != std::string::npos)
        return "< within " + tag;
      if (std::count(tag.begin(), tag.end(), '"') % 2 != 0)
        return "quotes of " + tag;
      if (tag.front() == '/') {
        if (open.empty() || open.back() != tag.substr(1))
          return "closes " + tag;
        open.pop_back();
        continue;
      }
      if (open.empty() && ++roots > 1)
        return "two roots";
      bool const empty = tag.back() == '/';
      if (!empty)
        open.push_back(tag.substr(0, tag.find(' ')));
    }
  }
  return open.empty() && roots == 1 ? "" : "not all is closed";
}

std::size_t count(std::string const& text, std::string const& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

json::value report(char const* text) {
  return json::parse(text).value();
}

} // namespace

TEST_CASE("plot: what it draws is well-formed, whatever the names are", "[bench]") {
  chart c{"a < b & \"c\"", "x", {{"<&\">\x01", {{1, 10}, {10, 100}}}, {"two", {{1, 0.5}}}}};
  auto const drawn = bench::svg("title & <all>", {c, c});
  CHECK(what_is_wrong(drawn).empty());
  CHECK(drawn.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(count(drawn, "<polyline") == 4);
  CHECK(count(drawn, "nan") == 0);
  CHECK(count(drawn, "inf") == 0);
}

TEST_CASE("plot: nothing to draw is still a document", "[bench]") {
  for (auto const& c : {chart{"empty", "x", {}}, chart{"empty", "x", {{"none", {}}}}}) {
    auto const drawn = bench::svg("t", {c});
    CHECK(what_is_wrong(drawn).empty());
    CHECK(count(drawn, "nan") == 0);
    CHECK(count(drawn, "inf") == 0);
  }
}

TEST_CASE("plot: many lines that end alike keep their names apart and on the page", "[bench]") {
  chart c{"t", "x", {}};
  for (int i = 0; i < 9; ++i)
    c.lines.push_back({"engine" + std::to_string(i), {{1, 5}, {1000, 5.0 + i * 0.001}}});
  auto const drawn = bench::svg("t", {c});
  CHECK(what_is_wrong(drawn).empty());
  std::vector<double> heights;
  for (int i = 0; i < 9; ++i) {
    auto const at = drawn.find(">engine" + std::to_string(i) + "<");
    REQUIRE(at != std::string::npos);
    auto const y = drawn.rfind("y=\"", at);
    heights.push_back(std::stod(drawn.substr(y + 3)));
  }
  std::sort(heights.begin(), heights.end());
  for (std::size_t i = 1; i < heights.size(); ++i)
    CHECK(heights[i] - heights[i - 1] >= 15.9);
  CHECK(heights.back() < 350);
}

TEST_CASE("plot: a report of troupe bench is a line a store", "[bench]") {
  auto const drawn = bench::plot_of(report(R"({"on":{"commit":"abc"},"measures":[
    {"what":"tickets","where":"sqlite","loop":"closed","level":1,"rate":200,"p50_us":4000,"p99_us":9000},
    {"what":"tickets","where":"sqlite","loop":"closed","level":100,"rate":1000,"p50_us":90000,"p99_us":100000},
    {"what":"tickets","where":"postgres","loop":"closed","level":1,"rate":70,"p50_us":9000,"p99_us":9000},
    {"what":"messages","where":"two bare actors","level":1,"rate":700000}]})"));
  REQUIRE(drawn.has_value());
  CHECK(what_is_wrong(*drawn).empty());
  CHECK(count(*drawn, "<polyline") == 6); // rate, median and p99 of two stores
  CHECK(count(*drawn, ">sqlite<") == 3);
  CHECK(count(*drawn, "bare actors") == 0);
  CHECK(count(*drawn, "commit abc") == 2);
}

TEST_CASE("plot: a report of the peers is a line an engine, at its median", "[bench]") {
  auto const drawn = bench::plot_of(report(R"({"at_commit":"commit abc","records":[
    {"engine":"control","in_flight":1,"tickets_per_s":10,"p50_ms":1,"p99_ms":2},
    {"engine":"control","in_flight":1,"tickets_per_s":1000,"p50_ms":1,"p99_ms":2},
    {"engine":"control","in_flight":1,"tickets_per_s":12,"p50_ms":1,"p99_ms":null},
    {"engine":"troupe","in_flight":1,"tickets_per_s":20,"p50_ms":1,"p99_ms":2}]})"));
  REQUIRE(drawn.has_value());
  CHECK(what_is_wrong(*drawn).empty());
  CHECK(count(*drawn, ">control<") == 3);
  CHECK(count(*drawn, "<circle") == 6); // a mark and the one of the name, in each chart
}

TEST_CASE("plot: anything else is refused", "[bench]") {
  for (auto const* text : {"{}", "[]", "1", R"({"measures":{}})"})
    CHECK(bench::plot_of(report(text)).has_error());
}
