#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("serve: a port in use is refused before anything is made", "[api]") {
  api_lab lab;
  temporary_folder home;
  auto const data = home.path() / "data";
  auto const r = run_troupe(
      {"serve", "--data", data.string(), "--port", std::to_string(lab.port())}, home.path());
  CHECK(r.exit_code == 4);
  CHECK(r.err.find("is in use") != std::string::npos);
  CHECK(r.err.find("--port") != std::string::npos);
  CHECK(r.out.find("trp_") == std::string::npos);
  CHECK(r.err.find("trp_") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(data));
  CHECK(lab.healthy());
}

TEST_CASE("serve: an address that others can reach is refused without TLS", "[api]") {
  temporary_folder home;
  auto const data = home.path() / "data";
  auto const r = run_troupe({"serve", "--data", data.string(), "--port",
                             std::to_string(free_port()), "--address", "0.0.0.0"},
                            home.path());
  CHECK(r.exit_code == 2);
  CHECK(r.err.find("without TLS") != std::string::npos);
  CHECK(r.err.find("--data") == std::string::npos); // another folder would not help
  CHECK(r.err.find("--tls-certificate") != std::string::npos);
  CHECK(r.out.find("trp_") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(data));
}

TEST_CASE("serve: a certificate that cannot be read is refused before anything is made", "[api]") {
  temporary_folder home;
  auto const data = home.path() / "data";
  auto const r =
      run_troupe({"serve", "--data", data.string(), "--port", std::to_string(free_port()),
                  "--tls-certificate", "/nope.pem", "--tls-key", "/nope.key"},
                 home.path());
  CHECK(r.exit_code == 2);
  CHECK(r.err.find("/nope.pem") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(data));
}

TEST_CASE("serve: a second start on the port of a running server does not disturb it", "[api]") {
  api_lab lab;
  lab.project();
  auto const r = run_troupe(
      {"serve", "--data", lab.data().string(), "--port", std::to_string(lab.port())}, lab.home());
  CHECK(r.exit_code == 4);
  // Had it claimed the shards of the ledger, this write would be fenced.
  auto const made = lab.post("/api/projects", R"({"id":"next","config":{"repository":"/x"}})");
  INFO(made.body);
  CHECK(made.status == 201);
}

TEST_CASE("serve: the token is printed once, at the first start", "[api]") {
  api_lab lab;
  CHECK(lab.log().find(lab.token()) != std::string::npos);
  lab.stop();
  auto const before = lab.log().size();
  lab.open();
  CHECK(lab.log().substr(before).find("trp_") == std::string::npos);
  CHECK(lab.get("/api/tokens").json.at("total").to_number<int>() == 1);
}
