#include "tests/api/watch_lines.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE("watch: the terminal shows lines for people, and JSON for programs", "[api]") {
  api_lab lab;
  lab.project();
  auto const words = [&](std::vector<std::string> more) {
    std::vector<std::string> out{
        "watch",    "--traffic", "--limit",      "3",
        "--server", lab.url(),   "--token-file", (lab.data() / "admin.token").string()};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  };
  auto const log = lab.home() / "watch.log";
  for (bool const json : {false, true}) {
    background watching{words(json ? std::vector<std::string>{"--json", "point=gateway"}
                                   : std::vector<std::string>{"point=gateway"}),
                        lab.home(), log};
    std::atomic<bool> over{false};
    std::thread asking{[&] {
      while (!over)
        (void)lab.get("/api/projects/duration");
    }};
    CHECK(watching.wait() == 0);
    over = true;
    asking.join();
    auto const text = text_of(log);
    INFO(text);
    CHECK(text.find("\x1b[") == std::string::npos);
    if (json) {
      CHECK(text.find("\"type\":\"record\"") != std::string::npos);
      CHECK(text.find("\"reason\":\"record_limit\"") != std::string::npos);
    } else {
      CHECK(text.find("gateway") != std::string::npos);
      CHECK(text.find("--limit N for more") != std::string::npos);
    }
  }
  auto const wrong = run_troupe(words({"kind="}), lab.home());
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.err.find("column 6") != std::string::npos);
  CHECK(wrong.err.find("\n       ^") != std::string::npos);
  auto const misplaced = run_troupe({"watch", "errors"}, lab.home());
  CHECK(misplaced.exit_code == 2);
  // The same events as a sequence and as counts, without a terminal: plain lines.
  auto const follow = [&](std::vector<std::string> const& how) {
    std::vector<std::string> all{"watch",
                                 "--seconds",
                                 "3",
                                 "--server",
                                 lab.url(),
                                 "--token-file",
                                 (lab.data() / "admin.token").string()};
    all.insert(all.end(), how.begin(), how.end());
    return run_troupe(all, lab.home());
  };
  auto const brief = lab.pending_brief();
  auto const sequence = follow({"--follow", brief});
  INFO(sequence.out);
  CHECK(sequence.exit_code == 0);
  CHECK(sequence.out.find("brief " + brief) != std::string::npos);
  CHECK(sequence.out.find("▶") != std::string::npos);
  CHECK(sequence.out.find("submitted") != std::string::npos);
  CHECK(sequence.out.find("\x1b[") == std::string::npos);
  CHECK(follow({"--follow", "none"}).exit_code == 3);
  CHECK(follow({"--follow", brief + "-77"}).exit_code == 3);
  auto const counts = follow({"--stats"});
  CHECK(counts.exit_code == 0);
  CHECK(counts.out.find("oldest waiting") != std::string::npos);
  CHECK(counts.out.find("\x1b[") == std::string::npos);
  CHECK(follow({"--stats", "--follow", brief}).exit_code == 2);
  auto const as_json = follow({"--stats", "--json"});
  CHECK(as_json.exit_code == 0);
  auto const last = json::parse(as_json.out.substr(0, as_json.out.find('\n')));
  REQUIRE(last.has_value());
  CHECK(text_at(last->as_object(), "type") == "stats");
  CHECK(last->at("points").at("gateway").at("records").is_int64());
  CHECK(as_json.out.ends_with("{\"type\":\"closed\",\"reason\":\"time_limit\",\"again\":false}\n"));
}

TEST_CASE("watch: a terminal whose watch is refused for now says why", "[api]") {
  api_lab lab;
  std::vector<std::unique_ptr<traffic_reader>> others;
  for (int i = 0; i < 16; ++i)
    others.push_back(
        std::make_unique<traffic_reader>(lab, "?filter=ticket%3D" + std::to_string(i)));
  auto const log = lab.home() / "refused.log";
  background watching{{"watch", "--traffic", "--seconds", "1", "--server", lab.url(),
                       "--token-file", (lab.data() / "admin.token").string(), "agent=x"},
                      lab.home(),
                      log};
  auto const told = [&] { return text_of(log).find("; trying again") != std::string::npos; };
  CHECK(eventually(told));
  INFO(text_of(log));
  CHECK(text_of(log).find("connection to") == std::string::npos); // it has none to lose
}
