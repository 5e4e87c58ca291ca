#include "demo/processes.hpp"
#include "tests/e2e/terminal.hpp"
#include "tests/support/temporary_folder.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace troupe;
using test::temporary_folder;
using test::terminal;

namespace fs = std::filesystem;

namespace {

std::vector<std::string> demo_in(temporary_folder const& folder,
                                 std::vector<std::string> const& more = {}) {
  std::vector<std::string> out{TROUPE_BINARY, "demo", "--plain", "--folder",
                               folder.path().string()};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

std::vector<fs::path> left_in(temporary_folder const& folder) {
  std::vector<fs::path> out;
  for (auto const& entry : fs::directory_iterator{folder.path()})
    out.push_back(entry.path());
  return out;
}

/// Whether the server of which the story told still listens.
bool server_lives(std::string const& screen) {
  std::string const before = "troupe serve is up at http://127.0.0.1:";
  auto const at = screen.find(before);
  REQUIRE(at != std::string::npos);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(static_cast<std::uint16_t>(std::stoi(screen.substr(at + before.size()))));
  int const s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool const lives = ::connect(s, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0;
  ::close(s);
  return lives;
}

/// Somebody whom the demo asks for approval.
struct asked_person {
  temporary_folder const folder;
  terminal person{demo_in(folder)};
  asked_person() { REQUIRE(person.sees("Approve this brief? [Y/n] ")); }
  /// Types this, which ends the demo: so it ends, says so, and leaves nothing.
  void ends_it(std::string const& typed, int exit_code, std::string const& saying) {
    person.type(typed);
    CHECK(person.wait() == exit_code);
    INFO(person.screen());
    CHECK(person.screen().find(saying) != std::string::npos);
    CHECK_FALSE(server_lives(person.screen()));
    CHECK(left_in(folder).empty());
  }
};

} // namespace

TEST_CASE("demo: on a terminal a person approves and reads the story, --keep leaves its repository",
          "[e2e]") {
  temporary_folder const folder;
  terminal person{demo_in(folder, {"--keep"})};
  auto const sees = [&](std::string const& text) {
    bool const seen = person.sees(text);
    INFO("wanted: " << text << "\n" << person.screen());
    REQUIRE(seen);
  };
  sees("The model is played by a script and says so: [scripted]");
  sees("Requirements");
  sees("Approve this brief? [Y/n] ");
  // Nothing is planned before the answer.
  CHECK(person.screen().find("The brief becomes a plan") == std::string::npos);
  person.type("y\n");
  sees("Approved: brief ");
  sees("answer (rules): Nothing is missing in this plan."); // what qa said when it was asked
  sees("critique      qa found nothing to change");         // and what the plan has of it
  sees("is refused (409)");                                 // the plan with a cycle
  sees("Approve this plan? [Y/n] ");
  CHECK(person.screen().find("The team works") == std::string::npos);
  person.type("\n"); // yes, by default
  sees("Approved: plan ");
  sees("kill -9 laptop-");
  // The events know a daemon by its id: the story says whose it is.
  sees(" (d-");
  sees(") while it works on ticket ");
  sees("Approve version 2 of the plan? [Y/n] ");
  person.type("Y\n");
  sees("What came of it");
  auto const code = person.wait();
  auto const& screen = person.screen();
  INFO(screen);
  CHECK(code == 0);
  for (auto const* said :
       {"sent back by review, round 1", "attempt LOST (daemon_lost)", "is started again",
        "gate failed: secrets: aws-access-key", "is replaced by", "its tests: pass",
        "What it took (no model was called)", "all 13 invariants hold", "Why is commit ",
        "merged into main from agent/", "sentence    \"",
        "Next, in your own repository:", "troupe brief submit notes.txt", "The folder is kept: "}) {
    INFO(said);
    CHECK(screen.find(said) != std::string::npos);
  }
  CHECK(screen.find("WRONG") == std::string::npos);
  CHECK_FALSE(server_lives(screen));

  auto const left = left_in(folder);
  REQUIRE(left.size() == 1);
  CHECK(screen.find("The folder is kept: " + left.front().string()) != std::string::npos);
  temporary_folder const other;
  auto const clone = other.path() / "clone";
  REQUIRE(demo::run({"git", "clone", "-q", (left.front() / "origin.git").string(), clone.string()})
              .exit_code == 0);
  auto const tests = demo::run({"prove", "-l", "t"}, clone);
  INFO(tests.output);
  CHECK(tests.exit_code == 0);
  CHECK(fs::exists(clone / "bin/duration"));
  auto const verified =
      demo::run({TROUPE_BINARY, "verify", "--data", (left.front() / "server").string()});
  INFO(verified.output);
  CHECK(verified.exit_code == 0);
}

TEST_CASE_METHOD(asked_person, "demo: who says no has spent nothing, and nothing is left",
                 "[e2e]") {
  ends_it("n\n", 1, "not approved; nothing was planned and nothing was spent");
}

TEST_CASE_METHOD(asked_person, "demo: an answer that is neither yes nor no is asked again",
                 "[e2e]") {
  person.type("maybe\n");
  REQUIRE(person.sees("Answer y or n, please."));
  ends_it("n\n", 1, "not approved; nothing was planned and nothing was spent");
}

TEST_CASE("demo: who stops reading the story leaves nothing behind", "[e2e]") {
  temporary_folder const folder;
  auto const* mode = GENERATE("--plain", "--json");
  auto const r =
      demo::run({"bash", "-c",
                 std::string{"'"} + TROUPE_BINARY + "' demo --yes " + mode + " --folder '" +
                     folder.path().string() + "' | head -n 4; exit ${PIPESTATUS[0]}"});
  INFO(r.output);
  CHECK(r.exit_code == 141);
  CHECK(r.output.find("nobody reads the story any more") != std::string::npos);
  CHECK(left_in(folder).empty());
}

TEST_CASE_METHOD(asked_person, "demo: Ctrl-C at the question ends it, and nothing is left",
                 "[e2e]") {
  ends_it("\x03", 130, "troupe demo: stopped; its processes are ended");
}
