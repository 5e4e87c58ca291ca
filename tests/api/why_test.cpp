#include "tests/api/machine.hpp"
#include "tests/api/puppet.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr auto long_wait = std::chrono::seconds{90};

std::string commits_of(std::string const& word) {
  return "echo " + word + " > $TROUPE_TICKET-" + word + ".txt; git add .; git commit -qm " + word +
         "\n";
}

/// The chain of a commit, which must end in the sentence of somebody in the meeting.
json::array chain_of(api_lab const& lab, std::string const& ref) {
  auto const why = lab.get("/api/why/" + ref);
  INFO(ref << ": " << why.body);
  REQUIRE(why.status == 200);
  auto const& chain = why.json.at("chain").as_array();
  REQUIRE(chain.size() >= 3);
  CHECK(text_at(chain.back(), "what") == "source");
  auto const& sentence = chain[chain.size() - 2];
  CHECK(text_at(sentence, "what") == "sentence");
  auto const quote = text_at(sentence, "text");
  REQUIRE(quote.size() > 2); // between its marks
  CHECK(meeting().find(quote.substr(1, quote.size() - 2)) != std::string::npos);
  CHECK_FALSE(text_at(sentence, "speaker").empty());
  CHECK_FALSE(why.json.at("events").as_array().empty());
  return chain;
}

std::string digits(std::string const& start) {
  return start + std::string(40 - start.size(), '7');
}

} // namespace

TEST_CASE("why: every commit of an attempt, and its merge, lead to the sentence", "[api]") {
  shop s{"true"};
  machine laptop{s, "laptop", commits_of("one") + commits_of("two")};
  (void)approved_run(s.lab);
  bool const done = eventually([&] { return !s.merged_ticket().empty(); }, long_wait);
  INFO(laptop.log());
  REQUIRE(done);
  auto const ticket = s.merged_ticket();
  laptop.kill();
  auto const shown = s.lab.get("/api/tickets/" + ticket);
  auto const& proof = shown.json.at("proof");
  auto const& named = proof.at("commits").as_array();
  REQUIRE(named.size() == 2);
  auto const all = s.commits("main");
  REQUIRE(all.size() >= 3);

  auto const look = [&] {
    for (auto const& commit : all) {
      auto const chain = chain_of(s.lab, commit);
      CHECK(text_at(chain[0], "what") == "commit");
      CHECK(text_at(chain[0], "id") == commit);
    }
    for (auto const& c : named) {
      auto const commit = std::string{std::string_view{c.as_string()}};
      CHECK(std::find(all.begin(), all.end(), commit) != all.end());
      auto const chain = chain_of(s.lab, commit);
      CHECK(text_at(chain[0], "text").starts_with("made by duration.dev-"));
      CHECK(
          text_at(chain[0], "text").find(" on " + laptop.id() + " in attempt " + ticket + ".t1") !=
          std::string::npos);
      CHECK(text_at(chain[1], "text").starts_with("merged into main from agent/" + ticket));
    }
  };
  look();
  // A part of it is enough, as Git abbreviates; too small a part is nothing.
  auto const id = std::string{std::string_view{named[0].as_string()}};
  for (auto part : {id.substr(0, 7), id.substr(0, 20)}) {
    CHECK(s.lab.get("/api/why/" + part).text("about") == id);
    for (auto& c : part)
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    CHECK(s.lab.get("/api/why/" + part).text("about") == id);
  }
  refused(s.lab.get("/api/why/" + id.substr(0, 6)), 404, "not_found");
  refused(s.lab.get("/api/why/" + s.first), 404, "not_found"); // a person's
  auto const said = run_troupe({"why", id.substr(0, 10)}, s.lab.home(),
                               {{"TROUPE_SERVER", s.lab.url()}, {"TROUPE_TOKEN", s.lab.token()}});
  CHECK(said.exit_code == 0);
  CHECK(said.out.find("sentence") != std::string::npos);
  // Known from the log, not from what this process has seen.
  s.lab.crash();
  s.lab.open();
  look();
  s.lab.stop();
  auto const verified = run_troupe({"verify", "--data", s.lab.data().string()}, s.lab.home());
  INFO(verified.out << verified.err);
  CHECK(verified.exit_code == 0);
}

