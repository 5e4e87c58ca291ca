#include "cli/text/traffic.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

json::value line(std::string const& text) {
  auto v = json::parse(text);
  REQUIRE(v.has_value());
  return *v;
}

json::value message(std::string const& from, std::string const& to, std::string const& more = {}) {
  return line(R"({"type":"record","at_us":1700000000123456,"point":"send","direction":"out",)"
              R"("outcome":"ok","kind":"question","from":")" +
              from + R"(","to":")" + to + "\"" + more + "}");
}

std::size_t count(std::string const& text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++n;
  return n;
}

} // namespace

TEST_CASE("traffic line: who says what to whom, and how it went", "[cli]") {
  text_style const plain{false, 0, false};
  auto const text =
      render_traffic_line(message("agent:tally.dev-ada", "agent:tally.pm",
                                  R"(,"latency_us":1234,"ticket":"k3-1","shard":7,"seq":99)"),
                          plain);
  CHECK(text == "22:13:20.123 send     < question dev-ada → pm of k3-1 ok 1.2 ms #7/99");
  CHECK(render_traffic_line(line(R"({"type":"gap","count":1,"why":"rate"})"), plain) ==
        "… 1 record missing: over the rate; --rate N for more");
  CHECK(render_traffic_line(line(R"({"type":"counters","records":7,"errors":1,"missed":2})"),
                            plain) ==
        "… far behind: 7 records, 1 error, 2 missed not shown one by one");
}

TEST_CASE("traffic line: is cut to the terminal, has colours only there, and drives nothing",
          "[cli]") {
  auto const evil = message("agent:a.\\u001b[31mb", "agent:a.pm",
                            R"(,"content":"say \u001b]0;x\u0007 this, which is very long indeed")");
  for (int width : {20, 40, 60, 200}) {
    auto const text = render_traffic_line(evil, text_style{false, width, false});
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\x07') == std::string::npos);
    CHECK(text.find('\n') == std::string::npos);
  }
  CHECK(render_traffic_line(evil, text_style{true, 100, false}).find("\x1b[") != std::string::npos);
}

TEST_CASE("traffic sequence: a column for each, an arrow for each", "[cli]") {
  sequence_view view{text_style{false, 100, false}};
  auto const first = view.show(message("agent:t.pm", "agent:t.dev-ada"));
  CHECK(count(first, "\n") == 2); // the heads, and the arrow
  CHECK(first.find("pm") < first.find("dev-ada"));
  CHECK(first.find("▶") != std::string::npos);
  CHECK(first.find("╌") != std::string::npos); // not in the ledger
  auto const back = view.show(message("agent:t.dev-ada", "agent:t.pm", R"(,"shard":1,"seq":2)"));
  CHECK(count(back, "\n") == 1);
  CHECK(back.find("◀") != std::string::npos);
  CHECK(back.find("─") != std::string::npos);
  auto const third = view.show(message("ticket:k3-1", "agent:t.pm"));
  CHECK(third.find("ticket k3-1") != std::string::npos);
  // Where there is no room for one more, it is told in words,
  CHECK(count(view.show(message("agent:t.x1", "agent:t.pm")), "\n") == 2);
  CHECK(count(view.show(message("agent:t.x2", "agent:t.pm")), "\n") == 2);
  auto const told = view.show(message("agent:t.x3", "agent:t.pm"));
  CHECK(told.find("x3 → pm") != std::string::npos);
  CHECK(count(told, "\n") == 1);
  // until somebody was silent for a while, whose column it gets.
  (void)view.show(message("agent:t.x1", "agent:t.pm"));
  auto const instead = view.show(message("agent:t.x3", "agent:t.pm"));
  INFO(instead);
  CHECK(count(instead, "\n") == 2);
  CHECK(instead.find("x3") < instead.find("ticket k3-1"));
  CHECK(instead.find("dev-ada") == std::string::npos);
  // The names come again before they are out of sight.
  int heads = 0;
  for (int i = 0; i < 80; ++i)
    heads +=
        view.show(message("agent:t.x3", "agent:t.pm")).find("ticket k3-1") != std::string::npos;
  CHECK(heads == 2);
}

TEST_CASE("traffic stats: rates, who talks, what waits", "[cli]") {
  traffic_stats stats;
  auto const record = [](std::string const& point, std::string const& way, std::string const& id,
                         std::string const& more = {}) {
    return line(
        R"({"type":"record","at_us":1,"point":")" + point + R"(","direction":")" + way +
        R"(","outcome":"ok","kind":"ticket.claim","from":"agent:t.pm","to":"ticket:k3-1",)" +
        R"("message":")" + id + "\"" + more + "}");
  };
  for (int i = 0; i < 20; ++i)
    stats.take(record("admit", "in", std::to_string(i)), 1'000);
  for (int i = 0; i < 18; ++i)
    stats.take(record("dispatch", "out", std::to_string(i), R"(,"latency_us":2000)"), 2'000);
  auto const text = stats.show(text_style{false, 0, false}, 5'000);
  INFO(text);
  CHECK(text.find("dispatch           4.5       0       2.0       2.0") != std::string::npos);
  CHECK(text.find("top talkers     pm 38") != std::string::npos);
  CHECK(text.find("mailboxes       ticket k3-1 2") != std::string::npos);
  CHECK(text.find("ticket.claim at ticket k3-1, 4 s") != std::string::npos);
  CHECK(text.find("38 records") != std::string::npos);
  // Rates are of the last ten seconds; what waits goes on to wait.
  auto const later = stats.show(text_style{false, 0, false}, 60'000);
  CHECK(later.find("admit              0.0") != std::string::npos);
  CHECK(later.find("59 s") != std::string::npos);
}

TEST_CASE("traffic stats: what waits is not told from records with a hole in them", "[cli]") {
  traffic_stats stats;
  auto const admit = [&](std::string const& id, std::int64_t now) {
    stats.take(line(R"({"type":"record","at_us":1,"point":"admit","direction":"in","outcome":"ok",)"
                    R"("kind":"ticket.claim","from":"agent:t.pm","to":"ticket:k3-1","message":")" +
                    id + "\"}"),
               now);
  };
  admit("1", 1'000);
  stats.take(line(R"({"type":"gap","count":5,"why":"rate"})"), 2'000);
  stats.take(line(R"({"type":"counters","records":3,"missed":4,"errors":0})"), 2'000);
  auto const text = stats.show(text_style{false, 0, false}, 3'000);
  INFO(text);
  CHECK(text.find("mailboxes       not known") != std::string::npos);
  CHECK(text.find("oldest waiting  not known") != std::string::npos);
  CHECK(text.find("1 record, 12 missing") != std::string::npos);
  auto const told = stats.tell(3'000);
  CHECK(told.at("mailboxes").is_null());
  CHECK(told.at("oldest").is_null());
  CHECK(told.at("missing") == 12);
  CHECK(told.at("points").at("admit").at("records") == 1);
  CHECK(told.at("points").at("admit").at("p50_us").is_null());
  // Once nothing was missing for a while, it counts what came since.
  admit("2", 3'000);
  auto const later = stats.show(text_style{false, 0, false}, 13'000);
  INFO(later);
  CHECK(later.find("mailboxes       ticket k3-1 1") != std::string::npos);
  CHECK(later.find("ticket.claim at ticket k3-1, 10 s") != std::string::npos);
  auto const again = stats.tell(13'000);
  CHECK(again.at("mailboxes") == json::object{{"ticket k3-1", 1}});
  CHECK(again.at("oldest").at("waits_ms") == 10'000);
}
