#include "tests/api/canaries.hpp"
#include "tests/api/collector.hpp"
#include "tests/api/surfaces.hpp"
#include "tests/api/watch_lines.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Requests with a secret in every header and every part of an address, answered or refused.
/// `echoes`: answers that may repeat what was asked for, to whoever asked.
void knock(api_lab const& lab, canaries& all, surfaces& seen, surfaces& echoes) {
  api_lab::headers headers{
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
      {"Authorization", "Bearer " + lab.token()}};
  for (auto const* name : {"User-Agent", "X-Secret", "X-Request-Id", "X-Forwarded-For", "Referer",
                           "tracestate", "Cookie", "Accept", "Accept-Language", "If-None-Match"})
    headers[name] = all.secret(name);
  for (auto const* path : {"/api/tickets", "/", "/metrics", "/api/tickets/none", "/none"})
    seen.add("answer of " + std::string{path}, whole(lab.get(path, headers)));
  for (auto const& bad :
       {std::pair{"Authorization", "Bearer " + all.secret("a wrong token")},
        std::pair{"Authorization",
                  "Bearer trp_" + all.secret("a token that is not known").substr(6)},
        std::pair{"Authorization", "Basic " + all.secret("another scheme")},
        std::pair{"traceparent", all.secret("a wrong traceparent")}})
    for (auto const* path : {"/api/tickets", "/api/watch?limit=1", "/api/stream?brief=none"})
      seen.add("refusal of a header", whole(lab.get(path, {{bad.first, bad.second}})));
  seen.add("refusal of a type",
           whole(lab.post("/api/briefs", "{}", {{"Content-Type", all.secret("a wrong type")}})));
  seen.add("refusal of an origin",
           whole(lab.post("/api/briefs", "{}", {{"Origin", "http://" + all.secret("an origin")}})));
  {
    raw_connection strange{static_cast<std::uint16_t>(lab.port())};
    strange.send("GET /api/tickets HTTP/1.1\r\nHost: " + all.secret("a wrong host") + "\r\n\r\n");
    seen.add("refusal of a host", strange.answer().body);
  }

  // Addresses, which only the sender should see again.
  for (auto const& [method, path] :
       {std::pair{"GET", "/api/tickets/" + all.secret("a path")},
        std::pair{"POST", "/api/tickets/" + all.secret("the path of a change") + "/cancel"},
        std::pair{"GET", "/api/why/" + all.secret("what is asked for")},
        std::pair{"GET", "/" + all.secret("a path of nothing")},
        std::pair{"GET", "/api/tickets?status=" + all.secret("a value of an address")},
        std::pair{"GET", "/api/tickets?" + all.secret("a name of an address") + "=1"},
        std::pair{"GET", "/api/stream?ticket=" + all.secret("a stream's address")}})
    echoes.add(method + (" " + path), whole(lab.call(method, path, {}, {})));
  {
    raw_connection strange{static_cast<std::uint16_t>(lab.port())};
    strange.send(all.secret("a method") + " / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    echoes.add("a method", strange.answer().body);
  }
}

} // namespace

