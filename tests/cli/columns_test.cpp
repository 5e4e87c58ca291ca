#include "cli/text/columns.hpp"
#include "cli/text/look.hpp"
#include "cli/text/table.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

TEST_CASE("columns: width counts wide characters twice and marks not at all", "[cli]") {
  CHECK(columns::width("abc") == 3);
  CHECK(columns::width("größe") == 5);
  CHECK(columns::width("日本") == 4);
  CHECK(columns::width("e\xCC\x81") == 1); // e with a combining acute
  CHECK(columns::width("🎭") == 2);
  CHECK(columns::width("\xFF") == 1);
}

TEST_CASE("columns: a cut text fits, ends in an ellipsis and stays UTF-8", "[cli]") {
  CHECK(columns::fit("weeks", 5) == "weeks");
  CHECK(columns::fit("weekend", 5) == "week…");
  CHECK(columns::fit("日本語", 4) == "日…");
  CHECK(columns::fit("a b c d", 3) == "a…");
  CHECK(columns::fit("abc", 0).empty());
  for (std::size_t n = 0; n < 12; ++n)
    CHECK(columns::width(columns::fit("größe 日本 🎭!", n)) <= n);
}

TEST_CASE("columns: a name that is cut in the middle keeps the end, where names differ", "[cli]") {
  CHECK(columns::fit_middle("weeks", 5) == "weeks");
  CHECK(columns::fit_middle("ticket k3f9q2mx-4", 10) == "tick…2mx-4");
  CHECK(columns::fit_middle("ticket k3f9q2mx-5", 10) == "tick…2mx-5");
  CHECK(columns::fit_middle("dev-ada", 6) == "de…ada");
  CHECK(columns::fit_middle("日本語日本語", 5) == "日…語");
  CHECK(columns::fit_middle("abc", 0).empty());
  for (std::size_t n = 0; n < 12; ++n)
    CHECK(columns::width(columns::fit_middle("größe 日本 🎭!", n)) <= n);
}

TEST_CASE("columns: text of others cannot drive the terminal", "[cli]") {
  CHECK(columns::printable("a\x1b[2Jb") == "a\uFFFD[2Jb");
  CHECK(columns::printable("a\nb\tc\r") == "a b c");
  CHECK(columns::printable("a\nb", true) == "a\nb");
  CHECK(columns::printable("a\u202Eb") == "a\uFFFDb"); // right-to-left override
  CHECK(columns::printable("a\u009Bb") == "a\uFFFDb"); // C1 control sequence introducer
  CHECK(columns::printable("\xC3") == "\uFFFD");
}

TEST_CASE("columns: lines break at spaces, and inside a word only where it is too long", "[cli]") {
  CHECK(columns::wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(columns::wrap("abcdefghij", 4) == std::vector<std::string>{"abcd", "efgh", "ij"});
  CHECK(columns::wrap("one\n\ntwo", 20) == std::vector<std::string>{"one", "", "two"});
  CHECK(columns::wrap("one two", 0) == std::vector<std::string>{"one two"});
  CHECK(columns::wrap("", 10) == std::vector<std::string>{""});
}

TEST_CASE("table: columns are aligned, and elastic ones give way to the width", "[cli]") {
  table t{{{"id"}, {"n", false, true}, {"title", true}}};
  t.add({"a", "1", "short"});
  t.add({"bcd", "22", "a much longer title than fits"});
  text_style style;
  style.width = 0;
  CHECK(t.text(style) == "id    n  title\n"
                         "a     1  short\n"
                         "bcd  22  a much longer title than fits\n");
  style.width = 24;
  CHECK(t.text(style) == "id    n  title\n"
                         "a     1  short\n"
                         "bcd  22  a much longer…\n");
}

TEST_CASE("table: wide characters keep the columns aligned", "[cli]") {
  table t{{{"who"}, {"what"}}};
  t.add({"日本", "x"});
  t.add({"ada", "y"});
  text_style style;
  CHECK(t.text(style) == "who   what\n日本  x\nada   y\n");
}

TEST_CASE("look: times, spans, money and principals read as people say them", "[cli]") {
  CHECK(look::offset(763'000) == "00:12:43");
  CHECK(look::clock(0, false) == "-");
  CHECK(look::clock(1'700'000'000'000, false) == "22:13:20");
  CHECK(look::date(1'700'000'000'000, false) == "2023-11-14 22:13");
  CHECK(look::span(120) == "120 ms");
  CHECK(look::span(45'000) == "45 s");
  CHECK(look::span(125'000) == "2 min 5 s");
  CHECK(look::span(7'500'000) == "2 h 5 min");
  CHECK(look::money(0) == "0.00");
  CHECK(look::money(420'000) == "0.42");
  CHECK(look::money(1'200) == "0.0012");
  CHECK(look::money(1) == "0.000001");
  CHECK(look::money(2'000'000, look::places_for({2'000'000, 1'200})) == "2.0000");
  CHECK(look::who("agent:tally.dev-ada") == "dev-ada");
  CHECK(look::who("human:ada") == "ada");
  CHECK(look::who("ticket:k3-1") == "ticket k3-1");
  CHECK(look::count(1, "event") == "1 event");
  CHECK(look::count(2, "event") == "2 events");
}

TEST_CASE("look: what is missing or of another type reads as its default", "[cli]") {
  json::value const v = json::object{{"a", 1}, {"b", "x\x1b"}};
  CHECK(look::text(v, "a") == "");
  CHECK(look::text(v, "b") == "x\uFFFD");
  CHECK(look::text(v, "c", "none") == "none");
  CHECK(look::number(v, "b", 7) == 7);
  CHECK(look::list(v, "a").empty());
  CHECK(look::at(json::value{}, "a").is_null());
}
