#include "gateway/http/server.hpp"
#include "protocol/trace.hpp"
#include "tests/api/one_man_team.hpp"
#include "tests/api/scrape.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A span as it arrived.
struct got_span {
  std::string trace, id, parent, name;
  std::int64_t kind = 0;
  std::int64_t began = 0, ended = 0;
  std::map<std::string, std::string> attributes;
  bool failed = false;
};

/// A collector on loopback: takes OTLP over HTTP, and reads it as strictly as the specification
/// has it.
class collector {
public:
  collector() {
    route r;
    r.method = "POST";
    r.pattern = "/v1/traces";
    r.needs = role::none;
    r.body_limit = 16 * 1024 * 1024;
    r.kind = route_kind::raw; // as it came: the edge would take secrets out of JSON
    r.handle = [this](request const& q, reply const& answer) {
      take(q.body);
      answer(json_response(200, json::object{}));
    };
    router table;
    table.add(std::move(r));
    server_settings s;
    s.port = 0;
    server_.emplace(s, std::move(table));
    REQUIRE(server_->start().has_value());
  }
  ~collector() { server_->stop(std::chrono::seconds{5}); }

  [[nodiscard]] std::string endpoint() const { return server_->url(); }
  [[nodiscard]] std::vector<got_span> spans() const {
    std::lock_guard lock{mutex_};
    return spans_;
  }
  [[nodiscard]] std::vector<got_span> of(std::string const& trace) const {
    std::vector<got_span> out;
    for (auto const& s : spans())
      if (s.trace == trace)
        out.push_back(s);
    return out;
  }
  /// What was not as it must be.
  [[nodiscard]] std::vector<std::string> problems() const {
    std::lock_guard lock{mutex_};
    return problems_;
  }
  [[nodiscard]] std::string text() const {
    std::lock_guard lock{mutex_};
    return text_;
  }

private:
  static bool hex(std::string const& s, std::size_t digits) {
    return s.size() == digits && s.find_first_not_of("0123456789abcdef") == std::string::npos &&
           s.find_first_not_of('0') != std::string::npos;
  }
  void expect(bool so, std::string const& what) {
    if (!so)
      problems_.push_back(what);
  }
  void take(std::string const& sent) {
    std::lock_guard lock{mutex_};
    text_ += sent;
    try {
      auto const body = json::parse(sent).value();
      for (auto const& resource : body.at("resourceSpans").as_array()) {
        std::map<std::string, std::string> who;
        for (auto const& a : resource.at("resource").at("attributes").as_array())
          who[text_at(a, "key")] = text_at(a.at("value"), "stringValue");
        expect(who["service.name"] == "troupe", "service.name");
        for (auto const& scope : resource.at("scopeSpans").as_array())
          for (auto const& s : scope.at("spans").as_array())
            take_span(s.as_object());
      }
    } catch (std::exception const& x) {
      problems_.emplace_back(x.what());
    }
  }
  void take_span(json::object const& s) {
    static std::set<std::string> const known{
        "traceId",           "spanId",          "parentSpanId", "name", "kind", "attributes",
        "startTimeUnixNano", "endTimeUnixNano", "status"};
    for (auto const& m : s)
      expect(known.contains(std::string{m.key()}), "unknown member " + std::string{m.key()});
    got_span out{text_at(s, "traceId"),
                 text_at(s, "spanId"),
                 text_at(s, "parentSpanId"),
                 text_at(s, "name"),
                 s.at("kind").as_int64(),
                 std::stoll(text_at(s, "startTimeUnixNano")),
                 std::stoll(text_at(s, "endTimeUnixNano")),
                 {},
                 s.at("status").at("code").as_int64() == 2};
    expect(hex(out.trace, 32), "traceId " + out.trace);
    expect(hex(out.id, 16), "spanId " + out.id);
    expect(out.parent.empty() || hex(out.parent, 16), "parentSpanId " + out.parent);
    expect(!out.name.empty(), "a span without a name");
    expect(out.kind >= 1 && out.kind <= 5, "kind");
    expect(out.began > 1'600'000'000'000'000'000 && out.ended >= out.began, "times");
    for (auto const& a : s.at("attributes").as_array()) {
      auto const& v = a.at("value").as_object();
      expect(v.size() == 1, "an attribute has one value");
      auto const key = text_at(a, "key");
      auto const* type = v.contains("stringValue") ? "stringValue" : "intValue";
      expect(out.attributes.emplace(key, text_at(v, type)).second, "a key twice: " + key);
    }
    spans_.push_back(std::move(out));
  }

  mutable std::mutex mutex_;
  std::vector<got_span> spans_;
  std::vector<std::string> problems_;
  std::string text_;
  std::optional<http_server> server_; ///< the last, so that it ends first
};

std::vector<std::string> to(collector const& c, std::string const& percent = "100") {
  return {"--set", "telemetry.otlp_endpoint=" + c.endpoint(), "--set",
          "telemetry.traces_percent=" + percent};
}

std::string const trace = "0af7651916cd43dd8448eb211c80319c";
std::string const caller = "b7ad6b7169203331";

std::string parent(char const* flags = "01") {
  return "00-" + trace + "-" + caller + "-" + flags;
}

char const* const work = R"({"project":"duration","title":"Parse weeks","text":"So that w works.",
  "role":"dev","criteria":["3w is 21 days."]})";

std::size_t count(std::vector<got_span> const& all, std::string const& name) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](got_span const& s) { return s.name == name; }));
}

} // namespace

