#include "protocol/daemon_link.hpp"
#include "protocol/redact.hpp"
#include "tests/api/lab.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string const aws = "AKIA2E0A8F3B7C9D1G5H";
std::string const github = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
/// What a person says without thinking.
std::string const slip = "use " + aws + " or " + github + " there";

std::string with(std::string const& member) {
  return json::canonical(json::object{{member, slip}});
}

/// The answer is a good one and tells of the redaction.
void told(api_answer const& a) {
  INFO(a.body);
  CHECK(a.status / 100 == 2);
  CHECK(a.json.contains("redacted"));
  CHECK(a.body.find(aws) == std::string::npos);
  CHECK(a.body.find(github) == std::string::npos);
}

/// No byte of the ledger, of the files beside it or of the log has a secret, and `verify` is clean.
void nothing_is_left(api_lab& lab) {
  (void)lab.quiet_mark();
  for (auto const& e : lab.events()) {
    auto const text = json::canonical(e);
    INFO(text);
    CHECK(text.find(aws) == std::string::npos);
    CHECK(text.find(github) == std::string::npos);
  }
  lab.stop();
  CHECK(lab.log().find(aws) == std::string::npos);
  for (auto const& file : std::filesystem::recursive_directory_iterator{lab.data()}) {
    if (!file.is_regular_file())
      continue;
    auto const bytes = text_of(file.path());
    INFO(file.path());
    CHECK(bytes.find(aws) == std::string::npos);
    CHECK(bytes.find(github) == std::string::npos);
  }
  auto const r = run_troupe({"verify", "--data", lab.data().string()}, lab.home());
  INFO(r.out << r.err);
  CHECK(r.exit_code == 0);
}

std::string pending_approval_of(api_lab const& lab, std::string const& subject) {
  std::string id;
  REQUIRE(eventually([&] {
    auto const page = lab.get("/api/approvals?status=pending&subject=" + subject);
    for (auto const& a : page.json.at("items").as_array())
      id = text_at(a, "id");
    return !id.empty();
  }));
  return id;
}

} // namespace

TEST_CASE("api: a transcript is redacted before anything is made of it", "[api]") {
  api_lab lab;
  lab.project();
  auto const talk = "Ann: We must print weeks in the report.\nBob: Agreed, " + slip + ".\n";
  auto const body =
      json::canonical(json::object{{"project", "duration"}, {"name", slip}, {"text", talk}});
  api_lab::headers const key{{"Idempotency-Key", "k1"}};
  auto const made = lab.post("/api/briefs", body, key);
  told(made);
  auto const kept = text_at(made.json.at("source"), "text");
  CHECK(kept.find("Bob: Agreed, use [redacted:aws-access-key] or [redacted:github-token] there") !=
        std::string::npos);
  // Sent again it is the same request, though what is stored is not what was sent.
  auto const again = lab.post("/api/briefs", body, key);
  told(again);
  CHECK(again.text("id") == made.text("id"));
  auto other = body;
  other.replace(other.find("weeks"), 5, "years");
  refused(lab.post("/api/briefs", other, key), 422, "conflict");

  told(lab.source(talk));
  std::string wide{"\xFF\xFE", 2}; // UTF-16, little endian
  for (char const c : talk)
    wide += {c, '\0'};
  told(lab.source(wide));
  REQUIRE(eventually([&] {
    return lab.get("/api/briefs?status=pending_approval").json.at("total").to_number<int>() == 3;
  }));
  nothing_is_left(lab);
}

TEST_CASE("api: what has nothing to hide is answered as ever", "[api]") {
  api_lab lab;
  auto const made =
      lab.post("/api/projects", R"({"id":"tally","config":{"repository":"/srv/tally.git"}})");
  REQUIRE(made.status == 201);
  CHECK_FALSE(made.json.contains("redacted"));
}

