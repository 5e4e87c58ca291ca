#include "actors/domain/replay.hpp"
#include "actors/domain/ticket_commits.hpp"
#include "tests/domain/ticket_subject.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

using commits = std::vector<std::string>;

/// A ticket, and what each of its stored events names.
struct watched : ticket_subject {
  watched() {
    seen = [this](std::string_view type, std::string_view data, event_context const& at) {
      REQUIRE(log.apply(now_is().self, at.version, type, 1, data, at).has_value());
      auto const* after = log.find<ticket_domain>(now_is().self);
      for (auto& c : ticket::commits_in(type, data, *after))
        named.push_back(std::move(c));
      auto const word = type.substr(type.find('.') + 1);
      auto const typed = json::from_named<ticket::event>(word, json::parse(data).value());
      CHECK(spelled(ticket::commits_in(typed.value(), *after)) ==
            spelled(ticket::commits_in(type, data, *after)));
    };
    does(make_open());
  }
  void start_on(std::string base) {
    does(ticket::start{now_is().last_token, std::move(base), "session-1"});
  }
  static ticket::finish with(ticket::finish f, commits all) {
    f.report.proof.base = "base0";
    f.report.proof.head = all.back();
    f.report.proof.commits = std::move(all);
    return f;
  }
  /// `c1@1`, `!c1@2` where it was there before, `m@3+` for a merge.
  [[nodiscard]] static std::vector<std::string>
  spelled(std::vector<ticket::named_commit> const& all) {
    std::vector<std::string> out;
    for (auto const& c : all)
      out.push_back((c.before ? "!" : "") + c.id + "@" + std::to_string(c.token) +
                    (c.merge ? "+" : ""));
    return out;
  }
  [[nodiscard]] std::vector<std::string> told() const { return spelled(named); }

  replayer log;
  std::vector<ticket::named_commit> named;
};

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("commits: an attempt's evidence names each, and the merge names its own", "[domain]") {
  watched t;
  t.hold();
  t.does(watched::with(t.work("c2"), {"c1", "c2"}));
  CHECK(t.told() == strings{"c1@1", "c2@1"});
  CHECK(t.now_is().proof->commits == commits{"c1", "c2"});
  // The conversation, which goes out with every order, does not repeat them.
  CHECK(json::canonical(json::to(t.now_is().conversation)).find("\"c1\"") == std::string::npos);
  t.hold("tally.lead");
  t.does(t.verdict(true));
  t.hold("");
  t.does(t.gates(true));
  t.hold("");
  t.does(t.merge("m1"));
  REQUIRE(t.now_is().is == ticket::status::DONE);
  CHECK(t.told() == strings{"c1@1", "c2@1", "m1@4+"});
}

TEST_CASE("commits: what a failed attempt left is named, and not taken for the next one's",
          "[domain]") {
  watched t;
  t.hold();
  t.does(watched::with(t.failure(reason::provider_server), {"c1"}));
  CHECK(t.got<ticket::attempt_ended>().commits == commits{"c1"});
  CHECK(t.told() == strings{"c1@1"});
  t.grant("tally.dev-bob", "d-2");
  t.start_on("c1");
  t.does(watched::with(t.work("c2"), {"c1", "c2"}));
  CHECK(t.told() == strings{"c1@1", "!c1@2", "c2@2"});
  CHECK(t.got<ticket::attempt_ended>().commits.empty()); // its evidence has them
}

TEST_CASE("commits: a lost attempt's late report names what it had made", "[domain]") {
  watched t;
  t.hold();
  t.now += std::chrono::seconds{61};
  t.does(tick{});
  t.grant("tally.dev-bob", "d-2");
  t.start_on("c1"); // it was pushed before the machine was lost
  t.does(watched::with(t.work("c2"), {"c1", "c2"}));
  CHECK(t.told() == strings{"!c1@2", "c2@2"});
  auto late = watched::with(t.work("x9"), {"c1", "x9"});
  late.report.token = 1;
  t.does(late);
  CHECK(t.names() == strings{"orphaned"});
  CHECK(t.told() == strings{"!c1@2", "c2@2", "c1@1", "x9@1"});
  CHECK(t.now_is().proof->head == "c2");
}

TEST_CASE("commits: events of before they were listed name the head", "[domain]") {
  ticket::state after;
  after.holder.change().token = 3;
  auto const one = [&](std::string_view type, std::string_view data) {
    strings out;
    for (auto const& c : ticket::commits_in(type, data, after))
      out.push_back(c.id + "@" + std::to_string(c.token) + (c.merge ? "+" : ""));
    return out;
  };
  CHECK(one("ticket.evidence_attached", R"({"next_stage":1,"proof":{"base":"b","head":"h"}})") ==
        strings{"h@3"});
  CHECK(one("ticket.orphaned",
            R"({"kind":"finished","proof":{"base":"b","head":"h"},"token":2})") == strings{"h@2"});
  CHECK(one("ticket.merged", R"({"commit":"m","proof":{"base":"b","head":"h"}})") ==
        strings{"m@3+"});
  CHECK(one("ticket.attempt_ended", R"({"token":1})").empty());
  CHECK(one("ticket.evidence_attached", R"({"proof":{}})").empty()); // words only
  CHECK(one("ticket.evidence_attached", R"({"proof":{"base":"b","head":"b"}})").empty());
  CHECK(one("plan.evidence_attached", R"({"proof":{"base":"b","head":"h"}})").empty());
  CHECK(one("ticket.commented", R"({"text":"h"})").empty());
}

TEST_CASE("commits: a reviewer's report names none of the author's as its own", "[domain]") {
  watched t;
  t.hold();
  t.does(watched::with(t.work("c1"), {"c1"}));
  t.hold("tally.lead");
  auto bad = t.failure(reason::provider_server);
  bad.report.proof.base = "base0";
  bad.report.proof.head = "c1";
  t.does(bad);
  CHECK(t.told() == strings{"c1@1"});
}
