#include "gateway/daemons/clean_frame.hpp"
#include "tests/api/puppet.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string const canary = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

std::string with(std::string const& text) {
  return text + " " + canary;
}

/// Every text of a report that a daemon may fill as it likes.
link::finished full_of_it() {
  link::finished f;
  f.summary = with("done with");
  f.notes = {with("see"), canary};
  f.session = canary;
  f.engine = with("claude");
  f.merged = canary;
  f.proof.branch = with("agent/k3-1");
  f.proof.base = std::string(40, 'b');
  f.proof.head = canary;
  f.proof.files = {"src/" + canary + ".py", "a.py"};
  f.proof.command = "TOKEN=" + canary + " make test";
  f.proof.log_digest = canary;
  f.proof.diff = with("+token =");
  f.proof.commits = {std::string(40, 'c'), canary};
  gate_result g;
  g.gate = with("tests");
  g.message = with("failed with");
  g.proof = f.proof;
  f.gates = {g};
  f.how = link::outcome::failed;
  return f;
}

bool has_it(link::frame_body const& body) {
  return link::encode({0, body}).find(canary) != std::string::npos;
}

} // namespace

TEST_CASE("reports: every text of every frame of a daemon is redacted at the hub", "[api]") {
  auto const ticket = ticket_id{"k3-1"};
  link::hello h;
  h.daemon = daemon_id{"d-1"};
  h.name = with("laptop");
  h.stream = canary;
  h.runners = {{"command", canary, 1}};
  h.repositories = {"https://x:" + canary + "@example.org/a.git"};
  h.process = canary;
  for (link::frame_body const& body :
       {link::frame_body{h}, link::frame_body{full_of_it()},
        link::frame_body{link::started{ticket, 1, canary, canary}},
        link::frame_body{link::declined{ticket, 1, reason::auth, with("refused")}},
        link::frame_body{
            link::said{ticket, 1, canary, message_kind::note, canary, with("look at"), canary}}}) {
    REQUIRE(has_it(body));
    auto const clean = clean_frame(body);
    REQUIRE(clean.has_value());
    CHECK_FALSE(has_it(*clean));
    CHECK(clean->index() == body.index());
    CHECK(clean_frame(*clean).has_value());
  }
  auto const clean = clean_frame(full_of_it());
  auto const& f = std::get<link::finished>(*clean);
  CHECK(f.summary == "done with [redacted:github-token]");
  CHECK(f.proof.commits == std::vector<std::string>{std::string(40, 'c')});
  CHECK(f.gates.at(0).proof.commits.size() == 1);
}

TEST_CASE("reports: what has no secret passes unchanged, but for too many commits", "[api]") {
  link::finished f;
  f.ticket = ticket_id{"k3-1"};
  f.session = "0193b5a0-7b7e-7f3e-8a11-2f9d1f0c4a55";
  f.proof.base = std::string(64, 'b');
  f.proof.head = std::string(40, 'a');
  f.proof.files = {"src/a.py"};
  f.proof.commits = {f.proof.head};
  f.proof.log_digest = std::string(64, 'd');
  auto const same = clean_frame(f);
  REQUIRE(same.has_value());
  CHECK(std::get<link::finished>(*same) == f);

  f.proof.commits_left_out = 5;
  f.proof.commits.clear();
  for (std::size_t i = 0; i < evidence::max_commits + 3; ++i) {
    auto const n = std::to_string(i);
    f.proof.commits.push_back(std::string(40 - n.size(), 'e') + n);
  }
  auto const cut = std::get<link::finished>(clean_frame(f).value());
  CHECK(cut.proof.commits.size() == evidence::max_commits);
  CHECK(cut.proof.commits.front() == f.proof.commits[3]);
  CHECK(cut.proof.commits_left_out == 8);
}

TEST_CASE("api: a canary in any text of a daemon's frames is nowhere afterwards", "[api]") {
  api_lab lab;
  lab.project();
  puppet daemon{lab};
  daemon.connect();
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  auto const order = daemon.hear<link::order>();
  link::started s;
  s.ticket = order.ticket;
  s.token = order.token;
  s.base = std::string(40, 'b');
  s.session = canary;
  daemon.say(1, s);
  auto f = full_of_it();
  f.ticket = order.ticket;
  f.token = order.token;
  daemon.say(2, f);
  CHECK(eventually([&] {
    auto const t = lab.get("/api/tickets/" + order.ticket.value).text("status");
    return t != "claimed" && t != "in_progress";
  }));
  // Too late, it is kept as an orphan: with the same care.
  daemon.say(3, f);
  auto late = f;
  late.ticket = ticket_id{"nope-" + canary};
  daemon.say(4, late);
  auto const next = daemon.hear<link::order>();
  link::declined no;
  no.ticket = next.ticket;
  no.token = next.token;
  no.why = reason::auth;
  no.message = with("refused");
  daemon.say(5, no);
  (void)lab.quiet_mark();
  for (auto const& e : lab.events())
    CHECK(json::canonical(e).find(canary) == std::string::npos);
  lab.stop();
  CHECK(lab.log().find(canary) == std::string::npos);
  for (auto const& file : std::filesystem::recursive_directory_iterator{lab.data()}) {
    if (!file.is_regular_file())
      continue;
    INFO(file.path());
    CHECK(text_of(file.path()).find(canary) == std::string::npos);
  }
  auto const r = run_troupe({"verify", "--data", lab.data().string()}, lab.home());
  INFO(r.out << r.err);
  CHECK(r.exit_code == 0);
}
