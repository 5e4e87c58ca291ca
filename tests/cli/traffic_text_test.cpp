#include "cli/text/columns.hpp"
#include "cli/text/traffic.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace troupe;

namespace {

json::value line(std::string const& text) {
  auto v = json::parse(text);
  REQUIRE(v.has_value());
  return *v;
}

json::value message(std::string const& from, std::string const& to, std::string const& more = {}) {
  return line(R"({"type":"record","at_us":1700000000123456,"point":"send","direction":"out",)"
              R"("outcome":"ok","kind":"question","from":")" +
              from + R"(","to":")" + to + "\"" + more + "}");
}

bool contains(std::string const& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

std::size_t count(std::string const& text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++n;
  return n;
}

} // namespace

TEST_CASE("traffic line: who says what to whom, and how it went", "[cli]") {
  text_style const plain{false, 0, false};
  auto const text =
      render_traffic_line(message("agent:tally.dev-ada", "agent:tally.pm",
                                  R"(,"latency_us":1234,"ticket":"k3-1","shard":7,"seq":99)"),
                          plain);
  CHECK(text == "22:13:20.123 send     > question dev-ada → pm of k3-1 ok 1.2 ms #7/99");
  CHECK(render_traffic_line(line(R"({"type":"gap","count":1,"why":"rate"})"), plain) ==
        "… 1 record missing: over the rate; --rate N for more");
  CHECK(render_traffic_line(line(R"({"type":"counters","records":7,"errors":1,"missed":2})"),
                            plain) ==
        "… far behind: 7 records, 1 error, 2 missed not shown one by one");
}

TEST_CASE("traffic line: is cut to the terminal, has colours only there, and drives nothing",
          "[cli]") {
  auto const evil = message("agent:a.\\u001b[31mb", "agent:a.pm",
                            R"(,"content":"say \u001b]0;x\u0007 this, which is very long indeed")");
  for (int width : {20, 40, 60, 200}) {
    auto const text = render_traffic_line(evil, text_style{false, width, false});
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\x07') == std::string::npos);
    CHECK(text.find('\n') == std::string::npos);
  }
  CHECK(render_traffic_line(evil, text_style{true, 100, false}).find("\x1b[") != std::string::npos);
}

TEST_CASE("traffic line: what begins and what ends it are told apart at every choke point",
          "[cli]") {
  auto const seen = [](std::string const& point, std::string const& way) {
    auto const text = render_traffic_line(
        line(R"({"type":"record","at_us":1700000000123456,"point":")" + point +
             R"(","direction":")" + way +
             R"(","outcome":"ok","kind":"k","from":"human:ada","to":"daemon:d-1"})"),
        text_style{false, 0, false});
    return text.substr(22, text.size() - 25);
  };
  CHECK(seen("send", "out") == "> k ada → d-1");
  CHECK(seen("admit", "in") == "> k ada → d-1");
  CHECK(seen("dispatch", "in") == "> k ada → d-1");
  CHECK(seen("dispatch", "out") == "< k ada ← d-1");
  CHECK(seen("journal", "in") == "> k ada → d-1");
  CHECK(seen("journal", "out") == "< k ada → d-1"); // stored; nobody answers
  CHECK(seen("effect", "out") == "> k ada → d-1");  // an order goes out
  CHECK(seen("effect", "in") == "< k ada ← d-1");   // what came of it comes back
  CHECK(seen("gateway", "in") == "> k ada → d-1");
  CHECK(seen("gateway", "out") == "< k ada ← d-1");
}

namespace {

/// A record of a commit, and the event that it is of.
struct commit {
  json::value record;
  json::value event;
};

int next_seq = 0;

commit committed(std::string const& kind, std::string const& entity, std::string const& type,
                 std::string const& by, std::string const& data) {
  auto const seq = std::to_string(++next_seq);
  return {line(R"({"type":"record","at_us":1700000000123456,"point":"journal",)"
               R"("direction":"out","outcome":"ok","kind":")" +
               type + R"(","from":")" + by + R"(","to":")" + kind + ":" + entity +
               R"(","shard":1,"seq":)" + seq +
               (kind == "ticket" ? R"(,"ticket":")" + entity + "\"" : "") + "}"),
          line(R"({"kind":")" + kind + R"(","entity":")" + entity + R"(","type":")" + type +
               R"(","by":")" + by + R"(","shard":1,"seq":)" + seq + R"(,"at":1700000000123)" +
               R"(,"data":)" + data + "}")};
}

