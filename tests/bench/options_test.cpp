#include "bench/options.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using bench::read_options;

namespace {

std::string refusal(std::vector<std::string> const& words) {
  auto const r = read_options(words);
  return r.has_error() ? r.error().message : "taken";
}

} // namespace

TEST_CASE("bench options: without any, everything is measured on SQLite", "[bench]") {
  auto const o = read_options({}).value();
  CHECK(o.stores == std::vector<std::string>{"sqlite"});
  CHECK(o.levels == std::vector<int>{1, 10, 100, 1000, 10'000});
  CHECK(o.repeats == 3);
  for (auto const what : bench::measures())
    CHECK(o.wants(what));
}

TEST_CASE("bench options: each is read, with a blank or an equals sign", "[bench]") {
  auto const o = read_options({"--only=tickets,idle",
                               "--store",
                               "memory,postgres://a@h:1/d",
                               "--levels",
                               "7,8",
                               "--rate=0.5,200",
                               "--seconds",
                               "1.5",
                               "--repeats",
                               "2",
                               "--tickets",
                               "50",
                               "--in-flight",
                               "60",
                               "--plot",
                               "p.svg",
                               "--out",
                               "o.json",
                               "--folder",
                               "/x",
                               "--commit",
                               "abc",
                               "--json"})
                     .value();
  CHECK(o.only == std::vector<std::string>{"tickets", "idle"});
  CHECK(o.wants("idle"));
  CHECK_FALSE(o.wants("memory"));
  CHECK(o.stores == std::vector<std::string>{"memory", "postgres://a@h:1/d"});
  CHECK(o.levels == std::vector<int>{7, 8});
  CHECK(o.rates == std::vector<double>{0.5, 200});
  CHECK(o.seconds == 1.5);
  CHECK(o.repeats == 2);
  CHECK(o.tickets == 50);
  CHECK(o.in_flight == 60);
  CHECK(o.plot == "p.svg");
  CHECK(o.out == "o.json");
  CHECK(o.folder == "/x");
  CHECK(o.commit == "abc");
  CHECK(o.json);
}

TEST_CASE("bench options: quick changes what was not said, and nothing else", "[bench]") {
  auto const quick = read_options({"--quick"}).value();
  CHECK(quick.levels == std::vector<int>{1, 100});
  CHECK(quick.repeats == 1);
  CHECK(quick.seconds < 1);
  auto const said = read_options({"--levels", "3", "--repeats", "5", "--quick"}).value();
  CHECK(said.levels == std::vector<int>{3});
  CHECK(said.repeats == 5);
  CHECK(said.seconds < 1);
}

TEST_CASE("bench options: a wrong one is named, with what it takes", "[bench]") {
  CHECK(refusal({"--nonsense"}) == "there is no option \"--nonsense\"");
  CHECK(refusal({"extra"}) == "there is no option \"extra\"");
  CHECK(refusal({"--levels"}) == "--levels needs a value");
  CHECK(refusal({"--levels", ""}) == "--levels needs a value");
  CHECK(refusal({"--levels", "0"}).starts_with("--levels takes numbers from 1 to "));
  CHECK(refusal({"--in-flight", "100000"}).starts_with("--in-flight takes numbers from 1 to "));
  CHECK(refusal({"--levels", "1,x"}).ends_with("not \"x\""));
  CHECK(refusal({"--levels", "1,"}).ends_with("not \"\""));
  CHECK(refusal({"--levels", "10k"}).ends_with("not \"10k\""));
  CHECK(refusal({"--rate", "-1"}).starts_with("--rate takes"));
  CHECK(refusal({"--seconds", "nan"}).starts_with("--seconds takes"));
  CHECK(refusal({"--store", "mysql://x"}).find("not \"mysql://x\"") != std::string::npos);
  CHECK(refusal({"--only", "tickets,speed"}).find("not \"speed\"") != std::string::npos);
}

TEST_CASE("bench options: each row is one that is read", "[bench]") {
  std::set<std::string_view> names;
  for (auto const& row : bench::option_rows()) {
    CHECK(names.insert(row.name).second);
    CHECK_FALSE(row.help.empty());
    std::vector<std::string> words{std::string{row.name}};
    if (!row.value.empty())
      words.emplace_back("?");
    auto const said = refusal(words);
    INFO(said);
    CHECK(said.find("there is no option") == std::string::npos);
  }
}
