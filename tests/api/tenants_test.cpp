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

/// A team with something of most kinds.
void settle_in(caller const& home) {
  (void)home.done("POST", "/api/projects",
                  R"({"id":"stripes","name":"Quagga","template_name":"standard",
                      "config":{"repository":"none"}})");
  (void)home.done("POST", "/api/tickets",
                  R"({"project":"stripes","title":"Draw a quagga","role":"dev"})");
  (void)home.done("POST", "/api/briefs",
                  R"({"project":"stripes","name":"talk",
                      "text":"Ada: The parser must accept the word quagga in every field."})");
  auto const code = home.done("POST", "/api/daemons/codes", R"({"seconds":900})");
  (void)home.done("POST", "/api/daemons/enroll",
                  json::canonical(json::object{{"code", text_at(code, "code")},
                                               {"name", "quagga"},
                                               {"runners", json::array{}}}));
  (void)home.done("POST", "/api/tokens", R"({"name":"quagga","roles":["viewer"]})");
}

} // namespace

TEST_CASE("tenants: no route shows or changes anything of another tenant's", "[api]") {
  two_tenants lab;
  tenant_id const other{"zebra"};
  caller const home{lab.server.url(), lab.token_of(inner_tenant)};
  caller const foreigner{lab.server.url(), lab.token_of(other)};
  auto const as = api_lab::as(foreigner.token);
  stream_reader stream{lab.server.url() + "/api/stream", as};
  stream_reader watch{lab.url(""), as};
  REQUIRE(stream.opens());
  REQUIRE(watch.opens());
  settle_in(home);
  std::vector<std::string> lists;
  for (auto const& r : all_routes(*lab.edge))
    if (r.method == "GET" && r.pattern.find('{') == std::string::npos &&
        std::holds_alternative<handler>(r.handle) && r.pattern.starts_with("/api/"))
      lists.push_back(r.pattern);
  // What is listed follows what was acknowledged, and a ticket says whom it waits for.
  REQUIRE(eventually([&] {
    auto const shown = std::count_if(lists.begin(), lists.end(), [&](auto const& list) {
      return tells(home.ask("GET", list).body);
    });
    if (shown < 6) // projects, tickets, briefs, events, daemons, tokens: there is what to see
      return false;
    auto const agents =
        home.done("GET", "/api/projects/stripes").at("config").at("roster").as_array().size();
    auto const ready = home.ids("/api/tickets?status=ready");
    if (ready.size() != 1 || home.ids("/api/agents").size() != agents ||
        home.ids("/api/daemons").empty())
      return false;
    auto const ticket = home.done("GET", "/api/tickets/" + ready.front());
    return text_at(ticket, "status") == "ready" && ticket.as_object().contains("lacks");
  }));

  std::map<std::string, std::vector<std::string>> theirs; // by what stands before `{id}`
  for (auto const& list : lists) {
    auto const answer = home.ask("GET", list);
    if (answer.status == 200 && answer.body.find("\"items\"") != std::string::npos)
      theirs[list + "/"] = home.ids(list);
  }
  auto const tickets = theirs.at("/api/tickets/");
  REQUIRE(tickets.size() == 1);
  theirs["/api/history/ticket/"] = tickets;
  theirs["/api/why/"] = {tickets.front(), theirs.at("/api/events/").front()};
  auto const before = home.ask("GET", "/api/tickets/" + tickets.front()).body;

  int asked = 0;
  auto const refuses = [&](route const& r, std::string const& path) {
    auto const answer = foreigner.ask(r.method, path, body_of(r));
    INFO(r.method << " " << path << ": " << answer.status << " " << answer.body);
    CHECK(answer.status == 403);
    CHECK_FALSE(tells(answer.body));
    ++asked;
  };
  for (auto r : all_routes(*lab.edge)) {
    if (!std::holds_alternative<handler>(r.handle) || r.needs == role::none)
      continue;
    if (auto const kind = r.pattern.find("{kind}"); kind != std::string::npos)
      r.pattern.replace(kind, 6, "ticket");
    auto const open = r.pattern.find('{');
    if (open == std::string::npos) {
      refuses(r, r.pattern);
      continue;
    }
    auto const front = r.pattern.substr(0, open);
    auto ids = theirs[front];
    if (ids.empty())
      ids.emplace_back("some");
    for (auto const& id : ids)
      refuses(r, front + id + r.pattern.substr(r.pattern.find('}') + 1));
  }
  CHECK(asked > 60);
  CHECK(home.ask("GET", "/api/tickets/" + tickets.front()).body == before);

  // What is streamed is one's own.
  lab.work(other, "last");
  for (auto* s : {&stream, &watch}) {
    REQUIRE(s->wait_for([](auto const& all) {
      return std::any_of(all.begin(), all.end(), [](stream_event const& e) {
        return e.data.find("last") != std::string::npos;
      });
    }));
    for (auto const& e : s->got())
      CHECK_FALSE(tells(e.data));
  }
}
