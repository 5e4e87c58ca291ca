#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace troupe::test {

namespace {
constexpr auto patience = std::chrono::seconds{20};
char const* const meeting = TROUPE_SOURCE_DIR "/demo/meeting.vtt";

/// Whether the entity itself has come as far as its row of a list, which may be ahead of it.
bool has_heard(api_lab const& lab, std::string const& kind, json::value const& row) {
  auto const shown = lab.get("/api/" + kind + "/" + text_at(row, "id"));
  return shown.status == 200 && shown.json.at("version").to_number<std::int64_t>() >=
                                    row.at("version").to_number<std::int64_t>();
}
} // namespace

std::string text_at(json::value const& v, std::string_view key) {
  auto const* found = v.is_object() ? v.get_object().if_contains(key) : nullptr;
  return found != nullptr && found->is_string() ? std::string{std::string_view{found->get_string()}}
                                                : std::string{};
}

std::string api_answer::text(std::string_view key) const {
  return text_at(json, key);
}

json::object data_of(stream_event const& e) {
  auto v = json::parse(e.data);
  return v && v->is_object() ? v->get_object() : json::object{};
}

api_lab::api_lab(std::vector<std::string> more_arguments)
    : port_(free_port()), url_("http://127.0.0.1:" + std::to_string(port_)),
      more_(std::move(more_arguments)) {
  open();
}

void api_lab::open() {
  std::vector<std::string> arguments{
      "serve", "--data", data().string(), "--port", std::to_string(port_), "--resend-ms", "300"};
  arguments.insert(arguments.end(), more_.begin(), more_.end());
  server_ = std::make_unique<background>(arguments, home_.path(), home_.path() / "server.log");
  if (!eventually([&] { return healthy(); }, patience))
    throw std::runtime_error("the server did not start: " + log());
  admin_ = text_of(data() / "admin.token");
  admin_ = admin_.substr(0, admin_.find('\n'));
}

void api_lab::stop() {
  CHECK(server_->stop() == 0);
}

void api_lab::crash() {
  server_.reset();
}

api_lab::headers api_lab::as(std::string const& token) {
  return {{"Authorization", "Bearer " + token}};
}

api_answer api_lab::call(std::string const& method, std::string const& path,
                         std::string const& body, headers more) const {
  more.emplace("Authorization", "Bearer " + admin_);
  api_answer out;
  auto r = http_request(method, url_ + path, more, body, patience);
  if (!r) {
    out.body = r.error().message;
    return out;
  }
  out.status = r->status;
  out.headers = std::move(r->headers);
  out.body = std::move(r->body);
  if (auto v = json::parse(out.body); v && v->is_object())
    out.json = std::move(v->get_object());
  return out;
}

api_answer api_lab::get(std::string const& path, headers more) const {
  return call("GET", path, {}, std::move(more));
}
api_answer api_lab::post(std::string const& path, std::string const& body, headers more) const {
  more.emplace("Content-Type", "application/json");
  return call("POST", path, body, std::move(more));
}
api_answer api_lab::put(std::string const& path, std::string const& body) const {
  return call("PUT", path, body, {{"Content-Type", "application/json"}});
}
api_answer api_lab::patch(std::string const& path, std::string const& body) const {
  return call("PATCH", path, body, {{"Content-Type", "application/json"}});
}
api_answer api_lab::remove(std::string const& path) const {
  return call("DELETE", path, {}, {});
}
api_answer api_lab::source(std::string const& bytes, headers more) const {
  more.emplace("Content-Type", "text/plain");
  return call("POST", "/api/sources?project=duration&name=notes", bytes, std::move(more));
}

json::array api_lab::events(std::string const& filter) const {
  json::array all;
  std::string after;
  for (;;) {
    auto const page = get("/api/events?limit=1000" + filter + after);
    if (page.status != 200)
      throw std::runtime_error("no events: " + page.body);
    for (auto const& e : page.json.at("items").as_array())
      all.push_back(e);
    auto const* next = page.json.if_contains("after");
    if (next == nullptr)
      return all;
    after = "&after=" + std::to_string(next->to_number<std::int64_t>());
  }
}