TEST_CASE("api: no route that writes lets a secret into the ledger", "[api]") {
  api_lab lab;
  told(lab.post("/api/projects", json::canonical(json::object{
                                     {"id", "duration"},
                                     {"name", slip},
                                     {"config", json::object{{"repository", "/srv/duration.git"},
                                                             {"test_command", slip}}}})));
  told(lab.patch("/api/projects/duration", with("test_command")));
  told(lab.post("/api/tokens",
                json::canonical(json::object{{"name", slip}, {"roles", json::array{"viewer"}}})));
  auto const code = lab.post("/api/daemons/codes").text("code");
  auto const daemon = lab.post("/api/daemons/enroll",
                               json::canonical(json::object{{"name", slip}, {"code", code}}));
  told(daemon);

  // A brief: edited, sent back, decided; others held and cancelled.
  auto const brief = lab.pending_brief();
  auto const at = "/api/briefs/" + brief;
  auto content = lab.get(at).json.at("content").as_object();
  content["goal"] = slip;
  auto const drafted = lab.put(at, json::canonical(json::object{{"content", content}}));
  told(drafted);
  CHECK(text_at(drafted.json.at("content"), "goal") ==
        "use [redacted:aws-access-key] or [redacted:github-token] there");
  (void)pending_approval_of(lab, "brief:" + brief);
  told(lab.post(at + "/revise", with("notes")));
  REQUIRE(eventually([&] { return lab.get(at).text("status") == "pending_approval"; }));
  (void)pending_approval_of(lab, "brief:" + brief);
  auto const other = lab.pending_brief();
  (void)pending_approval_of(lab, "brief:" + other);
  told(lab.post("/api/briefs/" + other + "/reject", with("notes")));
  auto const third = lab.pending_brief();
  told(lab.post("/api/briefs/" + third + "/cancel", with("why")));
  told(lab.post(at + "/approve", with("notes")));

  // Its plan.
  std::string plan;
  auto const pending_plan = [&] {
    REQUIRE(eventually([&] {
      auto const page = lab.get("/api/plans?status=pending_approval&brief=" + brief);
      for (auto const& p : page.json.at("items").as_array())
        plan = text_at(p, "id");
      return !plan.empty();
    }));
    return pending_approval_of(lab, "plan:" + plan);
  };
  auto const approval = pending_plan();
  told(lab.post("/api/approvals/" + approval + "/decide",
                json::canonical(json::object{{"how", "revise"}, {"notes", slip}})));
  REQUIRE(eventually(
      [&] { return lab.get("/api/approvals/" + approval).text("status") != "pending"; }));
  plan.clear();
  (void)pending_plan();
  auto items = lab.get("/api/plans/" + plan).json.at("content").as_object();
  items.at("items").as_array().front().as_object()["text"] = slip;
  told(lab.put("/api/plans/" + plan, json::canonical(json::object{{"content", items}})));
  REQUIRE(eventually(
      [&] { return lab.get("/api/plans/" + plan).text("status") == "pending_approval"; }));
  (void)pending_approval_of(lab, "plan:" + plan);
  told(lab.post("/api/plans/" + plan + "/approve", with("notes")));

  // Its run and tickets.
  std::string run;
  std::string ticket;
  REQUIRE(eventually([&] {
    auto const runs = lab.get("/api/runs?status=running");
    for (auto const& r : runs.json.at("items").as_array())
      run = text_at(r, "id");
    auto const tickets = lab.get("/api/tickets?status=ready");
    for (auto const& t : tickets.json.at("items").as_array())
      ticket = text_at(t, "id");
    return !run.empty() && !ticket.empty();
  }));
  told(lab.post("/api/tickets/" + ticket + "/comments",
                json::canonical(json::object{{"text", slip},
                                             {"metrics", json::object{{github, aws}}},
                                             {"blockers", json::array{slip}},
                                             {"next_steps", json::array{slip}}})));
  told(lab.post("/api/runs/" + run + "/pause", with("why")));
  REQUIRE(lab.post("/api/runs/" + run + "/resume").status == 200);
  told(lab.post(at + "/hold", with("why")));
  REQUIRE(lab.post(at + "/resume").status == 200);
  told(lab.post("/api/tickets/" + ticket + "/cancel", with("why")));
  told(lab.post("/api/agents/duration.dev-ada/pause", with("why")));
  told(lab.post("/api/tickets", json::canonical(json::object{{"project", "duration"},
                                                             {"title", slip},
                                                             {"text", slip},
                                                             {"criteria", json::array{slip}}})));
  told(lab.post("/api/runs/" + run + "/stop", with("why")));

  // A code and a token are no secrets to their own routes.
  auto const token = daemon.text("token");
  CHECK(lab.call("GET", "/api/daemon/link", {}, api_lab::as(token)).status != 401);
  nothing_is_left(lab);
}

