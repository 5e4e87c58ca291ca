#include "actors/domain/kinds.hpp"
#include "actors/domain/ticket_draft.hpp"
#include "gateway/daemons/planned_call.hpp"
#include "gateway/daemons/run_configs.hpp"
#include "gateway/routes/workforce.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>

/// What keeps the edge small however long it runs, and however many tickets there are.
using namespace troupe;

namespace {

run_configs::config_ptr config_of(std::string command) {
  project_config c;
  c.test_command = std::move(command);
  return std::make_shared<project_config const>(std::move(c));
}

run_id run_of(std::size_t n) {
  return run_id{"r-" + std::to_string(n)};
}

} // namespace

TEST_CASE("api: configurations of runs are forgotten, the longest unused first", "[api]") {
  run_configs known;
  CHECK_FALSE(known.find(run_of(0)));
  for (std::size_t n = 0; n < run_configs::most; ++n)
    known.keep(run_of(n), config_of("make " + std::to_string(n)));
  CHECK(known.size() == run_configs::most);
  REQUIRE(known.find(run_of(0))); // used just now
  known.keep(run_of(1000), config_of("make new"));
  CHECK(known.size() == run_configs::most);
  CHECK_FALSE(known.find(run_of(1)));
  REQUIRE(known.find(run_of(0)));
  CHECK(known.find(run_of(0))->test_command == "make 0");
  CHECK(known.find(run_of(1000))->test_command == "make new");
  for (std::size_t n = 2; n < run_configs::most; ++n)
    CHECK(known.find(run_of(n)));
  known.keep(run_of(0), config_of("make again"));
  CHECK(known.size() == run_configs::most);
  CHECK(known.find(run_of(0))->test_command == "make again");
}

TEST_CASE("api: a row of the board says whether its ticket could be leased, as the domain does",
          "[api]") {
  std::size_t could = 0;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<ticket::status>>([&](auto is) {
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<ticket::lease_status>>(
        [&](auto lease) {
          for (bool const active : {false, true}) {
            ticket::state s;
            s.is = is.value;
            s.holder.change().is = lease.value;
            s.run_active = active;
            INFO(is.name << " " << lease.name << " " << active);
            CHECK(may_be_leased(json::to(s)) == ticket::wants_lease(s));
            could += ticket::wants_lease(s) ? 1U : 0U;
          }
        });
  });
  CHECK(could > 0);
  CHECK_FALSE(may_be_leased(json::value{}));
}

TEST_CASE("api: a planned call is made once, and not after the stop", "[api]") {
  std::atomic<int> calls{0};
  std::promise<void> first;
  planned_call call{[&] {
    if (++calls == 1)
      first.set_value();
  }};
  call.plan(std::chrono::hours{1});
  call.plan(duration{1}); // the sooner one counts
  call.plan(std::chrono::hours{2});
  REQUIRE(first.get_future().wait_for(std::chrono::seconds{20}) == std::future_status::ready);
  call.plan(std::chrono::hours{1});
  call.stop();
  call.plan(duration{0});
  CHECK(calls == 1);
}