std::string api_lab::mark() const {
  // Not the one told last: how shards come after one another is another matter after a start.
  std::string newest;
  auto const all = events();
  for (auto const& e : all)
    newest = std::max(newest, text_at(e, "id"));
  auto out = std::to_string(all.size()) + " events, newest " + newest;
  auto const tokens = get("/api/tokens?limit=500");
  REQUIRE(tokens.status == 200);
  for (auto const& t : tokens.json.at("items").as_array())
    out += "; " + text_at(t, "id") + " " + text_at(t, "status");
  return out;
}

std::string api_lab::quiet_mark() const {
  // Longer than any of the server's own steps takes; its re-sending period is 300 ms.
  constexpr auto still = std::chrono::milliseconds{400};
  using clock = std::chrono::steady_clock;
  auto now = mark();
  auto since = clock::now();
  bool const quiet = eventually([&] {
    // On a busy machine a step may take longer than that; then its command is under way.
    auto const ready = get("/readyz");
    bool const works = ready.status == 200 && ready.json.at("under_way") != 0;
    if (auto next = mark(); next != now || works) {
      now = std::move(next);
      since = clock::now();
    }
    return clock::now() - since > still;
  });
  REQUIRE(quiet);
  return now;
}

bool api_lab::healthy() const {
  auto const r = http_request("GET", url_ + "/healthz", {}, {}, std::chrono::seconds{5});
  return r && r->status == 200;
}

void api_lab::project(std::string const& more_config) const {
  auto const made =
      post("/api/projects", R"({"id":"duration","config":{"repository":"/srv/duration.git")" +
                                (more_config.empty() ? "" : "," + more_config) + "}}");
  INFO(made.body);
  REQUIRE(made.status == 201);
}

std::string api_lab::pending_brief() const {
  auto const made = source(text_of(meeting), {{"Content-Type", "text/vtt"}});
  INFO(made.body);
  REQUIRE(made.status == 201);
  auto const id = made.text("id");
  REQUIRE(
      eventually([&] { return get("/api/briefs/" + id).text("status") == "pending_approval"; }));
  return id;
}

std::string api_lab::pending_plan(std::string const& brief) const {
  auto const done = post("/api/briefs/" + brief + "/approve");
  INFO(done.body);
  REQUIRE(done.status == 200);
  std::string id;
  REQUIRE(eventually([&] {
    auto const page = get("/api/plans?status=pending_approval&brief=" + brief);
    auto const& items = page.json.at("items").as_array();
    if (items.empty() || !has_heard(*this, "plans", items.front()))
      return false;
    id = text_at(items.front(), "id");
    return true;
  }));
  return id;
}

std::string api_lab::running(std::string const& plan) const {
  auto const done = post("/api/plans/" + plan + "/approve");
  INFO(done.body);
  REQUIRE(done.status == 200);
  std::string id;
  REQUIRE(eventually([&] {
    auto const page = get("/api/runs?status=running");
    auto const& items = page.json.at("items").as_array();
    if (items.empty() || !has_heard(*this, "runs", items.front()))
      return false;
    id = text_at(items.front(), "id");
    auto const ready = get("/api/tickets?status=ready");
    auto const& tickets = ready.json.at("items").as_array();
    return !tickets.empty() && std::all_of(tickets.begin(), tickets.end(), [&](auto const& t) {
      return has_heard(*this, "tickets", t);
    });
  }));
  return id;
}

std::string api_lab::token_for(std::string const& role) const {
  auto const made =
      post("/api/tokens", R"({"name":"a )" + role + R"(","roles":[")" + role + R"("]})");
  INFO(made.body);
  REQUIRE(made.status == 201);
  return made.text("token");
}

json::object lacks_of(api_lab const& lab, std::string const& path) {
  auto const shown = lab.get(path);
  INFO(shown.body);
  REQUIRE(shown.status == 200);
  auto const* lacks = shown.json.if_contains("lacks");
  return lacks != nullptr && lacks->is_object() ? lacks->get_object() : json::object{};
}

std::string waiting_approval(api_lab const& lab, std::string const& kind, std::string const& id) {
  auto const page = lab.get("/api/approvals?status=pending&subject=" + kind + ":" + id);
  auto const& items = page.json.at("items").as_array();
  if (items.size() != 1)
    return {};
  auto const about = lab.get("/api/" + kind + "s/" + id).text("content_hash");
  auto approval = text_at(items.front(), "id");
  auto const shown = lab.get("/api/approvals/" + approval);
  bool const waits = shown.text("status") == "pending" && shown.text("content_hash") == about;
  return waits ? approval : std::string{};
}

