#include "records.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::traffic;
using troupe::test::a_message;

namespace {

bool lets(std::string_view text, header const& h) {
  auto const f = filter::parse(text);
  INFO(text << ": " << (f ? "" : f.error().message));
  REQUIRE(f.has_value());
  return f->matches(h);
}

struct refusal {
  std::int64_t column = 0;
  std::string expected;
};
refusal refused(std::string_view text) {
  auto const f = filter::parse(text);
  INFO(text);
  REQUIRE(f.has_error());
  auto const e = f.error();
  CHECK(e.code == errc::invalid_argument);
  auto const column = e.details.at("column").to_number<std::int64_t>();
  CHECK(e.message.find("column " + std::to_string(column)) != std::string::npos);
  return {column, std::string{e.details.at("expected").as_string()}};
}

} // namespace

TEST_CASE("tap filter: an empty one wants everything", "[tap]") {
  CHECK(lets("", a_message()));
  CHECK(lets("  \n", a_message()));
  CHECK(filter{}.matches(a_message()));
  CHECK(filter{}.categories() == every_category);
}

TEST_CASE("tap filter: tests names exactly, by their beginning, and in lists", "[tap]") {
  auto const m = a_message();
  CHECK(lets("kind=question", m));
  CHECK_FALSE(lets("kind=quest", m));
  CHECK(lets("kind=quest*", m));
  CHECK(lets("kind in (answer, question)", m));
  CHECK_FALSE(lets("kind not in (answer, question)", m));
  CHECK(lets("kind != answer", m));
  CHECK(lets("brief=k3f9q2mx and project=tally", m));
  CHECK(lets("from=agent:tally.pm and to=agent:*", m));
  CHECK(lets(R"(kind="question")", m));
  CHECK_FALSE(lets(R"(kind="quest*")", m)); // in quotes a star is a star
}

TEST_CASE("tap filter: a name that a record does not have agrees with nothing", "[tap]") {
  auto const m = a_message();
  CHECK_FALSE(lets("ticket=*", m));
  CHECK(lets("not ticket=*", m));
  CHECK(lets("ticket != k3f9q2mx-1", m));
  CHECK_FALSE(lets("latency >= 0us", m));
}

TEST_CASE("tap filter: an agent is sender or receiver, by its id or its name", "[tap]") {
  auto const m = a_message();
  CHECK(lets("agent=dev-ada", m));
  CHECK(lets("agent=tally.dev-ada", m));
  CHECK(lets("agent=pm", m));
  CHECK(lets("agent=dev-*", m));
  CHECK_FALSE(lets("agent=qa", m));
  CHECK_FALSE(lets("agent=agent:tally.pm", m));
  header order{category::effect, direction::out};
  order.between("ticket:k3f9q2mx-4", "daemon:d-1");
  CHECK_FALSE(lets("agent=dev-ada", order));
  order.worked_on_by("tally.dev-ada");
  CHECK(lets("agent=dev-ada", order));
  CHECK(lets("agent=tally.dev-ada", order));
  CHECK_FALSE(lets("agent=pm", order));
}

TEST_CASE("tap filter: choke point, direction, outcome, errors, latency, conversation", "[tap]") {
  auto m = a_message();
  CHECK(lets("point=send", m));
  CHECK(lets("kind=send", m));
  CHECK(lets("kind in (journal, question)", m));
  CHECK_FALSE(lets("kind in (journal, answer)", m));
  CHECK(lets("kind not in (journal, answer)", m));
  CHECK(lets("direction=out", m));
  CHECK_FALSE(lets("direction in (in, none)", m));
  CHECK(lets("outcome=ok and not errors", m));
  m.how = outcome::fenced;
  CHECK(lets("errors", m));
  CHECK(lets("outcome in (fenced, conflict)", m));
  m.took(std::chrono::milliseconds{50});
  CHECK(lets("latency>=50ms", m));
  CHECK(lets("latency < 51ms and latency > 49999us", m));
  CHECK_FALSE(lets("latency>50ms", m));
  CHECK(lets("latency<=1s", m));
  CHECK(lets("latency < 1min", m));
  CHECK(lets("conversation=k3f9q2mx", m));
  CHECK_FALSE(lets("conversation=another", m));
}

