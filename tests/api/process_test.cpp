#include "tests/api/shop.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// An agent whose work is a command line that the server sends.
json::object member(std::string_view role, std::string const& command) {
  return {{"name", role}, {"role", role}, {"engine", "process"}, {"command", command}};
}

/// A script that does something else each time it is called.
std::string script(shop const& s, std::string const& name, std::vector<std::string> const& calls) {
  auto const file = s.lab.home() / name;
  std::ofstream out{file};
  out << "set -eu\nn=$(cat " << file.string() << ".calls 2>/dev/null || echo 0)\n"
      << "n=$((n + 1)); echo $n > " << file.string() << ".calls\n"
      << "env > " << file.string() << ".env.$n\ncase $n in\n";
  for (std::size_t i = 0; i < calls.size(); ++i)
    out << i + 1 << ") " << calls[i] << " ;;\n";
  out << "*) echo called too often; exit 9 ;;\nesac\n";
  return "sh " + file.string();
}

std::map<std::string, std::string> environment_of(std::filesystem::path const& file) {
  std::map<std::string, std::string> out;
  for (auto const& line : lines(text_of(file)))
    if (auto const at = line.find('='); line.starts_with("TROUPE_") && at != std::string::npos)
      out.emplace(line.substr(0, at), line.substr(at + 1));
  return out;
}

} // namespace

TEST_CASE("process: commands of the server do a ticket; 0 is done, 2 sends back, else it failed",
          "[api]") {
  // The commands stand in the project before the scripts are written.
  temporary_folder where;
  auto const at = [&](std::string const& name) { return "sh " + (where.path() / name).string(); };
  shop s{"true",
         {{"roster", json::array{member("dev", at("dev")), member("tech-lead", at("lead"))}},
          {"limits", json::object{{"lease", 3000}, {"attempts", 3}, {"rounds", 2}}}}};
  auto const dev = script(s, "dev",
                          {"echo no disk >&2; exit 7", // failed: tried again
                           "echo one > one.txt; git add .; git commit -qm one",
                           "echo two > two.txt; git add .; git commit -qm two"});
  auto const lead = script(s, "lead", {"echo Say two as well.; exit 2", "echo Fine."});
  std::ofstream{where.path() / "dev"} << "exec " << dev << "\n";
  std::ofstream{where.path() / "lead"} << "exec " << lead << "\n";

  auto const code = s.lab.post("/api/daemons/codes").text("code");
  auto const data = (s.lab.home() / "laptop").string();
  REQUIRE(run_troupe({"daemon", "enroll", "--server", s.lab.url(), "--code", code, "--name",
                      "laptop", "--data", data},
                     s.lab.home())
              .exit_code == 0);
  // It has no command of its own: what it runs comes from the server.
  background const daemon{
      {"daemon", "run", "--data", data, "--slots", "1", "--set", "daemon.allow_process=true"},
      s.lab.home(),
      s.lab.home() / "laptop.log"};

  auto const made = s.lab.post(
      "/api/tickets", R"({"project":"duration","title":"Count; $(touch injected) to two"})");
  REQUIRE(made.status == 201);
  auto const ticket = made.text("id");
  bool const done =
      eventually([&] { return s.lab.get("/api/tickets/" + ticket).text("status") == "DONE"; },
                 std::chrono::seconds{90});
  INFO(text_of(s.lab.home() / "laptop.log"));
  INFO(s.lab.get("/api/tickets/" + ticket).body);
  REQUIRE(done);
  CHECK(lines(text_of(s.lab.home() / "dev.calls")) == std::vector<std::string>{"3"});
  CHECK(lines(text_of(s.lab.home() / "lead.calls")) == std::vector<std::string>{"2"});
  CHECK(s.git({"show", "main:two.txt"}) == "two\n");
  CHECK_FALSE(std::filesystem::exists(s.lab.home() / "injected"));

  // What each was told, by the environment.
  auto const worked = environment_of(s.lab.home() / "dev.env.3");
  CHECK(worked.at("TROUPE_TICKET") == ticket);
  CHECK(worked.at("TROUPE_TITLE") == "Count; $(touch injected) to two");
  CHECK(worked.at("TROUPE_KIND") == "work");
  CHECK(worked.at("TROUPE_ROLE") == "dev");
  CHECK(worked.at("TROUPE_AGENT") == "duration.dev");
  CHECK(worked.at("TROUPE_PROJECT") == "duration");
  CHECK(worked.at("TROUPE_BRANCH") == "agent/" + ticket);
  CHECK(worked.at("TROUPE_TARGET_BRANCH") == "main");
  auto const judged = environment_of(s.lab.home() / "lead.env.1");
  CHECK(judged.at("TROUPE_KIND") == "review");
  CHECK(judged.at("TROUPE_STAGE") == "review");
  CHECK(environment_of(s.lab.home() / "dev.env.1").at("TROUPE_ROUND") != worked.at("TROUPE_ROUND"));
  for (auto const& variable : worked) // no credential of the daemon or the server
    CHECK(variable.first.find("TOKEN") == std::string::npos);

  // And what the ledger says of it.
  std::vector<std::string> how;
  std::size_t reviews = 0;
  for (auto const& e : s.lab.events("&kind=ticket")) {
    auto const type = text_at(e, "type");
    auto const& about = e.at("data").as_object();
    if (type == "ticket.attempt_ended")
      how.push_back(text_at(about, "how"));
    reviews += type == "ticket.reviewed" ? 1 : 0;
  }
  REQUIRE_FALSE(how.empty());
  CHECK(std::count(how.begin(), how.end(), "FAILED") == 1);
  CHECK(reviews == 2);
  CHECK(s.lab.get("/api/tickets/" + ticket).body.find("Say two as well.") != std::string::npos);
}