void hire_poet(api_lab const& lab) {
  auto roster = lab.get("/api/projects/duration").json.at("config").at("roster").as_array();
  roster.push_back(json::object{{"name", "homer"}, {"role", "poet"}, {"engine", "human"}});
  REQUIRE(lab.patch("/api/projects/duration", json::canonical(json::object{{"roster", roster}}))
              .status == 200);
  REQUIRE(eventually([&] { return lab.get("/api/agents/duration.homer").status == 200; }));
  // The board tells who is in the project, a moment after the agent itself.
  REQUIRE(eventually([&] {
    auto const page = lab.get("/api/agents?project=duration&limit=500");
    auto const& agents = page.json.at("items").as_array();
    return std::any_of(agents.begin(), agents.end(),
                       [](auto const& a) { return text_at(a, "id") == "duration.homer"; });
  }));
}

json::object refused(api_answer const& a, int status, std::string_view code) {
  INFO(a.body);
  CHECK(a.status == status);
  auto const type = a.headers.find("content-type");
  REQUIRE(type != a.headers.end());
  CHECK(type->second == "application/problem+json");
  CHECK(a.text("type") == "urn:troupe:problem:" + std::string{code});
  CHECK_FALSE(a.text("title").empty());
  CHECK_FALSE(a.text("detail").empty());
  CHECK_FALSE(a.text("instance").empty());
  REQUIRE(a.json.contains("status"));
  CHECK(a.json.at("status").to_number<int>() == status);
  if (code == "conflict" && status == 409) {
    // What may be done instead.
    CHECK(a.json.contains("allowed"));
    CHECK_FALSE(a.text("state").empty());
  }
  return a.json;
}

unchanged::~unchanged() noexcept(false) {
  if (std::uncaught_exceptions() > 0)
    return;
  CHECK(lab_.quiet_mark() == before_);
  CHECK(lab_.healthy());
}

stream_reader::stream_reader(api_lab const& lab, std::string const& query,
                             std::string const& last_id, std::string const& token,
                             std::string const& path) {
  auto headers = api_lab::as(token.empty() ? lab.token() : token);
  if (!last_id.empty())
    headers["Last-Event-ID"] = last_id;
  begin(lab.url() + path + query, headers);
}

stream_reader::stream_reader(std::string const& url, api_lab::headers const& headers) {
  begin(url, headers);
}

void stream_reader::begin(std::string const& url, api_lab::headers const& headers) {
  thread_ = std::thread{[this, url, headers] {
    auto done = stream_events(
        url, headers,
        [this](stream_event const& e) {
          std::lock_guard lock{mutex_};
          got_.push_back(e);
          wakeup_.notify_all();
        },
        stop_,
        [this](bool up, std::string const&) {
          std::lock_guard lock{mutex_};
          opened_ = opened_ || up;
          wakeup_.notify_all();
        });
    std::lock_guard lock{mutex_};
    outcome_ = std::move(done);
    wakeup_.notify_all();
  }};
}

stream_reader::~stream_reader() {
  stop();
}

void stream_reader::stop() {
  stop_ = true;
  if (thread_.joinable())
    thread_.join();
}

std::vector<stream_event> stream_reader::got() const {
  std::lock_guard lock{mutex_};
  return got_;
}

bool stream_reader::wait_for(std::function<bool(std::vector<stream_event> const&)> const& so) {
  std::unique_lock lock{mutex_};
  return wakeup_.wait_for(lock, patience, [&] { return so(got_); });
}

bool stream_reader::hears_of(std::string const& entity) {
  return wait_for([&](auto const& all) {
    for (auto const& e : all)
      if (text_at(data_of(e), "entity") == entity)
        return true;
    return false;
  });
}

bool stream_reader::opens() {
  std::unique_lock lock{mutex_};
  return wakeup_.wait_for(lock, patience, [&] { return opened_; });
}

bool stream_reader::ends() {
  std::unique_lock lock{mutex_};
  return wakeup_.wait_for(lock, patience, [&] { return outcome_.has_value(); });
}

result<void> stream_reader::outcome() const {
  std::lock_guard lock{mutex_};
  REQUIRE(outcome_.has_value());
  return *outcome_;
}

} // namespace troupe::test