TEST_CASE("tap filter: not binds more than and, and more than or", "[tap]") {
  auto const m = a_message();
  CHECK(lets("kind=question or kind=answer and kind=note", m));
  CHECK_FALSE(lets("(kind=question or kind=answer) and kind=note", m));
  CHECK_FALSE(lets("not kind=question or kind=note", m));
  CHECK(lets("NOT kind=note And kind=question", m));
  CHECK(lets("not not kind=question", m));
}

TEST_CASE("tap filter: of a name that was cut the known beginning decides", "[tap]") {
  header h;
  std::string const longest(200, 'q');
  h.set(field::kind, longest);
  REQUIRE(h.is_cut(field::kind));
  CHECK(lets("kind=" + longest, h));
  CHECK(lets("kind=q*", h));
  CHECK_FALSE(lets("kind=q", h));
  CHECK_FALSE(lets("kind=" + std::string(200, 'p'), h));
}

TEST_CASE("tap filter: knows which choke points it needs", "[tap]") {
  auto const needs = [](std::string_view text) { return filter::parse(text)->categories(); };
  CHECK(needs("kind=question") == every_category);
  CHECK(needs("point=effect") == bit_of(category::effect));
  CHECK(needs("point in (effect, journal) and errors") ==
        (bit_of(category::effect) | bit_of(category::journal)));
  CHECK(needs("not point=effect") == (every_category & ~bit_of(category::effect)));
  CHECK(needs("point=effect or errors") == every_category);
  CHECK(needs("point=effect and point=send") == 0);
}

TEST_CASE("tap filter: an error names its column and what was expected", "[tap]") {
  CHECK(refused("kind").column == 5);
  CHECK(refused("kind").expected == "'=', '!=', 'in' or 'not in' after kind");
  CHECK(refused("kind=").column == 6);
  CHECK(refused("colour=red").column == 1);
  CHECK(refused("colour=red").expected.find("tenant, project") != std::string::npos);
  CHECK(refused("kind=question andd errors").column == 15);
  CHECK(refused("kind=question and").column == 18);
  CHECK(refused("(errors").column == 8);
  CHECK(refused("errors)").column == 7);
  CHECK(refused("kind in (a b)").column == 12);
  CHECK(refused("kind in (a, )").column == 13);
  CHECK(refused("kind not = a").column == 10);
  CHECK(refused("outcome=bad").expected.find("fenced") != std::string::npos);
  CHECK(refused("direction=up").expected == "one of none, in, out");
  CHECK(refused("point=x").expected == "one of send, admit, dispatch, journal, effect, gateway");
  CHECK(refused("latency=50ms").column == 8);
  CHECK(refused("latency>50").column == 9);
  CHECK(refused("latency>50h").column == 9);
  CHECK(refused("latency>61min").expected == "at most 60min");
  CHECK(refused("kind=a*b").column == 7);
  CHECK(refused("conversation=a*").column == 15);
  CHECK(refused("kind=\"a").column == 8);
  CHECK(refused("kind=\"\"").expected == "a value that is not empty");
  CHECK(refused("kind=and").expected == "a value (this word in quotes, if it is one)");
  CHECK(refused("kind ! a").column == 6);
  CHECK(refused("kind=a & errors").column == 8);
  // In characters, not in bytes.
  CHECK(refused("kind=\"\xC3\xBC\" x").column == 10);
}

TEST_CASE("tap filter: is bounded in length, tests, values and depth", "[tap]") {
  auto const repeat = [](std::string_view piece, std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i)
      out += piece;
    return out;
  };
  CHECK(refused(repeat(" ", filter::most_bytes + 1)).expected == "at most 2048 bytes");
  CHECK(refused("errors" + repeat(" or errors", filter::most_tests)).expected ==
        "at most 64 tests");
  CHECK(refused("kind in (a" + repeat(",a", filter::most_values) + ")").expected ==
        "at most 64 values");
  CHECK(refused(repeat("(", 100) + "errors").expected == "at most 32 levels of nesting");
  CHECK(refused(repeat("not ", 100) + "errors").expected == "at most 32 levels of nesting");
  CHECK(filter::parse(repeat("(", 30) + "errors" + repeat(")", 30)).has_value());
}
