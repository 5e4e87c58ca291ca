#include "daemon/attempt_table.hpp"
#include "daemon/progress_pace.hpp"
#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

link::progress said(std::string text, std::string ticket = "b1-1", std::int64_t token = 1) {
  return {ticket_id{std::move(ticket)}, token, std::move(text)};
}

} // namespace

TEST_CASE("progress: of what is said too fast only the last is kept", "[daemon]") {
  progress_pace pace{250ms};
  auto now = progress_pace::clock::time_point{} + 1h;
  REQUIRE(pace.offer(said("one"), now).has_value()); // the first at once
  CHECK_FALSE(pace.next().has_value());
  CHECK_FALSE(pace.offer(said("two"), now + 1ms).has_value());
  CHECK_FALSE(pace.offer(said("three"), now + 249ms).has_value());
  REQUIRE(pace.next().has_value());
  CHECK(*pace.next() == now + 250ms);
  CHECK(pace.due(now + 249ms).empty());
  auto const late = pace.due(now + 250ms);
  REQUIRE(late.size() == 1);
  CHECK(late[0].text == "three");
  CHECK(pace.due(now + 10s).empty()); // once
  CHECK_FALSE(pace.next().has_value());
  CHECK(pace.offer(said("four"), now + 10s).has_value());
}

TEST_CASE("progress: a thousand texts in a second become five", "[daemon]") {
  progress_pace pace{250ms};
  auto const begin = progress_pace::clock::time_point{} + 1h;
  std::vector<std::string> sent;
  for (int i = 0; i < 1000; ++i) {
    auto const now = begin + std::chrono::milliseconds{i};
    for (auto& p : pace.due(now))
      sent.push_back(p.text);
    if (auto p = pace.offer(said(std::to_string(i)), now))
      sent.push_back(p->text);
  }
  for (auto& p : pace.due(begin + 1s))
    sent.push_back(p.text);
  CHECK(sent == std::vector<std::string>{"0", "249", "499", "749", "999"});
}

TEST_CASE("progress: attempts do not slow one another, and the end of one sends what waited",
          "[daemon]") {
  progress_pace pace{250ms};
  auto const now = progress_pace::clock::time_point{} + 1h;
  CHECK(pace.offer(said("a"), now).has_value());
  CHECK(pace.offer(said("b", "b1-2"), now).has_value());
  CHECK(pace.offer(said("c", "b1-1", 2), now).has_value());
  CHECK_FALSE(pace.offer(said("a last"), now).has_value());
  auto const last = pace.end(ticket_id{"b1-1"}, 1);
  REQUIRE(last.has_value());
  CHECK(last->text == "a last");
  CHECK_FALSE(pace.end(ticket_id{"b1-2"}, 1).has_value());
  CHECK_FALSE(pace.end(ticket_id{"never"}, 1).has_value());
  CHECK(pace.due(now + 1h).empty());
}

TEST_CASE("progress: a talkative tool does not flood the link", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto reports = spool::open(s / "d1");
  REQUIRE(reports.has_value());
  std::mutex mutex;
  std::vector<std::string> texts;
  auto const begin = std::chrono::steady_clock::now();
  attempt_table table{b.settings,
                      b.repositories,
                      **reports,
                      1,
                      {[] {},
                       [&](link::progress p) {
                         std::lock_guard const lock{mutex};
                         texts.push_back(std::move(p.text));
                       }}};
  auto const go = (s / "go").string();
  table.start(
      work_order(o, "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); "
                    "echo \"{\\\"type\\\":\\\"progress\\\",\\\"text\\\":\\\"line $i\\\"}\"; done; "
                    "while [ ! -e " +
                        go + " ]; do sleep 0.05; done"));
  REQUIRE(eventually([&] {
    std::lock_guard const lock{mutex};
    return !texts.empty() && texts.back() == "line 3000";
  }));
  {
    auto const passed = std::chrono::steady_clock::now() - begin;
    std::lock_guard const lock{mutex};
    CHECK(texts.size() <= 2 + static_cast<std::size_t>(passed / 250ms));
  }
  write(go, "");
  CHECK(table.wait_idle(20s));
}
