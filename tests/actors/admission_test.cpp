#include "actors/admission.hpp"
#include "actors/request_desk.hpp"
#include "actors/tap/hub.hpp"
#include "actors/tap/tap.hpp"
#include "tests/actors/stage.hpp"

#include <catch2/catch.hpp>

#include <list>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

any_command new_ticket() {
  return ticket::command{ticket::open{}};
}

/// A door with commands under way behind it, and time that moves as the test wants.
struct entrance {
  admission door{{3, 100ms, 4, 20}};
  std::list<headcount> inside;
  admission::moment now{1h};

  void fill(std::int64_t many) {
    while (door.under_way() > many)
      inside.pop_back();
    while (door.under_way() < many)
      inside.push_back(count_at(door.under_way()));
  }
  [[nodiscard]] bool lets_in() { return door.ask(now).has_value(); }
  /// Somebody asks every 10 ms, for so long: how many are let in.
  int knocks(std::chrono::milliseconds for_so_long) {
    int in = 0;
    for (auto const end = now + for_so_long; now < end; now += 10ms)
      in += lets_in() ? 1 : 0;
    return in;
  }
  /// So many times ten are let in, one every 10 ms, and answered after so long; `beside` others are
  /// under way.
  void serve(int tens, std::chrono::milliseconds each, std::int64_t beside) {
    fill(beside);
    for (int i = 0; i < tens * 10; ++i) {
      auto const t = door.ask(now);
      now += 10ms;
      if (t)
        door.answered({now - each, t->alone}, now);
    }
  }
};

} // namespace

TEST_CASE("admission: work begins with a brief, a run or a ticket", "[actors]") {
  auto const begins = [](auto c) { return admission::begins_work(any_command{std::move(c)}); };
  CHECK(begins(ticket::command{ticket::open{}}));
  CHECK(begins(run::command{run::create{}}));
  CHECK(begins(brief::command{brief::submit{}}));
  CHECK_FALSE(begins(ticket::command{ticket::finish{}}));
  CHECK_FALSE(begins(ticket::command{ticket::comment{}}));
  CHECK_FALSE(begins(run::command{run::cancel{}}));
  CHECK_FALSE(begins(approval::command{approval::withdraw{}}));
  CHECK_FALSE(begins(daemon::command{daemon::disconnect{}}));
  CHECK_FALSE(begins(project::command{project::create{}}));
}

TEST_CASE("admission: a burst is taken, up to a bound, a queue that stands is not", "[actors]") {
  entrance e;
  auto const limit = e.door.limit();
  REQUIRE(limit == 8);
  e.fill(limit - 1);
  CHECK(e.knocks(10s) == 1000); // busy, but not more than it gets done
  e.fill(limit);
  CHECK(e.knocks(100ms) == 10);
  CHECK(e.knocks(1s) == 0);
  e.fill(0);
  e.knocks(200ms);
  e.fill(20);
  CHECK_FALSE(e.lets_in()); // however short
  e.fill(19);
  CHECK(e.lets_in());
}

TEST_CASE("admission: where it is less now and then nobody is refused", "[actors]") {
  entrance e;
  for (int i = 0; i < 20; ++i) {
    e.fill(10);
    CHECK(e.knocks(90ms) == 9);
    e.fill(7);
    CHECK(e.lets_in());
  }
  CHECK(e.door.refused() == 0);
}

TEST_CASE("admission: in an overload one is taken for each that ends, until it is over",
          "[actors]") {
  entrance e;
  e.fill(10);
  e.knocks(200ms);
  REQUIRE_FALSE(e.lets_in());
  auto const refused = e.door.refused();
  for (int i = 0; i < 50; ++i) { // still more comes than ends
    e.fill(7);
    CHECK(e.lets_in());
    e.fill(8);
    e.now += 10ms;
    CHECK_FALSE(e.lets_in());
  }
  CHECK(e.door.refused() == refused + 50);
  e.fill(7);
  CHECK(e.knocks(110ms) == 11); // not full for as long as it had to be full
  e.fill(10);
  CHECK(e.knocks(100ms) == 10); // and a burst is taken again
  CHECK(e.knocks(100ms) == 0);
}

TEST_CASE("admission: whoever asks seldom is no overload", "[actors]") {
  entrance e;
  e.fill(10);
  for (int i = 0; i < 10; ++i) {
    CHECK(e.lets_in()); // what happened between is not known
    e.now += 150ms;
  }
}

TEST_CASE("admission: more is let in where many are as quick as one", "[actors]") {
  entrance e;
  e.serve(2, 30ms, 0); // alone
  REQUIRE(e.door.limit() == 8);
  e.serve(20, 60ms, 4);
  CHECK(e.door.limit() == 8); // what more would do was not seen
  auto last = e.door.limit();
  for (int i = 0; i < 200; ++i) {
    e.serve(1, 60ms, e.door.limit()); // a burst at the limit
    e.serve(1, 60ms, 4);
    CHECK(e.door.limit() >= last);
    last = e.door.limit();
  }
  CHECK(last == 20); // the bound of a burst
}

TEST_CASE("admission: less is let in where steps are slower than they may be", "[actors]") {
  entrance e;
  e.serve(3, 10ms, 0);
  e.serve(3, 29ms, 7);
  CHECK(e.door.limit() == 8);
  e.serve(10, 40ms, 4);
  CHECK(e.door.limit() == 4); // and never below
}

