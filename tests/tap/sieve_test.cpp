#include "actors/tap/sieve.hpp"
#include "records.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using namespace troupe::traffic;
using troupe::test::a_message;

namespace {
constexpr std::int64_t second = 1'000'000'000;

header in_conversation(int n) {
  auto h = a_message();
  h.conversation = hash_of("c" + std::to_string(n));
  return h;
}
} // namespace

TEST_CASE("tap bucket: lets its rate pass, bursts of a second, and keeps a part back", "[tap]") {
  token_bucket b{10};
  int passed = 0;
  for (int i = 0; i < 100; ++i)
    passed += b.take(5 * second) ? 1 : 0;
  CHECK(passed == 10);
  CHECK(b.take(5 * second + second / 10));
  CHECK_FALSE(b.take(5 * second + second / 10));
  passed = 0;
  for (int i = 0; i < 100; ++i)
    passed += b.take(60 * second, 3) ? 1 : 0;
  CHECK(passed == 7);
  CHECK(b.take(60 * second));
  CHECK_FALSE(b.take(0, 3)); // a clock that goes back gives nothing
}

TEST_CASE("tap sieve: a conversation is in the sample as a whole", "[tap]") {
  sieve s{tenant_id{"acme"}, {}, {0.25, 10'000}};
  std::set<int> in;
  for (int c = 0; c < 2000; ++c) {
    bool const first = s.let(in_conversation(c), false, c * second) == passage::passed;
    for (int again = 0; again < 3; ++again)
      CHECK((s.let(in_conversation(c), false, c * second) == passage::passed) == first);
    if (first)
      in.insert(c);
  }
  CHECK(in.size() > 400);
  CHECK(in.size() < 600);
}

TEST_CASE("tap sieve: what belongs to no conversation is sampled too", "[tap]") {
  sieve s{tenant_id{"acme"}, {}, {0.25, 10'000}};
  auto const share = [&](auto mark) {
    int passed = 0;
    for (int i = 0; i < 2000; ++i) {
      auto h = a_message();
      h.conversation = 0;
      mark(h, static_cast<std::uint64_t>(i));
      bool const first = s.let(h, false, i * second) == passage::passed;
      CHECK((s.let(h, false, i * second) == passage::passed) == first);
      passed += first ? 1 : 0;
    }
    return passed;
  };
  // A request and its answer have one message; what has not even that is chosen one by one.
  auto const of_messages = share([](header& h, std::uint64_t i) { h.message = i + 1; });
  auto const of_numbers = share([](header& h, std::uint64_t i) { h.number = i; });
  for (int const passed : {of_messages, of_numbers}) {
    CHECK(passed > 400);
    CHECK(passed < 600);
  }
}

TEST_CASE("tap sieve: errors and outliers are kept, whatever the sample", "[tap]") {
  sieve s{tenant_id{"acme"}, {}, {1e-9, 100}};
  for (int c = 0; c < 50; ++c) {
    auto h = in_conversation(c);
    CHECK(s.let(h, false, c * second) == passage::other);
    CHECK(s.let(h, true, c * second) == passage::passed);
    h.how = outcome::dead_letter;
    CHECK(s.let(h, false, c * second) == passage::passed);
  }
}

TEST_CASE("tap sieve: a storm leaves a tenth of the rate for errors", "[tap]") {
  sieve s{tenant_id{"acme"}, {}, {1, 100}};
  int passed = 0;
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    auto const p = s.let(in_conversation(i), false, second);
    passed += p == passage::passed ? 1 : 0;
    refused += p == passage::too_many ? 1 : 0;
  }
  CHECK(passed == 90);
  CHECK(refused == 410);
  auto bad = a_message();
  bad.how = outcome::conflict;
  passed = 0;
  for (int i = 0; i < 50; ++i)
    passed += s.let(bad, false, second) == passage::passed ? 1 : 0;
  CHECK(passed == 10);
}

TEST_CASE("tap sieve: shows nothing of another tenant", "[tap]") {
  sieve s{tenant_id{"acme"}, {}, {}};
  CHECK(s.let(a_message("acme"), false, second) == passage::passed);
  CHECK(s.let(a_message("acme2"), true, second) == passage::other);
  CHECK(s.let(a_message("acm"), true, second) == passage::other);
  CHECK(s.let(header{}, true, second) == passage::other);
}

TEST_CASE("tap latencies: the slowest hundredth of a choke point are outliers", "[tap]") {
  latency_memory m;
  auto const h = [](category c, int us) {
    header out{c, direction::out};
    out.took(std::chrono::microseconds{us});
    return out;
  };
  CHECK_FALSE(m.is_outlier(h(category::journal, 1'000'000))); // nothing to compare with
  for (int i = 0; i < 1000; ++i)
    CHECK_FALSE(m.is_outlier(h(category::journal, 100 + i % 20)));
  CHECK(m.is_outlier(h(category::journal, 5000)));
  CHECK_FALSE(m.is_outlier(h(category::journal, 110)));
  auto const from = m.slow_from(category::journal);
  CHECK(m.slow_from(category::send) == no_latency);
  CHECK(m.is_outlier(h(category::journal, static_cast<int>(from))));
  CHECK_FALSE(m.is_outlier(h(category::journal, static_cast<int>(from) - 1)));
  CHECK_FALSE(m.is_outlier(h(category::send, 5000))); // of that point nothing is known
  CHECK_FALSE(m.is_outlier(header{category::journal, direction::in}));
  // What is usual now is not an outlier for ever.
  for (int i = 0; i < 40'000; ++i)
    (void)m.is_outlier(h(category::journal, 5000));
  CHECK_FALSE(m.is_outlier(h(category::journal, 5000)));
}
