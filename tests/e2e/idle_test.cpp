#include "demo/connection.hpp"
#include "demo/processes.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

using namespace troupe;

namespace {

std::string read_text(std::filesystem::path const& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// User and system time of a process, in clock ticks.
long ticks_of(int pid) {
  auto const text = read_text("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream in{text.substr(text.rfind(')') + 2)};
  std::string field;
  long total = 0;
  for (int i = 3; i <= 15 && in >> field; ++i) {
    if (i == 14 || i == 15)
      total += std::stol(field);
  }
  return total;
}

/// Bytes that a process has caused to be written.
std::string written_by(int pid) {
  auto const text = read_text("/proc/" + std::to_string(pid) + "/io");
  auto const at = text.find("\nwrite_bytes:");
  return at == std::string::npos ? std::string{}
                                 : text.substr(at + 1, text.find('\n', at + 1) - at);
}

} // namespace

// The length of the silence is what is measured, so here the test has to wait.
TEST_CASE("serve: an idle team writes nothing and takes less than 1 % of a core", "[e2e]") {
  test::temporary_folder folder;
  auto const port = demo::free_port();
  auto server = demo::child::start(
      {TROUPE_BINARY, "serve", "--data", folder.path().string(), "--port", std::to_string(port)},
      folder.path() / "log");
  REQUIRE(server.has_value());
  auto const limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  std::string token;
  while (token.empty() && std::chrono::steady_clock::now() < limit)
    token = read_text(folder.path() / "admin.token");
  REQUIRE_FALSE(token.empty());
  token.pop_back();
  demo::connection to{"http://127.0.0.1:" + std::to_string(port), token, 20};
  REQUIRE(to.get("/readyz").has_value());
  auto const made = to.call("POST", "/api/projects",
                            json::object{{"id", "idle"},
                                         {"template_name", "standard"},
                                         {"config", json::object{{"repository", "/nowhere"}}}});
  REQUIRE(made.has_value());
  REQUIRE(made->ok());
  auto const sent =
      to.call("POST", "/api/briefs",
              json::object{{"project", "idle"}, {"text", "Ada: The parser should accept weeks."}});
  REQUIRE(sent.has_value());
  REQUIRE(sent->ok());
  auto const brief = std::string{std::string_view{sent->body.at("id").as_string()}};
  json::value state;
  do {
    auto s = to.get("/api/approvals?subject=brief:" + brief);
    REQUIRE(s.has_value());
    state = *s;
  } while (state.at("total") == 0 && std::chrono::steady_clock::now() < limit);
  REQUIRE(state.at("total") != 0); // it waits for a person now

  auto const events = to.get("/api/events?limit=1000");
  auto const written = written_by(server->pid());
  auto const ticks = ticks_of(server->pid());
  std::this_thread::sleep_for(std::chrono::seconds{60});
  auto const busy = ticks_of(server->pid()) - ticks;
  CHECK(written_by(server->pid()) == written);
  CHECK(busy < ::sysconf(_SC_CLK_TCK) * 60 / 100);
  CHECK(to.get("/api/events?limit=1000")->at("items").as_array().size() ==
        events->at("items").as_array().size());
  CHECK(server->stop(std::chrono::seconds{15}) == 0);
}