TEST_CASE("api: what a daemon reports is redacted", "[api]") {
  api_lab lab;
  lab.project();
  auto const made =
      lab.post("/api/daemons/enroll",
               json::canonical(json::object{
                   {"name", "puppet"}, {"code", lab.post("/api/daemons/codes").text("code")}}));
  REQUIRE(made.status == 201);
  raw_socket socket{static_cast<std::uint16_t>(lab.port()), "/api/daemon/link", made.text("token")};
  REQUIRE(socket.handshake().status == 101);
  auto const say = [&](std::uint64_t seq, link::frame_body body) {
    REQUIRE(socket.text(link::encode({seq, std::move(body)})));
  };
  link::hello h;
  h.daemon = daemon_id{made.text("daemon")};
  h.name = "puppet";
  h.stream = "s1";
  h.runners = {{"command", "", 1}};
  h.repositories = {"*"};
  say(0, h);
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  std::optional<link::order> order;
  while (!order) {
    auto const f = socket.read_message();
    REQUIRE(f.opcode == 1);
    auto const frame = link::decode_frame(f.payload);
    REQUIRE(frame.has_value());
    if (auto const* o = std::get_if<link::order>(&frame->body))
      order = *o;
  }
  link::started s;
  s.ticket = order->ticket;
  s.token = order->token;
  s.base = "3f2a9c1b7d8e4f5061728394a5b6c7d8e9f00112";
  s.session = github;
  say(1, s);
  link::said q;
  q.ticket = order->ticket;
  q.token = order->token;
  q.key = "q1";
  q.to = "pm";
  q.text = slip;
  say(2, q);
  link::finished f;
  f.ticket = order->ticket;
  f.token = order->token;
  f.how = link::outcome::failed;
  f.summary = slip;
  f.notes = {slip};
  f.proof.branch = "agent/" + order->ticket.value;
  f.proof.base = s.base;
  f.proof.command = "TOKEN=" + github + " make test";
  f.proof.diff = slip;
  say(3, f);
  auto const ticket = "/api/tickets/" + order->ticket.value;
  REQUIRE(eventually([&] {
    auto const t = lab.get(ticket).text("status");
    return t != "claimed" && t != "in_progress" && t != "waiting";
  }));
  socket.connection().close();
  nothing_is_left(lab);
}

TEST_CASE("api: one key sent by many at once gives one token, and it works", "[api]") {
  api_lab lab;
  for (int round = 0; round < 4; ++round) {
    api_lab::headers const key{{"Idempotency-Key", "storm" + std::to_string(round)}};
    std::vector<std::thread> senders;
    std::array<api_answer, 24> answers;
    for (auto& a : answers)
      senders.emplace_back(
          [&] { a = lab.post("/api/tokens", R"({"name":"x","roles":["viewer"]})", key); });
    for (auto& s : senders)
      s.join();
    std::set<std::string> ids;
    std::set<std::string> tokens;
    for (auto const& a : answers) {
      INFO(a.body);
      ids.insert(a.text("id"));
      if (a.status == 201) {
        tokens.insert(a.text("token"));
        CHECK(lab.get("/api/projects", api_lab::as(a.text("token"))).status == 200);
      } else {
        CHECK(a.status == 409);
        CHECK_FALSE(a.json.contains("token"));
        CHECK(a.text("detail").find("shown only once") != std::string::npos);
      }
    }
    CHECK(ids.size() == 1);
    CHECK(tokens.size() == 1);
  }
}

TEST_CASE("api: one key sent by many at once gives one code, and it works", "[api]") {
  api_lab lab;
  api_lab::headers const key{{"Idempotency-Key", "storm"}};
  std::vector<std::thread> senders;
  std::array<api_answer, 24> answers;
  for (auto& a : answers)
    senders.emplace_back([&] { a = lab.post("/api/daemons/codes", {}, key); });
  for (auto& s : senders)
    s.join();
  std::set<std::string> codes;
  for (auto const& a : answers) {
    INFO(a.body);
    CHECK((a.status == 201 || a.status == 409));
    if (a.status == 201)
      codes.insert(a.text("code"));
  }
  REQUIRE(codes.size() == 1);
  CHECK(lab.post("/api/daemons/enroll",
                 json::canonical(json::object{{"name", "d"}, {"code", *codes.begin()}}))
            .status == 201);
}
