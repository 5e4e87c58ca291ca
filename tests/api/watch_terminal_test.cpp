#include "tests/api/watch_lines.hpp"

#include <set>
#include <sstream>

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
  // What is printed for programs is what it ends with.
  auto const as_document = run_troupe(words({"kind=", "--json"}), lab.home());
  CHECK(as_document.exit_code == 2);
  auto const document = json::parse(as_document.out);
  REQUIRE(document.has_value());
  CHECK(document->at("error").at("exit_code") == 2);
  CHECK(document->at("error").at("column") == 6);
  auto const no_time = run_troupe(words({"--seconds", "0"}), lab.home());
  CHECK(no_time.exit_code == 2);
  CHECK(no_time.err.find("--seconds 0 is not possible: seconds must be a whole number from 1 to "
                         "3600") != std::string::npos);
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
  // What was said, once each; neither what was acknowledged nor the requests of who watches.
  auto const request = sequence.out.find("request: Draft a brief");
  CHECK(request != std::string::npos);
  CHECK(sequence.out.find("request: Draft a brief", request + 1) == std::string::npos);
  CHECK(sequence.out.find("answer (rules): ") != std::string::npos);
  CHECK(sequence.out.find("settled") == std::string::npos);
  CHECK(sequence.out.find("/api/") == std::string::npos);
  CHECK(follow({"--follow", brief, "--everything"}).out.find("settled") != std::string::npos);
  CHECK(sequence.out.find("\x1b[") == std::string::npos);
  CHECK(follow({"--follow", "none"}).exit_code == 3);
  CHECK(follow({"--follow", brief + "-77"}).exit_code == 3);
  auto const counts = follow({"--stats"});
  CHECK(counts.exit_code == 0);
  CHECK(counts.out.find("oldest waiting") != std::string::npos);
  CHECK(counts.out.find("\x1b[") == std::string::npos);
  // Who may not watch is shown no counts, as if nothing happened.
  auto const refused = run_troupe({"watch", "--stats", "--server", lab.url()}, lab.home(),
                                  {{"TROUPE_TOKEN", "nonsense"}});
  CHECK(refused.exit_code == 6);
  CHECK(refused.out.empty());
  // Of two ways to show the same none is left out silently.
  for (auto const& both : std::vector<std::vector<std::string>>{{"--stats", "--follow", brief},
                                                                {"--traffic", "--follow", brief},
                                                                {"--traffic", "--stats"},
                                                                {"--team", "--follow", brief},
                                                                {"--stats", "--everything"}}) {
    auto const refusal = follow(both);
    INFO(refusal.err);
    CHECK(refusal.exit_code == 2);
    CHECK(refusal.err.find(both.front()) != std::string::npos);
    CHECK(refusal.err.find(both[1]) != std::string::npos);
  }
  auto const as_json = follow({"--stats", "--json"});
  CHECK(as_json.exit_code == 0);
  auto const last = json::parse(as_json.out.substr(0, as_json.out.find('\n')));
  REQUIRE(last.has_value());
  CHECK(text_at(last->as_object(), "type") == "stats");
  CHECK(last->at("points").at("gateway").at("records").is_int64());
  CHECK(as_json.out.ends_with("{\"type\":\"closed\",\"reason\":\"time_limit\",\"again\":false}\n"));
}

TEST_CASE("watch: of the team alone a terminal shows neither requests nor commands", "[api]") {
  api_lab lab;
  lab.project();
  auto const log = lab.home() / "team.log";
  background watching{{"watch", "--traffic", "--team", "--seconds", "10", "--server", lab.url(),
                       "--token-file", (lab.data() / "admin.token").string(), "project=duration"},
                      lab.home(),
                      log};
  REQUIRE(eventually([&] { return text_of(log).find("watching") != std::string::npos; }));
  (void)lab.pending_brief(); // makes requests as well
  CHECK(watching.wait() == 0);
  std::istringstream lines{text_of(log)};
  std::set<std::string> points;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string time, point;
    if (words >> time >> point; time.size() == 12 && time[2] == ':')
      points.insert(point);
  }
  CHECK(points == std::set<std::string>{"send", "effect"});
}

TEST_CASE("watch: a filter that names what there is not is taken, with a note", "[api]") {
  api_lab lab;
  lab.project();
  auto const said = [&](std::string const& filter) {
    return run_troupe({"watch", "--traffic", "--seconds", "1", "--json", "--server", lab.url(),
                       "--token-file", (lab.data() / "admin.token").string(), filter},
                      lab.home());
  };
  auto const mistyped = said("kind=verdct and agent in (pm, pn)");
  INFO(mistyped.err);
  CHECK(mistyped.exit_code == 0);
  CHECK(mistyped.err.find("note: no record has the kind \"verdct\"; did you mean \"verdict\"?\n") !=
        std::string::npos);
  CHECK(mistyped.err.find("note: there is no agent \"pn\" yet; did you mean \"pm\"?\n") !=
        std::string::npos);
  CHECK(mistyped.err.find("\"pm\" yet") == std::string::npos);
  CHECK(mistyped.out.starts_with("{\"type\":\"closed\"")); // notes are not among the lines
  CHECK(said("kind=leased").err.find("did you mean \"ticket.leased\"?") != std::string::npos);
  auto const known = said("kind in (question, ticket.start, ticket.leased, think, link.order, "
                          "journal, GET:/api/briefs, ticket.*, verd*) and agent != duration.pm");
  INFO(known.err);
  CHECK(known.err.find("note:") == std::string::npos);
  CHECK(said("kind=nev*").err.find("no record has the kind \"nev*\"") != std::string::npos);
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
