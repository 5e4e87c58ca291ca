#include "tests/api/shop.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::test;

namespace {

/// The first block of code of that language in the page.
std::string block(std::string const& language) {
  auto const page = text_of(TROUPE_SOURCE_DIR "/docs/scripted-engine.md");
  auto const begin = page.find("```" + language + "\n");
  REQUIRE(begin != std::string::npos);
  auto const first = page.find('\n', begin) + 1;
  return page.substr(first, page.find("```", first) - first);
}

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  auto const at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

json::object member(std::string const& name, std::string const& role) {
  return {{"name", name}, {"role", role}, {"engine", "scripted"}};
}

} // namespace

TEST_CASE("scripted: the example of its page is played as the page says", "[api]") {
  shop s{"true",
         {{"roster",
           json::array{member("ada", "dev"), member("lead", "tech-lead"), member("pm", "pm")}}}};
  auto const script = s.lab.home() / "script.json";
  std::ofstream{script} << block("json");
  s.lab.stop();
  s.lab.more({"--script", script.string()});
  s.lab.open();

  auto const profiles = s.lab.home() / "profiles";
  std::filesystem::create_directories(profiles);
  std::ofstream{profiles / "scripted.toml"}
      << replaced(replaced(block("toml"), "\"troupe\"", "\"" TROUPE_PROGRAM "\""), "script.json",
                  script.string());
  auto const data = (s.lab.home() / "laptop").string();
  auto const code = s.lab.post("/api/daemons/codes").text("code");
  REQUIRE(run_troupe({"daemon", "enroll", "--server", s.lab.url(), "--code", code, "--name",
                      "laptop", "--data", data},
                     s.lab.home())
              .exit_code == 0);
  background const daemon{
      {"daemon", "run", "--data", data, "--profiles", profiles.string(), "--slots", "1"},
      s.lab.home(),
      s.lab.home() / "laptop.log"};

  auto const made = s.lab.post("/api/tickets", R"({"project":"duration","title":"Accept weeks"})");
  REQUIRE(made.status == 201);
  auto const at = "/api/tickets/" + made.text("id");
  bool const done =
      eventually([&] { return s.lab.get(at).text("status") == "DONE"; }, std::chrono::seconds{90});
  auto const ticket = s.lab.get(at);
  INFO(text_of(s.lab.home() / "laptop.log"));
  INFO(ticket.body);
  REQUIRE(done);
  CHECK(s.git({"show", "main:lib/weeks.txt"}) == "w week weeks\n");
  auto const log = s.git({"log", "--format=%s", "agent/" + made.text("id")});
  CHECK(log.find("Accept weeks") != std::string::npos);
  CHECK(log.find("Accept the plural") != std::string::npos);

  auto const& reviews = ticket.json.at("reviews").as_array();
  REQUIRE(reviews.size() == 2);
  CHECK_FALSE(reviews[0].as_object().contains("approved")); // false is left out
  CHECK(reviews[0].at("notes").as_array().front().as_string() == "lib/weeks.txt: add weeks");
  CHECK(reviews[1].at("approved").as_bool());
  // Its one question was answered by the other part of the script, and all say what they are.
  CHECK(ticket.body.find("[scripted] Does upper case count?") != std::string::npos);
  CHECK(ticket.body.find("[scripted] Yes, upper case counts.") != std::string::npos);
  CHECK(ticket.body.find("[scripted] Small and right.") != std::string::npos);
}

TEST_CASE("scripted: every member of the script stands in its page", "[api]") {
  auto const page = text_of(TROUPE_SOURCE_DIR "/docs/scripted-engine.md");
  temporary_folder home;
  auto const order = home.path() / "order.json";
  std::ofstream{order} << R"({"item":{"title":"Accept weeks"},"role":"dev"})";
  auto const told = [&](std::string const& script) {
    std::ofstream{home.path() / "script.json"} << script;
    auto const r =
        run_troupe({"scripted-coder", "--script", (home.path() / "script.json").string()},
                   home.path(), {{"TROUPE_ORDER_FILE", order.string()}});
    INFO(r.err);
    return r;
  };
  // The members that the page names are known to the program, each with its type.
  for (auto const* member : {R"("role":"x")", R"("match":"x")", R"("round":1)", R"("attempt":1)",
                             R"("replacement":true)", R"("steps":[])", R"("summary":"x")",
                             R"("notes":["x"])", R"("exit":2)"}) {
    INFO(member);
    auto const name = std::string{member}.substr(1, std::string{member}.find(':') - 2);
    CHECK(page.find("`" + name + "`") != std::string::npos);
    CHECK(told(R"({"coders":[{)" + std::string{member} + "}]}").exit_code != 64);
  }
  for (auto const* step :
       {R"("say":"x")", R"("write":{"path":"a","text":"x","executable":true})",
        R"("replace":{"path":"a","from":"x","to":"y"})", R"("run":"true")",
        R"("bug":{"to":"pm","text":"x"})", R"("ask":{"to":"pm","text":"x"})", R"("commit":"x")",
        R"("amend":false)", R"("key_into":"a")", R"("hang":false)"}) {
    INFO(step);
    auto const name = std::string{step}.substr(1, std::string{step}.find(':') - 2);
    CHECK(page.find("| `" + name + "` |") != std::string::npos);
    CHECK(
        told(R"({"coders":[{"match":"other","steps":[{)" + std::string{step} + "}]}]}").exit_code ==
        1); // no scene fits
  }
  // An unknown one is refused with its place.
  auto const unknown = told(R"({"coders":[{"steps":[{"dance":"x"}]}]})");
  CHECK(unknown.exit_code == 64);
  CHECK(unknown.err.find("coders[0].steps[0]") != std::string::npos);
}

TEST_CASE("scripted: a script that cannot be read ends the start with 2", "[api]") {
  temporary_folder home;
  auto const script = home.path() / "script.json";
  std::ofstream{script} << R"({"answers":[{"role":1}]})";
  auto const r = run_troupe({"serve", "--data", (home.path() / "data").string(), "--port",
                             std::to_string(free_port()), "--script", script.string()},
                            home.path());
  CHECK(r.exit_code == 2);
  CHECK(r.err.find("answers[0].role") != std::string::npos);
  CHECK(r.err.find("--data") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(home.path() / "data"));
}