commit said(std::string const& id, std::string const& kind, std::string const& from,
            std::string const& to, std::string const& text) {
  return committed("ticket", "k3f9q2mx-4", "ticket.message_posted", "daemon:d-1",
                   R"({"message":{"id":")" + id + R"(","kind":")" + kind + R"(","from":")" + from +
                       R"(","to":")" + to + R"(","parts":[{"text":")" + text + "\"}]}}");
}

/// The record of a message at the send point. The hash is that of its id.
json::value on_its_way(std::string const& kind, std::string const& hash) {
  return line(R"({"type":"record","at_us":1700000000123456,"point":"send","direction":"out",)"
              R"("outcome":"ok","kind":")" +
              kind + R"(","from":"agent:t.ada","to":"agent:t.pm","ticket":"k3f9q2mx-4",)" +
              R"("message":")" + hash + "\"}");
}

std::string show(sequence_view& view, commit const& c) {
  return view.show(c.record, &c.event, 0);
}

} // namespace

TEST_CASE("traffic sequence: a lane for each, an arrow for each, and beside it what was said",
          "[cli]") {
  sequence_view view{text_style{false, 100, false}, "k3f9q2mx"};
  auto const first = show(view, said("m1", "question", "agent:t.ada", "agent:t.pm", "Weeks?"));
  INFO(first);
  CHECK(count(first, "\n") == 3); // what it is, the names, and the arrow
  CHECK(contains(first, "brief k3f9q2mx"));
  CHECK(contains(first, "ada      pm\n"));
  CHECK(contains(first, "├──────▶│    #4 question: Weeks?"));
  auto const back = show(view, said("m2", "answer", "agent:t.pm", "agent:t.ada", "Yes."));
  CHECK(contains(back, "│◀──────┤    #4 answer: Yes."));
  CHECK(count(back, "\n") == 1);
  // What the brief owns goes by what it is; an arrow crosses the lanes between.
  auto const report = show(view, said("m3", "report", "agent:t.ada", "ticket:k3f9q2mx-4", "Done."));
  INFO(report);
  CHECK(contains(report, "ticket\n"));
  CHECK(contains(report, "├───────┼──────▶│    #4 report: Done."));
  // The system's own step is nobody's arrow.
  auto const merged = show(view, committed("ticket", "k3f9q2mx-4", "ticket.merged", "daemon:d-1",
                                           R"({"commit":"41c15b52f1aa"})"));
  CHECK(contains(merged, "│       │       ✓    #4 merged as 41c15b52f1 → DONE"));
}

TEST_CASE("traffic sequence: each kind of message is named, and a verdict with what became of it",
          "[cli]") {
  sequence_view view{text_style{true, 100, false}, "k3f9q2mx"};
  for (auto const* kind : {"question", "answer", "report", "note", "assignment"})
    CHECK(contains(show(view, said(kind, kind, "agent:t.ada", "agent:t.pm", "So it is.")),
                   std::string{"#4 "} + kind + ": So it is."));
  auto const verdict = [&](std::string const& id, std::string const& approved) {
    return show(view, committed("ticket", "k3f9q2mx-4", "ticket.message_posted", "daemon:d-1",
                                R"({"message":{"id":")" + id +
                                    R"(","kind":"verdict","from":"agent:t.lead","to":)" +
                                    R"("agent:t.ada","parts":[{"data":{"approved":)" + approved +
                                    "}}]}}"));
  };
  CHECK(contains(verdict("v1", "true"), "\x1b[32m")); // green
  CHECK(contains(verdict("v2", "false"), "\x1b[33m"));
  // What a gate has found comes from the ticket, although the system wrote it.
  auto const bug = show(view, said("b1", "bug", "system", "agent:t.ada", "secrets in a.pm"));
  CHECK(contains(bug, "#4 bug: secrets in a.pm"));
  CHECK(contains(bug, "◀"));
}

TEST_CASE("traffic sequence: bookkeeping is left out, unless everything is asked for", "[cli]") {
  for (bool const everything : {false, true}) {
    INFO(everything);
    sequence_view view{text_style{false, 100, false}, "k3f9q2mx", everything};
    for (auto const& [type, data] :
         {std::pair{"ticket.settled", R"({"key":"a"})"},
          std::pair{"ticket.readiness_changed", R"({"to":"ready"})"},
          std::pair{"ticket.renewed", R"({"token":1})"},
          std::pair{"ticket.attempt_started", R"({"token":1,"to":"in_progress"})"}}) {
      INFO(type);
      auto const c = committed("ticket", "k3f9q2mx-4", type, "system", data);
      CHECK(show(view, c).empty() == !everything);
      // Nor where no more is known than the record.
      CHECK(view.show(c.record, nullptr, 0).empty() == !everything);
    }
  }
}

