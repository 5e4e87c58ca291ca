#include "protocol/content_hash.hpp"
#include "protocol/process.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

std::string field_of(result<void> const& r) {
  if (r)
    return "ok";
  auto const e = r.error(); // by value: nothing may point into it
  auto const* f = e.details.if_contains("field");
  return f ? std::string{std::string_view{f->as_string()}} : "";
}

process_def standard() {
  return *shipped_process("standard");
}
project_config config() {
  return find_template("standard")->config;
}

} // namespace

TEST_CASE("process: the shipped ones are in order and found by name", "[domain]") {
  auto const name = GENERATE("solo", "standard", "company");
  auto const p = shipped_process(name);
  REQUIRE(p.has_value());
  CHECK(p->name == name);
  CHECK(check(*p).has_value());
  CHECK(p->stages.front().kind == stage_kind::work);
  CHECK(p->stages.back().kind == stage_kind::gate);
}

TEST_CASE("process: solo, standard and company say who does what", "[domain]") {
  CHECK(shipped_process("solo")->stages.size() == 2);
  CHECK(shipped_process("solo")->stages[0].role == "dev");
  CHECK(shipped_process("solo")->stages[1].gates.at(0).kind == gate_kind::tests);
  CHECK(standard().stages.at(1).role == "tech-lead");
  std::vector<std::string> roles;
  auto const company = *shipped_process("company");
  for (auto const& s : company.stages)
    roles.push_back(s.role);
  CHECK(roles == std::vector<std::string>{"pm", "dev", "tech-lead", "qa", "security", "docs",
                                          "chief-of-staff", ""});
  for (auto const& s : company.stages) // what qa finds is a defect; the others judge
    CHECK((s.reports == finding::bug) == (s.role == "qa"));
}

TEST_CASE("process: an unknown one is refused with the known ones", "[domain]") {
  auto const p = shipped_process("waterfall");
  REQUIRE(p.has_error());
  CHECK(p.error().code == errc::not_found);
  CHECK(p.error().message.find("company") != std::string::npos);
}

TEST_CASE("process: what cannot work is refused with its field", "[domain]") {
  auto p = standard();
  SECTION("no stage") {
    p.stages.clear();
    CHECK(field_of(check(p)) == "stages");
  }
  SECTION("no work stage first") {
    p.stages.erase(p.stages.begin());
    CHECK(field_of(check(p)) == "stages[0].kind");
  }
  SECTION("a work stage after a review") {
    std::swap(p.stages[1], p.stages[2]);
    p.stages.push_back(p.stages[0]);
    p.stages.back().name = "more";
    CHECK(field_of(check(p)) == "stages[2].kind");
  }
  SECTION("a review after a gate") {
    std::swap(p.stages[1], p.stages[2]);
    CHECK(field_of(check(p)) == "stages[2].kind");
  }
  SECTION("a name twice") {
    p.stages[1].name = "develop";
    CHECK(field_of(check(p)) == "stages[1].name");
  }
  SECTION("a stage called merge") {
    p.stages[0].name = "merge";
    CHECK(field_of(check(p)) == "stages[0].name");
  }
  SECTION("rounds out of range") {
    for (auto const rounds : {-1, 21}) {
      p.stages[1].rounds = rounds;
      CHECK(field_of(check(p)) == "stages[1].rounds");
    }
  }
  SECTION("a review without a role") {
    p.stages[1].role.clear();
    CHECK(field_of(check(p)) == "stages[1].role");
  }
  SECTION("bugs of a stage that judges nothing") {
    for (auto const at : {0, 2}) {
      p = standard();
      p.stages[static_cast<std::size_t>(at)].reports = finding::bug;
      CHECK(field_of(check(p)) == "stages[" + std::to_string(at) + "].reports");
    }
    p = standard();
    p.stages[1].reports = finding::bug;
    CHECK(check(p).has_value());
  }
  SECTION("a gate stage without gates") {
    p.stages[2].gates.clear();
    CHECK(field_of(check(p)) == "stages[2].gates");
  }
  SECTION("gates in a work stage") {
    p.stages[0].gates = p.stages[2].gates;
    CHECK(field_of(check(p)) == "stages[0].gates");
  }
  SECTION("a gate twice") {
    p.stages[2].gates.push_back(p.stages[2].gates[0]);
    CHECK(field_of(check(p)) == "stages[2].gates[4].name");
  }
}

