#include "tests/domain/ticket_subject.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::test;

/// What a ticket takes while nothing happens to it. A server has tens of thousands of them.

TEST_CASE("memory: a state takes a kilobyte, and its members share what they can", "[domain]") {
  // With the count of its owners it is one block of 1024 bytes; another member makes it 1280.
  CHECK(sizeof(ticket::state) <= 1008);
  CHECK(sizeof(shared_value<evidence>) == sizeof(void*));

  ticket_subject one;
  ticket_subject other;
  one.does(make_open());
  other.does(make_open());
  REQUIRE_FALSE(one.now_is().stages.empty());
  CHECK(&*one.now_is().stages == &*other.now_is().stages); // one process, worked by both
  auto const made = ticket::decide(ticket_domain::initial(one.now_is().self),
                                   ticket::command{make_open()}, command_context{});
  REQUIRE(made.has_value());
  auto const& opened = std::get<ticket::opened>(made->front());
  CHECK(&*opened.stages == &*one.now_is().stages); // events are kept, too
  auto copy = one.now_is();
  CHECK(&*copy.item == &*one.now_is().item);
}

TEST_CASE("memory: a shared value is changed for its owner alone", "[domain]") {
  using list = std::vector<int>;
  shared_value<list> one;
  CHECK(one.empty());
  CHECK(one == list{});
  one.change().push_back(1);
  auto const* first = &*one;
  one.change().push_back(2);
  CHECK(&*one == first); // nobody else has it

  auto other = one;
  CHECK(&*other == first);
  other.change().push_back(3);
  CHECK(*one == list{1, 2});
  CHECK(*other == list{1, 2, 3});
  one = other;
  CHECK(&*one == &*other);
  other = {};
  CHECK(other.empty());
  CHECK(one.size() == 3);
  auto const* alone = &*one;
  auto const moved = std::move(one);
  CHECK(&*moved == alone);
}

TEST_CASE("memory: copies of a shared value may be let go and changed on other threads",
          "[domain]") {
  shared_value<std::vector<int>> whole{std::vector<int>(100, 7)};
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([mine = whole, t, &wrong]() mutable {
      for (int i = 0; i < 1000; ++i) {
        auto again = mine;
        again.change()[0] = t;
        wrong += again[0] != t || again[1] != 7;
        mine = i % 2 == 0 ? std::move(again) : mine;
      }
    });
  }
  for (auto& t : threads)
    t.join();
  CHECK(wrong == 0);
  CHECK(whole[0] == 7);
}

TEST_CASE("memory: of equal values a pool gives one, of the few that came last", "[domain]") {
  value_pool<std::string> pool;
  auto const first = pool.same(std::string{"a process"});
  CHECK(&*pool.same(std::string{"a process"}) == &*first);
  CHECK(*pool.same(std::string{"another"}) == "another");
  CHECK(&*pool.same(std::string{"a process"}) == &*first);
  for (int i = 0; i < 100; ++i)
    CHECK(*pool.same(std::to_string(i)) == std::to_string(i));
  CHECK(*pool.same(std::string{"a process"}) == "a process");
  CHECK(&*pool.same(std::string{"a process"}) != &*first); // it was forgotten
}