TEST_CASE("traffic sequence: a message is shown once, whoever tells of it", "[cli]") {
  std::string const hash_of_m1 = "08a98b07b5509b6b"; // FNV-1a of `m1`
  auto const sent = on_its_way("question", hash_of_m1);
  auto const stored = said("m1", "question", "agent:t.ada", "agent:t.pm", "Weeks?");
  auto const received = committed("agent", "t.pm", "agent.received", "ticket:k3f9q2mx-4",
                                  R"({"message":{"id":"m1","kind":"question","from":)"
                                  R"("ticket:k3f9q2mx-4","to":"agent:t.pm","parts":[]}})");
  SECTION("it is stored at once") {
    sequence_view view{text_style{false, 100, false}, "k3f9q2mx"};
    CHECK(view.show(sent, nullptr, 0).empty());
    CHECK(contains(show(view, stored), "question: Weeks?"));
    CHECK(show(view, received).empty());
    CHECK(view.show(sent, nullptr, 10).empty()); // and told late of its way
    CHECK(view.overdue(60'000).empty());
  }
  SECTION("it is on its way for long") {
    sequence_view view{text_style{false, 100, false}, "k3f9q2mx"};
    CHECK(view.show(sent, nullptr, 0).empty());
    CHECK(view.overdue(900).empty());
    auto const late = view.overdue(1'100);
    INFO(late);
    CHECK(contains(late, "├╌╌╌╌╌╌▶│    #4 question"));
    CHECK(view.overdue(60'000).empty());
    CHECK(show(view, stored).empty());
  }
  SECTION("it is refused") {
    sequence_view view{text_style{false, 100, false}, "k3f9q2mx"};
    auto refused = sent;
    refused.as_object()["outcome"] = "conflict";
    CHECK(contains(view.show(refused, nullptr, 0), "#4 question refused, conflict"));
  }
  SECTION("everything is asked for") {
    sequence_view view{text_style{false, 100, false}, "k3f9q2mx", true};
    CHECK(contains(view.show(sent, nullptr, 0), "╌▶"));
    CHECK(contains(show(view, stored), "─▶"));
    CHECK(contains(show(view, received), "◀─"));
  }
}

TEST_CASE("traffic sequence: a lane keeps its owner while there is room, and is handed over aloud",
          "[cli]") {
  for (auto const& [width, room] : {std::pair{80, 5}, std::pair{140, 11}}) {
    INFO(width);
    sequence_view view{text_style{false, width, false}, "k3f9q2mx"};
    int n = 0;
    auto const speak = [&](std::string const& who) {
      auto const text = show(
          view, said("m" + std::to_string(++n), "note", "agent:t." + who, "agent:t.pm", "Hello."));
      std::istringstream lines{text};
      for (std::string l; std::getline(lines, l);)
        CHECK(columns::width(l) <= static_cast<std::size_t>(width));
      return text;
    };
    for (int i = 1; i < room; ++i)
      CHECK(contains(speak("a" + std::to_string(i)), " a" + std::to_string(i)));
    // One too many is named in words, and takes nobody's lane,
    auto const told = speak("late");
    INFO(told);
    CHECK(contains(told, "late → pm: "));
    CHECK_FALSE(contains(told, "lane"));
    // until somebody was silent for long.
    for (int i = 0; i < 12; ++i)
      CHECK_FALSE(contains(speak("a1"), "lane"));
    auto const instead = speak("late");
    INFO(instead);
    CHECK(contains(instead, "a2's lane is late's now"));
    CHECK(contains(instead, "◀──────┤")); // a2 had the lane beside
    // The names come again before they are out of sight.
    int heads = 0;
    for (int i = 0; i < 80; ++i) {
      auto const text = speak("late");
      heads += contains(text, "a1") && contains(text, "pm  ") && contains(text, "late");
    }
    CHECK(heads == 2);
  }
}

TEST_CASE("traffic sequence: of one ticket, it is the ticket's lane, and needs no number",
          "[cli]") {
  sequence_view view{text_style{false, 100, false}, "k3f9q2mx-4"};
  auto const text = show(view, said("m1", "report", "agent:t.ada", "ticket:k3f9q2mx-4", "Done."));
  CHECK(contains(text, "ticket k3f9q2mx-4"));
  CHECK(contains(text, "├──────▶│    report: Done."));
  // A lease gives it to an agent; what its daemon reports is that agent's doing.
  (void)show(view, committed("ticket", "k3f9q2mx-4", "ticket.leased", "system",
                             R"({"token":1,"agent":"t.ada","daemon":"d-1"})"));
  auto const evidence =
      show(view, committed("ticket", "k3f9q2mx-4", "ticket.evidence_attached", "daemon:d-1",
                           R"({"proof":{"head":"41c15b52f1aa","files":["a"]}})"));
  INFO(evidence);
  CHECK(contains(evidence, "├──────▶│    evidence: commit 41c15b52f1"));
}

TEST_CASE("traffic sequence: what is said is no longer than three lines, and drives nothing",
          "[cli]") {
  sequence_view view{text_style{false, 80, false}, "k3f9q2mx"};
  std::string words;
  for (int i = 0; i < 60; ++i)
    words += "word ";
  auto const text = show(view, said("m1", "note", "agent:t.ada", "agent:t.pm",
                                    "\\u001b[31m \\u001b]0;x\\u0007 " + words));
  INFO(text);
  CHECK(count(text, "\x1b") == 0);
  CHECK(count(text, "\x07") == 0);
  CHECK(count(text, "word") < 30);
  CHECK(count(text, "…") == 1);
  CHECK(count(text, "│       │") >= 2); // the lanes go on beside it
}

TEST_CASE("traffic stats: rates, who talks, what waits", "[cli]") {
  traffic_stats stats;
  auto const record = [](std::string const& point, std::string const& way, std::string const& id,
                         std::string const& more = {}) {
    return line(
        R"({"type":"record","at_us":1,"point":")" + point + R"(","direction":")" + way +
        R"(","outcome":"ok","kind":"ticket.claim","from":"agent:t.pm","to":"ticket:k3-1",)" +
        R"("message":")" + id + "\"" + more + "}");
  };
  for (int i = 0; i < 20; ++i)
    stats.take(record("admit", "in", std::to_string(i)), 1'000);
  for (int i = 0; i < 18; ++i)
    stats.take(record("dispatch", "out", std::to_string(i), R"(,"latency_us":2000)"), 2'000);
  auto const text = stats.show(text_style{false, 0, false}, 5'000);
  INFO(text);
  CHECK(text.find("dispatch           4.5       0       2.0       2.0") != std::string::npos);
  CHECK(text.find("top talkers     pm 38") != std::string::npos);
  CHECK(text.find("mailboxes       ticket k3-1 2") != std::string::npos);
  CHECK(text.find("ticket.claim at ticket k3-1, 4 s") != std::string::npos);
  CHECK(text.find("38 records") != std::string::npos);
  // Rates are of the last ten seconds; what waits goes on to wait.
  auto const later = stats.show(text_style{false, 0, false}, 60'000);
  CHECK(later.find("admit              0.0") != std::string::npos);
  CHECK(later.find("59 s") != std::string::npos);
}

TEST_CASE("traffic stats: what waits is not told from records with a hole in them", "[cli]") {
  traffic_stats stats;
  auto const admit = [&](std::string const& id, std::int64_t now) {
    stats.take(line(R"({"type":"record","at_us":1,"point":"admit","direction":"in","outcome":"ok",)"
                    R"("kind":"ticket.claim","from":"agent:t.pm","to":"ticket:k3-1","message":")" +
                    id + "\"}"),
               now);
  };
  admit("1", 1'000);
  stats.take(line(R"({"type":"gap","count":5,"why":"rate"})"), 2'000);
  stats.take(line(R"({"type":"counters","records":3,"missed":4,"errors":0})"), 2'000);
  auto const text = stats.show(text_style{false, 0, false}, 3'000);
  INFO(text);
  CHECK(text.find("mailboxes       not known") != std::string::npos);
  CHECK(text.find("oldest waiting  not known") != std::string::npos);
  CHECK(text.find("1 record, 12 missing") != std::string::npos);
  auto const told = stats.tell(3'000);
  CHECK(told.at("mailboxes").is_null());
  CHECK(told.at("oldest").is_null());
  CHECK(told.at("missing") == 12);
  CHECK(told.at("points").at("admit").at("records") == 1);
  CHECK(told.at("points").at("admit").at("p50_us").is_null());
  // Once nothing was missing for a while, it counts what came since.
  admit("2", 3'000);
  auto const later = stats.show(text_style{false, 0, false}, 13'000);
  INFO(later);
  CHECK(later.find("mailboxes       ticket k3-1 1") != std::string::npos);
  CHECK(later.find("ticket.claim at ticket k3-1, 10 s") != std::string::npos);
  auto const again = stats.tell(13'000);
  CHECK(again.at("mailboxes") == json::object{{"ticket k3-1", 1}});
  CHECK(again.at("oldest").at("waits_ms") == 10'000);
}
