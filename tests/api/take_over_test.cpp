#include "tests/api/lab.hpp"
#include "tests/support/postgres_server.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("api: a server that was taken over is not let in when it is started again", "[api]") {
  postgres_server db;
  auto const url = db.new_database();
  temporary_folder home;
  auto const port = std::to_string(free_port());
  std::vector<std::string> const arguments{
      "serve", "--data", (home.path() / "data").string(), "--port", port, "--store", url};
  background first{arguments, home.path(), home.path() / "first.log"};
  auto const ask = [&](std::string const& path) {
    auto const r =
        http_request("GET", "http://127.0.0.1:" + port + path, {}, {}, std::chrono::seconds{20});
    return r ? r->status : 0;
  };
  REQUIRE(eventually([&] { return ask("/readyz") == 200; }));
  api_lab second{{"--store", url, "--take-over"}};
  (void)ask("/readyz"); // it has nothing to write, and finds out when it looks
  CHECK(first.wait() == 76);
  // As systemd does, without the flag.
  auto const again = run_troupe(arguments, home.path());
  INFO(again.err);
  CHECK(again.exit_code == 8);
  CHECK(again.err.find("another server holds this database") != std::string::npos);
  CHECK(second.get("/readyz").status == 200);
  second.stop();
}