TEST_CASE("admission: switched off it refuses nothing", "[actors]") {
  admission door{{0, 100ms, 4, 20}};
  std::list<headcount> inside;
  for (int i = 0; i < 100; ++i)
    inside.push_back(count_at(door.under_way()));
  for (int i = 0; i < 100; ++i)
    CHECK(door.ask(admission::moment{i * 10ms}).has_value());
}

namespace {

/// Requests from the outside on a stage; each answer lands in its box.
struct outside {
  explicit outside(test::still_stage& on, admission& door)
      : s(on), desk(on.log, *on.where, on.ids, &door) {
    s.rt.door = &door;
  }
  using box = std::shared_ptr<std::optional<command_result>>;
  box submit(any_command c, entity_kind kind, std::string const& id, submit_options o = {}) {
    auto answer = std::make_shared<std::optional<command_result>>();
    o.by = principal_id{"human:ada"};
    desk.submit(test::still_stage::ref(kind, id), std::move(c), o,
                [answer](command_result r) { *answer = std::move(r); });
    s.run();
    return answer;
  }
  box token(std::string const& id, submit_options const& o = {}) {
    return submit(test::token_issue(), entity_kind::principal, id, o);
  }
  box ticket(std::string const& id, submit_options const& o = {}) {
    return submit(new_ticket(), entity_kind::ticket, id, o);
  }
  static bool is_busy(box const& b) {
    return b->has_value() && (*b)->has_error() && (*b)->error().code == errc::busy;
  }
  test::still_stage& s;
  request_desk desk;
};

} // namespace

TEST_CASE("admission: the commands of a node are counted from their sending to their end",
          "[actors]") {
  admission door{{3, 0ms, 1, 3}}; // no patience
  test::still_stage s;
  outside o{s, door};
  auto const first = o.token("p1");
  auto const second = o.token("p2");
  CHECK(door.under_way() == 2); // both wait for the disk
  auto const no = o.ticket("t1");
  REQUIRE(o.is_busy(no));
  CHECK((*no)->error().details.at("retry_after").to_number<int>() == 1);
  CHECK_FALSE(o.is_busy(o.token("p3"))); // no new work
  s.settle();
  REQUIRE(first->has_value());
  CHECK((*first)->has_value());
  CHECK(door.under_way() == 0);
  CHECK_FALSE(o.is_busy(o.ticket("t1")));
  s.settle();
}

TEST_CASE("admission: whoever watches sees new work that is refused as an error of this point",
          "[actors]") {
  if (!traffic::is_built_in)
    return;
  admission door{{3, 0ms, 1, 2}}; // no patience
  test::still_stage s;
  outside o{s, door};
  traffic::hub_settings driven;
  driven.thread = false;
  driven.hold = std::chrono::nanoseconds{-1h};
  traffic::hub tap{driven};
  auto const watch = [&](char const* filter) {
    traffic::watch_request w;
    w.tenant = tenant_id{"default"};
    w.of = traffic::filter::parse(filter).value();
    w.contents = true;
    return tap.watch(w, {}).value();
  };
  auto const errors = watch("point=admit and errors");
  auto const taken = watch("point=admit and not errors");
  auto const told = [&](auto const& w) {
    tap.step();
    std::vector<json::object> out;
    for (auto const& l : w->take(100))
      out.push_back(json::parse(*l.text)->as_object());
    return out;
  };
  submit_options about;
  about.correlation = "k3f9q2mx";
  about.cause = "request-1";
  (void)o.ticket("k3f9q2mx-1", about);
  CHECK(told(errors).empty());
  auto all = told(taken);
  REQUIRE(all.size() == 1);
  auto const before = all[0];
  CHECK(before.at("outcome") == "open");

  std::list<headcount> others;
  for (int i = 0; i < 2; ++i)
    others.push_back(count_at(door.under_way()));
  REQUIRE(o.is_busy(o.ticket("k3f9q2mx-1", about)));
  CHECK(told(taken).empty());
  all = told(errors);
  REQUIRE(all.size() == 1);
  auto refused = all[0];
  CHECK(refused.at("outcome") == "busy");
  CHECK(refused.at("kind") == "ticket.open");
  CHECK(refused.at("from") == "human:ada");
  CHECK(refused.at("to") == "ticket:k3f9q2mx-1");
  CHECK(refused.at("brief") == "k3f9q2mx");
  // And all else is as of one that is taken.
  for (auto const* own : {"at_us", "number", "outcome"})
    refused[own] = before.at(own);
  CHECK(refused == before);
  s.settle();
}

TEST_CASE("admission: nobody inside is refused, and work that was taken is answered again",
          "[actors]") {
  admission door{{3, 0ms, 1, 2}};
  test::still_stage s;
  outside o{s, door};
  submit_options once;
  once.idempotency = inbox_entry{"api", "k", "h", {}};
  auto const taken = o.token("p1", once);
  s.settle();
  REQUIRE(taken->has_value());
  REQUIRE((*taken)->has_value());

  auto const one = count_at(door.under_way());
  auto const two = count_at(door.under_way());
  REQUIRE(o.is_busy(o.ticket("t1")));
  submit_options inside;
  inside.asked = false;
  CHECK_FALSE(o.is_busy(o.ticket("t2", inside)));
  // The same request again; what it asks for is not looked at.
  auto const again = o.ticket("t3", once);
  REQUIRE(again->has_value());
  CHECK((*again)->has_value());
}