TEST_CASE("why: a lost attempt's commits, continued elsewhere, lead to the sentence", "[api]") {
  shop s{"test ! -e \"$HOME/hold\" || sleep 300",
         {{"limits", json::object{{"lease", 3000}}}}}; // its end is waited for
  auto const hold = s.lab.home() / "hold";
  std::ofstream{hold} << "the tests take very long\n";
  machine first{s, "first", commits_of("one")};
  (void)approved_run(s.lab);
  std::string ticket;
  bool const pushed = eventually(
      [&] {
        auto const refs =
            lines(s.git({"for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/agent/"}));
        if (!refs.empty())
          ticket = refs.front();
        return !refs.empty();
      },
      long_wait);
  INFO(first.log());
  REQUIRE(pushed);
  auto const begun = s.commits("agent/" + ticket);
  REQUIRE(begun.size() == 1);
  auto const lost_on = first.id();
  first.kill(); // before it has said anything about the commit
  std::filesystem::remove(hold);

  machine second{s, "second", commits_of("more") + commits_of("most")};
  bool const done = eventually(
      [&] { return s.lab.get("/api/tickets/" + ticket).text("status") == "DONE"; }, long_wait);
  INFO(second.log());
  REQUIRE(done);
  second.kill();
  auto const shown = s.lab.get("/api/tickets/" + ticket);
  auto const& named = shown.json.at("proof").at("commits").as_array();
  REQUIRE(named.size() == 3);
  CHECK(named[0].as_string() == begun[0]);
  for (auto const& c : named)
    (void)chain_of(s.lab, std::string{std::string_view{c.as_string()}});
  auto const merge = shown.text("merged_as");
  REQUIRE(merge.size() == 40);
  CHECK(text_at(chain_of(s.lab, merge)[0], "id") == merge);
  // Whose it is, is told as well as it is known.
  auto const old = text_at(chain_of(s.lab, begun[0])[0], "text");
  INFO(old);
  CHECK(old.starts_with("made before attempt " + ticket + ".t"));
  CHECK(old.find(" on " + lost_on) != std::string::npos);
}

TEST_CASE("why: a late report's commits are known, and its cost is charged once", "[api]") {
  api_lab lab;
  lab.project(R"("limits":{"budget_micros":1000000})");
  puppet daemon{lab};
  daemon.connect();
  (void)approved_run(lab);
  auto const order = daemon.hear<link::order>();
  link::started begun;
  begun.ticket = order.ticket;
  begun.token = order.token;
  begun.base = digits("ba5e");
  daemon.say(1, begun);
  auto const at = "/api/tickets/" + order.ticket.value;
  REQUIRE(eventually([&] { return lab.get(at).text("status") == "in_progress"; }));
  REQUIRE(lab.post(at + "/cancel", R"({"why":"no longer wanted"})").status == 200);
  (void)daemon.hear<link::stop>();
  link::finished last;
  last.ticket = order.ticket;
  last.token = order.token;
  last.how = link::outcome::cancelled;
  last.proof.base = begun.base;
  last.proof.head = digits("abcdef12");
  last.proof.commits = {digits("abcdef11"), "not a commit", digits("abcdef12")};
  last.used.cost_micros = 12345;
  daemon.say(2, last);
  auto const spent = [&] {
    auto const shown = lab.get("/api/budgets/project:duration");
    return shown.json.at("scopes").at("project:duration").at("spent").to_number<std::int64_t>();
  };
  REQUIRE(eventually([&] {
    auto const shown = lab.get("/api/budgets/project:duration");
    return shown.json.at("scopes").at("project:duration").as_object().contains("spent");
  }));
  CHECK(spent() == 12345);
  for (std::uint64_t seq : {3, 4}) { // as from a daemon that had lost its place
    daemon.say(seq, last);
    (void)lab.quiet_mark();
    CHECK(spent() == 12345);
  }
  CHECK(lab.get(at).text("status") == "CANCELLED");

  auto const chain = chain_of(lab, "abcdef11");
  CHECK(text_at(chain[0], "id") == digits("abcdef11"));
  CHECK(text_at(chain[0], "text").find("not part of") != std::string::npos);
  auto const both = refused(lab.get("/api/why/abcdef1"), 400, "invalid_argument");
  auto const& candidates = both.at("candidates").as_array();
  REQUIRE(candidates.size() == 2);
  CHECK(text_at(candidates[0], "commit") == digits("abcdef11"));
  CHECK(text_at(candidates[0], "ticket") == order.ticket.value);
  CHECK(text_at(candidates[1], "commit") == digits("abcdef12"));
  lab.crash();
  lab.open();
  CHECK(spent() == 12345);
  (void)chain_of(lab, "abcdef12");
}