TEST_CASE("template: every shipped one can work as it is", "[domain]") {
  REQUIRE(shipped_templates().size() == 3);
  for (auto const& t : shipped_templates()) {
    CAPTURE(t.name);
    auto const ok = check(t.config);
    CHECK((ok ? "ok" : ok.error().message) == "ok");
    CHECK(t.config.template_ref == t.name + "@1");
    CHECK(t.config.process.name == t.name);
    for (auto const* role : {"pm", "tech-lead", "qa", "chief-of-staff", "dev"}) {
      CAPTURE(role);
      CHECK(std::any_of(t.config.roster.begin(), t.config.roster.end(),
                        [&](agent_spec const& a) { return a.role == role; }));
    }
    CHECK(t.config.roster.front().engine == engine_kind::rules);
  }
}

TEST_CASE("template: is found by name and version, and by name alone", "[domain]") {
  CHECK(find_template("company@1")->name == "company");
  CHECK(find_template("company")->version == 1);
  auto const wrong = GENERATE("company@2", "company@", "guild", "", "@1");
  auto const t = find_template(wrong);
  REQUIRE(t.has_error());
  CHECK(t.error().code == errc::not_found);
  CHECK(t.error().details.at("known").as_array().size() == 3);
}

TEST_CASE("overlay: is a merge patch, null takes back to the default", "[domain]") {
  auto const base = config();
  auto const patch = json::parse(
      R"({"repository":"tally","test_command":"make test","limits":{"attempts":5},"mode":"full"})");
  auto const out = overlay(base, *patch);
  REQUIRE(out.has_value());
  CHECK(out->repository == "tally");
  CHECK(out->limits.attempts == 5);
  CHECK(out->limits.rounds == base.limits.rounds);
  CHECK(out->mode == autonomy::full);
  CHECK(out->roster == base.roster);
  auto const back = overlay(*out, *json::parse(R"({"limits":{"attempts":null},"mode":null})"));
  REQUIRE(back.has_value());
  CHECK(back->limits.attempts == work_limits{}.attempts);
  CHECK(back->mode == autonomy::ask);
}

TEST_CASE("overlay: an unknown field or a bad value is refused with its path", "[domain]") {
  struct row {
    char const* patch;
    char const* field;
  };
  auto const r = GENERATE(
      row{R"({"limits":{"atempts":5}})", "limits.atempts"}, row{R"({"colour":"red"})", "colour"},
      row{R"({"limits":{"attempts":"many"}})", "limits.attempts"},
      row{R"({"limits":{"attempts":0}})", "limits.attempts"}, row{R"({"limits":7})", "limits"},
      row{R"({"mode":"wild"})", "mode"}, row{R"({"roster":[{"nme":"x"}]})", "roster[0].nme"},
      row{R"({"roster":[]})", "process.stages[0].role"},
      row{R"({"process":{"stages":[]}})", "process.stages"},
      row{R"({"target_branch":"--force"})", "target_branch"},
      row{R"({"target_branch":"a..b"})", "target_branch"},
      row{R"({"repository":"-x"})", "repository"},
      row{R"({"recipe":{"ports":1000}})", "recipe.ports"}, row{R"([1])", ""});
  CAPTURE(r.patch);
  auto const out = overlay(config(), *json::parse(r.patch));
  REQUIRE(out.has_error());
  CHECK(out.error().code == errc::invalid_argument);
  CHECK(std::string{std::string_view{out.error().details.at("field").as_string()}} == r.field);
}

TEST_CASE("config: a roster that cannot work is refused with its field", "[domain]") {
  auto c = config();
  SECTION("a role of the process without an agent") {
    std::erase_if(c.roster, [](agent_spec const& a) { return a.role == "tech-lead"; });
    CHECK(field_of(check(c)) == "process.stages[1].role");
  }
  SECTION("a name twice") {
    c.roster[1].name = c.roster[0].name;
    CHECK(field_of(check(c)) == "roster[1].name");
  }
  SECTION("a name that is no word") {
    for (auto const* name : {"", "Ada", "a b", "a/b"}) {
      c.roster[1].name = name;
      CHECK(field_of(check(c)) == "roster[1].name");
    }
  }
  SECTION("a daemon agent without a profile") {
    c.roster[1].profile.clear();
    CHECK(field_of(check(c)) == "roster[1].profile");
  }
  SECTION("a process agent without a command") {
    c.roster[1].engine = engine_kind::process;
    CHECK(field_of(check(c)) == "roster[1].command");
  }
  SECTION("no capacity") {
    c.roster[1].capacity = 0;
    CHECK(field_of(check(c)) == "roster[1].capacity");
  }
}

TEST_CASE("content hash: is SHA-256 of the canonical JSON", "[domain]") {
  // FIPS 180-2, B.1 and the empty message.
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  auto const a = json::parse(R"({"b":1,"a":[true,null]})");
  auto const b = json::parse(R"( { "a" : [ true , null ] , "b" : 1 } )");
  CHECK(content_hash(*a) == content_hash(*b));
  CHECK(content_hash(*a) == sha256(R"({"a":[true,null],"b":1})"));
}
