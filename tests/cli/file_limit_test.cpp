#include "cli/file_limit.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>

using namespace troupe;

namespace {

/// Puts the limit of this process back as it was.
class limit_kept {
public:
  limit_kept() { REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0); }
  ~limit_kept() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  limit_kept(limit_kept const&) = delete;
  limit_kept& operator=(limit_kept const&) = delete;

  void soft(rlim_t to) const {
    rlimit const files{to, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
  }
  [[nodiscard]] rlim_t soft() const {
    rlimit now{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
    return now.rlim_cur;
  }
  [[nodiscard]] rlim_t hard() const { return before_.rlim_max; }

private:
  rlimit before_{};
};

} // namespace

TEST_CASE("files: the limit is raised for all connections as far as the hard one, never lowered",
          "[cli]") {
  limit_kept const limit;
  REQUIRE(limit.hard() > 600);
  limit.soft(300);
  make_room_for_connections(100);
  auto const raised = limit.soft();
  CHECK(raised > 500);
  make_room_for_connections(1);
  CHECK(limit.soft() == raised);
  make_room_for_connections(100'000'000);
  CHECK(limit.soft() == limit.hard());
}