TEST_CASE("canary: what was planted in prompts, logs, the repository and headers is nowhere",
          "[api]") {
  canaries all;
  collector traces;
  crew c{3,
         {{"test_command", "cat keys.txt; [ ! -e fails ]"}, {"send_diffs", true}},
         {"pm", "dev", "tech-lead"}};
  auto const& s = c.s;
  auto& lab = c.s.lab;
  surfaces seen;
  surfaces echoes;
  // A log for people first, then one for programs.
  lab.stop();
  lab.more({"--log-level", "trace"});
  lab.open();
  knock(lab, all, seen, echoes);
  lab.stop();
  lab.more({"--set", "telemetry.otlp_endpoint=" + traces.endpoint(), "--set",
            "telemetry.traces_percent=100", "--log-format", "json"});
  lab.open();
  traffic_reader names{lab, "?rate=10000&limit=1000000"};
  traffic_reader contents{lab, "?rate=10000&limit=1000000&contents=true"};
  socket_reader socket{lab, "/api/watch?rate=10000&limit=1000000&contents=true"};
  stream_reader events{lab, ""};
  REQUIRE(events.opens());

  // The repository, before anybody works on it: a file, its name, a commit's message.
  auto const clone = lab.home() / "clone";
  std::ofstream{clone / "keys.txt"} << all.said("a file") << "\n";
  std::ofstream{clone / ("old-" + all.said("a file's name") + ".txt")} << "old\n";
  (void)s.git({"add", "."}, clone);
  (void)s.git({"commit", "-q", "-m", all.said("a commit's message")}, clone);
  (void)s.git({"push", "-q", "origin", "HEAD:refs/heads/main"}, clone);

  // What the tool prints, what tests print that fail, and what it leaves in its branch: the gates
  // refuse that, with names that are cut where they are shown.
  auto const quoted = [](std::string const& text) { return "'" + text + "'"; };
  auto const deep = [&](std::size_t before, std::string const& where) {
    std::string path;
    while (path.size() + 31 < before)
      path += std::string(30, 'd') + "/";
    path += std::string(before - path.size() - 1, 'e') + "-";
    return path + all.secret(where);
  };
  std::string const first =
      "cat keys.txt; echo " + quoted(all.said("output")) + "; echo " +
      quoted(all.said("error output")) + " >&2; echo " +
      quoted(json::canonical(json::object{{"type", "message"},
                                          {"kind", "note"},
                                          {"to", "tech-lead"},
                                          {"text", all.said("a message")}})) +
      "; echo " +
      quoted(json::canonical(json::object{{"type", "progress"}, {"text", all.said("progress")}})) +
      "; touch fails; git add .; git commit -qm fails";
  std::string const then =
      "rm fails; for f in " + quoted(deep(190, "a name that is cut at 200")) + " " +
      quoted(deep(385, "a name that is cut at 400")) + " " +
      quoted("new-" + all.said("a new file's name")) +
      "; do mkdir -p \"$(dirname \"$f\")\"; echo " + quoted(all.said("a new file")) +
      " > \"$f\"; done; git add .; git commit -qm " + quoted(all.said("a new commit's message")) +
      "; echo " + quoted(std::string(580, 'x') + " " + all.secret("a line that is cut"));
  std::string const last = "git rm -rq --ignore-unmatch d* new-*; echo 3 > count.txt; git add .; "
                           "git commit -qm count; echo 'It counts.'";
  std::vector<std::string> const fine(6, "echo " + quoted("Fine. " + all.said("a review")));
  c.does("pm", fine);
  c.does("dev", {first, then, last, last, last});
  c.does("tech-lead", fine);
  c.start_daemon();

  knock(lab, all, seen, echoes);

  // The prompt: what people say of what they want, in every way in which they say it.
  auto const told = [&](std::string const& member, std::string const& where) {
    return json::canonical(json::object{{member, all.said(where)}});
  };
  auto const talk = json::canonical(
      json::object{{"project", "duration"},
                   {"name", all.said("a brief's name")},
                   {"text", "Ann: The tool must count the words of a text, " +
                                all.said("a transcript") + " opens it.\nBob: Agreed, I do it.\n"}});
  api_lab::headers const sent{{"Idempotency-Key", all.secret("an idempotency key")},
                              {"User-Agent", all.secret("the agent of a good request")}};
  auto const made = lab.post("/api/briefs", talk, sent);
  REQUIRE(made.status == 201);
  seen.add("answer of the brief", whole(made));
  // Though the key cannot be kept as it came, the same request again is the same.
  CHECK(lab.post("/api/briefs", talk, sent).text("id") == made.text("id"));
  auto const brief = made.text("id");
  auto const at = "/api/briefs/" + brief;
  REQUIRE(eventually([&] { return !waiting_approval(lab, "brief", brief).empty(); }));
  REQUIRE(lab.post(at + "/approve", told("notes", "an approval")).status == 200);
  std::string plan;
  REQUIRE(eventually([&] {
    auto const page = lab.get("/api/plans?status=pending_approval&brief=" + brief);
    auto const& items = page.json.at("items").as_array();
    plan = items.empty() ? std::string{} : text_at(items.front(), "id");
    return !plan.empty() && !waiting_approval(lab, "plan", plan).empty();
  }));
  REQUIRE(lab.post("/api/plans/" + plan + "/approve", told("notes", "a plan's approval")).status ==
          200);
  std::string ticket;
  REQUIRE(eventually([&] {
    auto const page = lab.get("/api/tickets?brief=" + brief);
    for (auto const& t : page.json.at("items").as_array())
      ticket = text_at(t, "id");
    return !ticket.empty();
  }));
  CHECK(lab.post("/api/tickets/" + ticket + "/comments", told("text", "a comment")).status == 200);
  // A watch stands in the ledger with its filter.
  seen.add("a watch's own answer",
           whole(lab.get("/api/watch?limit=1&seconds=1&filter=agent%3D" + all.secret("a filter"))));
  seen.add("refusal of a filter",
           whole(lab.get("/api/watch?filter=agent%3D" + all.secret("a wrong filter") + "%20or")));
  c.await(ticket, "DONE");
  REQUIRE(eventually([&] { return lab.get(at).text("status") == "COMPLETED"; }));

  read_every_route(lab, seen);
  read_every_command(c, brief, ticket, seen);
  auto const ledger = lab.home() / "ledger.jsonl";
  CHECK(run_troupe({"export", "--data", lab.data().string(), "--out", ledger.string()}, lab.home())
            .exit_code == 0);
  seen.add("troupe export", text_of(ledger));
  // What the coding tool was given: the order that the link brought, and the prompt made of it.
  for (auto const& file : std::filesystem::directory_iterator{lab.home()})
    if (file.path().filename().string().find(".env.") != std::string::npos)
      for (auto const& line : lines(text_of(file.path())))
        for (std::string_view const name : {"TROUPE_ORDER_FILE=", "TROUPE_PROMPT_FILE="})
          if (line.starts_with(name))
            seen.add("the tool's " + std::string{name}, text_of(line.substr(name.size())));
  lab.stop(); // what waits for the collector is sent, and the watches end
  CHECK(traces.problems().empty());
  seen.add("traces", traces.text());
  seen.add("/api/watch, names", text_of_all(names.got()));
  seen.add("/api/watch, contents", text_of_all(contents.got()));
  seen.add("/api/watch, WebSocket", socket.text());
  seen.add("/api/stream", text_of_all(events.got()));
  seen.add("the server's log", lab.log());
  seen.add("the daemon's log", text_of(c.log()));
  for (auto const& file : std::filesystem::recursive_directory_iterator{lab.data()})
    if (file.is_regular_file() && file.file_size() > 0)
      seen.add(file.path().string(), text_of(file.path()));

  // The exception: an answer may repeat what the same request has asked for, and nothing else.
  for (auto const& [name, text] : echoes.all())
    CHECK(all.found_in(text).size() <= 1);
  std::map<std::string, std::vector<std::string>> leaks;
  for (auto const& [name, text] : seen.all()) {
    INFO(name);
    CHECK_FALSE(text.empty());
    for (auto const& found : all.found_in(text))
      leaks[found].push_back(name);
  }
  for (auto const& [what, places] : leaks) {
    INFO(what << " in " << places.size() << " places, the first is " << places.front());
    CHECK(places.empty());
  }
  // It was there to be seen: the words beside the secrets came through.
  for (auto const* where :
       {"a transcript", "a brief's name", "an approval", "a plan's approval", "a comment", "output",
        "a message", "a review", "a file", "a new file's name", "a new file"}) {
    INFO(where);
    CHECK(seen.tells(all.word_of(where)));
  }
  // Also where it streams by, but for the watch that may not see contents.
  for (auto const* name :
       {"/api/watch, contents", "/api/watch, WebSocket", "/api/stream", "troupe export"}) {
    INFO(name);
    CHECK(seen.tells(all.word_of("a comment"), name));
  }
  CHECK_FALSE(seen.tells(all.word_of("a comment"), "/api/watch, names"));
}
