#include "tests/api/shop.hpp"

using namespace troupe;
using namespace troupe::test;

// Git and the agent's commands run in folders of their own, where a relative path is another one.
TEST_CASE("daemon: a data folder named from here works as well as one by its whole path", "[api]") {
  shop s{
      "true",
      {{"roster",
        json::array{json::object{{"name", "dev"},
                                 {"role", "dev"},
                                 {"engine", "process"},
                                 {"command", "echo x > x.txt; git add .; git commit -qm x"}}}},
       {"process",
        json::object{{"name", "quick"},
                     {"stages", json::array{json::object{{"name", "build"}, {"role", "dev"}}}}}}}};
  auto const folder =
      std::filesystem::relative(s.lab.home() / "laptop", std::filesystem::current_path()).string();
  auto const code = s.lab.post("/api/daemons/codes").text("code");
  auto const enrolled = run_troupe({"daemon", "enroll", "--server", s.lab.url(), "--code", code,
                                    "--name", "laptop", "--data", folder},
                                   s.lab.home());
  INFO(enrolled.err);
  REQUIRE(enrolled.exit_code == 0);
  background const daemon{
      {"daemon", "run", "--data", folder, "--slots", "1", "--set", "daemon.allow_process=true"},
      s.lab.home(),
      s.lab.home() / "laptop.log"};
  auto const made =
      s.lab.post("/api/tickets", R"({"project":"duration","title":"x","role":"dev"})");
  INFO(made.body);
  REQUIRE(made.status == 201);
  bool const done = eventually(
      [&] { return s.lab.get("/api/tickets/" + made.text("id")).text("status") == "DONE"; });
  INFO(s.lab.get("/api/tickets/" + made.text("id")).body);
  CHECK(done);
}