TEST_CASE("trace: a ticket's whole life is one trace, from the caller on", "[api]") {
  collector c;
  api_lab lab{to(c)};
  lab.project();
  one_man_team team{lab};
  auto const made = lab.post("/api/tickets", work, {{"traceparent", parent()}});
  REQUIRE(made.status == 201);
  team.finish(made.text("id"));
  // Work, review, gates that fail; the same again; and the merge.
  REQUIRE(team.orders().size() == 7);
  for (auto const& o : team.orders())
    CHECK(tracing::parse(o.trace).trace_id == trace);
  REQUIRE(eventually([&] { return count(c.of(trace), "daemon.attempt") == 7; }));
  lab.stop(); // the rest is sent before it ends
  auto const all = c.of(trace);
  CHECK(c.problems().empty());

  std::map<std::string, got_span> by_id;
  for (auto const& s : all)
    CHECK(by_id.emplace(s.id, s).second);
  std::size_t first = 0;
  for (auto const& s : all) {
    INFO(s.name << " " << s.id << " of " << s.parent);
    if (s.parent == caller) {
      ++first;
      CHECK(s.name == "POST /api/tickets");
      CHECK(s.kind == 2);
      CHECK(s.attributes.at("http.response.status_code") == "201");
      continue;
    }
    auto const above = by_id.find(s.parent);
    REQUIRE(above != by_id.end());
    CHECK(s.began >= above->second.began);
  }
  CHECK(first == 1);

  auto const names = [&](std::string const& id) {
    std::vector<std::string> out;
    for (auto at = id; by_id.contains(at); at = by_id.at(at).parent)
      out.push_back(by_id.at(at).name);
    return out;
  };
  for (auto const& s : all) {
    INFO(s.name);
    if (s.name == "journal.commit")
      CHECK(by_id.at(s.parent).attributes.contains("troupe.entity"));
    if (s.name == "daemon.attempt")
      CHECK(by_id.at(s.parent).attributes.at("troupe.entity") ==
            "default/ticket/" + made.text("id"));
    if (s.name == "ticket.finish") {
      CHECK(by_id.at(s.parent).name == "daemon.attempt");
      CHECK(std::stoll(s.attributes.at("troupe.queue_ns")) >= 0);
      CHECK(names(s.id).back() == "POST /api/tickets");
    }
  }
  CHECK(count(all, "ticket.open") >= 1); // it may be sent again before it is answered
  CHECK(count(all, "ticket.finish") == 7);
  CHECK(count(all, "ticket.start") == 7);
  CHECK(count(all, "journal.commit") >= 15);
  // Heartbeats, which come all the time, are not in it.
  CHECK(count(all, "ticket.renew") == 0);
}

TEST_CASE("trace: messages between agents are in the trace of the request they come from",
          "[api]") {
  collector c;
  api_lab lab{to(c)};
  lab.project();
  auto const made = lab.post(
      "/api/briefs",
      R"({"project":"duration","name":"n","text":"Ann: We must print weeks.\nBob: Agreed.\n"})",
      {{"traceparent", parent()}});
  REQUIRE(made.status == 201);
  REQUIRE(eventually([&] {
    return lab.get("/api/briefs/" + made.text("id")).text("status") == "pending_approval";
  }));
  REQUIRE(eventually([&] {
    auto const all = c.of(trace);
    return count(all, "message.request") >= 1 && count(all, "agent.receive") >= 1 &&
           count(all, "agent.reply") >= 1 && count(all, "approval.open") >= 1;
  }));
  CHECK(c.problems().empty());
  for (auto const& s : c.of(trace))
    if (s.name == "agent.receive")
      CHECK(s.attributes.at("troupe.entity").starts_with("default/agent/duration."));
}

TEST_CASE("trace: who begins a trace says whether it is kept", "[api]") {
  collector c;
  api_lab lab{to(c, "0")};
  lab.project();
  // Not sampled by the caller; begun here and none are kept; sampled by the caller.
  REQUIRE(lab.post("/api/tickets", work, {{"traceparent", parent("00")}}).status == 201);
  REQUIRE(lab.post("/api/tickets", work).status == 201);
  auto const other = "1" + trace.substr(1);
  REQUIRE(lab.post("/api/tickets", work, {{"traceparent", "00-" + other + "-" + caller + "-01"}})
              .status == 201);
  REQUIRE(eventually([&] { return !c.of(other).empty(); }));
  lab.stop();
  for (auto const& s : c.spans())
    CHECK(s.trace == other);
}

TEST_CASE("trace: off, nothing of it is stored", "[api]") {
  project_lab lab;
  REQUIRE(lab.post("/api/briefs",
                   R"({"project":"duration","name":"n","text":"Ann: We must print weeks.\n"})",
                   {{"traceparent", parent()}})
              .status == 201);
  (void)lab.quiet_mark();
  for (auto const& e : lab.events())
    CHECK(json::canonical(e).find(trace) == std::string::npos);
  auto const m = scraped(lab);
  CHECK(m.value("troupe_trace_spans_total") == 0);
}

TEST_CASE("trace: a canary is in no span", "[api]") {
  std::string const canary = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  collector c;
  api_lab lab{to(c)};
  lab.project();
  CHECK(lab.get("/api/tickets/" + canary).status == 404);
  (void)lab.post("/api/tickets/" + canary + "/cancel", R"({"why":")" + canary + "\"}",
                 {{"User-Agent", canary}});
  (void)lab.source("Ada: the token is " + canary + ", we must print weeks.\n");
  REQUIRE(eventually([&] {
    auto const all = c.spans();
    return count(all, "POST /api/tickets/{id}/cancel") == 1 && count(all, "ticket.cancel") == 1 &&
           count(all, "agent.receive") >= 1;
  }));
  lab.stop();
  CHECK(c.problems().empty()); // a command to what was never opened is decided on twice
  CHECK(c.text().find(canary) == std::string::npos);
  CHECK(c.text().find("[redacted:github-token]") != std::string::npos);
}
