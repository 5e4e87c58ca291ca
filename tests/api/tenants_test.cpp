#include "tests/api/two_tenants.hpp"

#include <cctype>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A word that only the other tenant's things have; no id has it, as errors may repeat ids.
constexpr std::string_view canary = "quagga";

bool tells(std::string text) {
  for (auto& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text.find(canary) != std::string::npos;
}

/// Somebody who asks the server.
struct caller {
  std::string url;
  std::string token;

  [[nodiscard]] client_response ask(std::string const& method, std::string const& path,
                                    std::string const& body = {}) const {
    auto headers = api_lab::as(token);
    if (!body.empty())
      headers["Content-Type"] = "application/json";
    auto const r = http_request(method, url + path, headers, body);
    INFO(method << " " << path);
    REQUIRE(r.has_value());
    return *r;
  }
  /// The body of what must go well.
  [[nodiscard]] json::value done(std::string const& method, std::string const& path,
                                 std::string const& body = {}) const {
    auto const r = ask(method, path, body);
    INFO(method << " " << path << ": " << r.body);
    REQUIRE(r.status < 300);
    return json::parse(r.body).value();
  }
  /// The ids of a list.
  [[nodiscard]] std::vector<std::string> ids(std::string const& list) const {
    std::vector<std::string> out;
    auto const all = done("GET", list);
    for (auto const& item : all.at("items").as_array())
      if (auto id = text_at(item, "id"); !id.empty())
        out.push_back(std::move(id));
    return out;
  }
};

/// A body that a route takes, so that it is not refused for that.
std::string body_of(route const& r) {
  auto const last = r.pattern.substr(r.pattern.rfind('/') + 1);
  static std::map<std::string, std::string> const bodies{
      {"comments", R"({"text":"x"})"},    {"answer", R"({"text":"x"})"},
      {"review", R"({"approved":true})"}, {"report", R"({"outcome":"done"})"},
      {"resolve", R"({"how":"retry"})"},  {"decide", R"({"how":"approve"})"},
      {"grant", R"({"amount":1})"}};
  auto const it = bodies.find(last);
  if (r.body_limit == 0)
    return {};
  return it == bodies.end() ? "{}" : it->second;
}

/// A team of the other tenant with something of every kind.
void settle_in(caller const& zebra) {
  (void)zebra.done("POST", "/api/projects",
                   R"({"id":"stripes","name":"Quagga","template_name":"standard",
                       "config":{"repository":"none"}})");
  (void)zebra.done("POST", "/api/tickets",
                   R"({"project":"stripes","title":"Draw a quagga","role":"dev"})");
  (void)zebra.done("POST", "/api/briefs",
                   R"({"project":"stripes","name":"talk",
                       "text":"Ada: The parser must accept the word quagga in every field."})");
  auto const code = zebra.done("POST", "/api/daemons/codes", R"({"seconds":900})");
  (void)zebra.done("POST", "/api/daemons/enroll",
                   json::canonical(json::object{{"code", text_at(code, "code")},
                                                {"name", "quagga"},
                                                {"runners", json::array{}}}));
  (void)zebra.done("POST", "/api/tokens", R"({"name":"quagga","roles":["viewer"]})");
}

} // namespace

TEST_CASE("tenants: no route shows or changes anything of another tenant's", "[api]") {
  two_tenants lab;
  tenant_id const mine{"antelope"};
  caller const antelope{lab.server.url(), lab.token_of(mine)};
  caller const zebra{lab.server.url(), lab.token_of(tenant_id{"zebra"})};
  stream_reader stream{lab.server.url() + "/api/stream", api_lab::as(antelope.token)};
  REQUIRE(stream.opens());
  settle_in(zebra);

  std::map<std::string, std::vector<std::string>> theirs; // by what stands before `{id}`
  int shown = 0;
  for (auto const& r : all_routes(*lab.edge)) {
    if (r.method != "GET" || r.pattern.find('{') != std::string::npos ||
        !std::holds_alternative<handler>(r.handle) || !r.pattern.starts_with("/api/"))
      continue;
    auto const own = zebra.ask("GET", r.pattern);
    shown += tells(own.body) ? 1 : 0;
    if (own.status == 200 && own.body.find("\"items\"") != std::string::npos)
      theirs[r.pattern + "/"] = zebra.ids(r.pattern);
    auto const seen = antelope.ask("GET", r.pattern);
    INFO("GET " << r.pattern << ": " << seen.body);
    CHECK_FALSE(tells(seen.body));
  }
  CHECK(shown >= 6); // projects, tickets, briefs, events, daemons, tokens: it can fail
  auto const entities = theirs.at("/api/tickets/");
  REQUIRE(entities.size() == 1);
  theirs["/api/history/ticket/"] = entities;
  theirs["/api/history/project/"] = {"stripes"};
  theirs["/api/why/"] = {entities.front(), theirs.at("/api/events/").front()};

  int asked = 0;
  for (auto r : all_routes(*lab.edge)) {
    if (auto const kind = r.pattern.find("{kind}"); kind != std::string::npos)
      r.pattern.replace(kind, 6, "ticket");
    auto const open = r.pattern.find('{');
    if (open == std::string::npos || !std::holds_alternative<handler>(r.handle))
      continue;
    auto const front = r.pattern.substr(0, open);
    auto const rest = r.pattern.substr(r.pattern.find('}') + 1);
    auto const found = theirs.find(front);
    if (found == theirs.end() || front == "/api/templates/") // shipped with the program
      continue;
    for (auto const& id : found->second) {
      auto const answer = antelope.ask(r.method, front + id + rest, body_of(r));
      INFO(r.method << " " << front << id << rest << ": " << answer.status << " " << answer.body);
      CHECK(answer.status >= 400);
      CHECK(answer.status < 500);
      CHECK_FALSE(tells(answer.body));
      ++asked;
    }
  }
  CHECK(asked > 40);

  // What was refused left nothing behind, and what is streamed is one's own.
  lab.work(mine, "last");
  REQUIRE(stream.wait_for([](auto const& all) {
    return std::any_of(all.begin(), all.end(), [](stream_event const& e) {
      return e.data.find("last") != std::string::npos;
    });
  }));
  for (auto const& e : stream.got())
    CHECK_FALSE(tells(e.data));
  auto const events = zebra.done("GET", "/api/events?limit=1000");
  CHECK(json::canonical(events).find("human:antelope") == std::string::npos);
  CHECK_FALSE(tells(antelope.ask("GET", "/metrics").body));
}