TEST_CASE("why: a commit from before an attempt was of who worked, not of who reviewed", "[api]") {
  api_lab lab;
  lab.project();
  puppet daemon{lab};
  daemon.connect();
  auto const made = lab.post("/api/tickets", R"({"project":"duration","title":"Accept weeks"})");
  REQUIRE(made.status == 201);
  std::uint64_t seq = 0;
  auto const begin = [&](link::order const& o, std::string const& base) {
    link::started s;
    s.ticket = o.ticket;
    s.token = o.token;
    s.base = base;
    daemon.say(++seq, s);
  };
  auto const end = [&](link::order const& o) {
    link::finished f;
    f.ticket = o.ticket;
    f.token = o.token;
    return f;
  };
  auto const first = daemon.hear<link::order>();
  CHECK(first.kind == link::order_kind::work);
  begin(first, digits("ba5e"));
  auto worked = end(first);
  worked.proof.branch = first.branch;
  worked.proof.base = digits("ba5e");
  worked.proof.head = digits("abcdef12");
  worked.proof.commits = {digits("abcdef12")};
  worked.proof.commits_left_out = 1; // so that a later attempt is the first to name it
  worked.proof.files = {"lib/Duration.pm"};
  daemon.say(++seq, worked);

  // An order may be sent again before its beginning is known.
  auto const order_after = [&](link::order const& before) {
    auto next = daemon.hear<link::order>();
    while (next.token == before.token)
      next = daemon.hear<link::order>();
    return next;
  };
  auto const review = order_after(first);
  REQUIRE(review.kind == link::order_kind::review);
  begin(review, digits("abcdef12"));
  auto judged = end(review);
  judged.how = link::outcome::changes_requested;
  judged.why = reason::changes_requested;
  judged.notes = {"Say what a week is."};
  judged.proof.head = digits("abcdef12"); // what was judged
  daemon.say(++seq, judged);

  auto const second = order_after(review);
  REQUIRE(second.kind == link::order_kind::work);
  REQUIRE(second.agent != review.agent);
  begin(second, digits("abcdef12"));
  auto again = worked;
  again.token = second.token;
  again.proof.head = digits("abcdef13");
  again.proof.commits = {digits("abcdef11"), digits("abcdef12"), digits("abcdef13")};
  again.proof.commits_left_out = 0;
  daemon.say(++seq, again);
  REQUIRE(eventually([&] { return lab.get("/api/why/abcdef11").status == 200; }));

  auto const maker = [&](std::string const& ref) {
    auto const why = lab.get("/api/why/" + ref);
    INFO(why.body);
    REQUIRE(why.status == 200);
    return text_at(why.json.at("chain").as_array().front(), "text");
  };
  auto const attempt = [&](link::order const& o) {
    return o.ticket.value + ".t" + std::to_string(o.token);
  };
  CHECK(maker("abcdef11") == "made before attempt " + attempt(second) +
                                 "; the one before it was of " + first.agent.value + " on " +
                                 daemon.id());
  CHECK(maker("abcdef12").starts_with("made by " + first.agent.value + " on "));
  CHECK(maker("abcdef13") ==
        "made by " + second.agent.value + " on " + daemon.id() + " in attempt " + attempt(second));
}
