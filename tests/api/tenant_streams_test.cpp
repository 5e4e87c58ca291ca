#include "actors/tap/tap.hpp"
#include "tests/api/two_tenants.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

tenant_id const mine{"antelope"};

bool tells(std::string const& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}
bool tells(std::vector<stream_event> const& all, std::string_view word) {
  return std::any_of(all.begin(), all.end(),
                     [&](stream_event const& e) { return tells(e.data, word); });
}

client_response fetch(two_tenants const& lab, std::string const& path,
                      api_lab::headers const& headers) {
  auto const r = http_request("GET", lab.server.url() + path, headers, {});
  INFO(path);
  REQUIRE(r.has_value());
  return *r;
}

/// A brief of a tenant.
void submit(two_tenants& lab, tenant_id const& tenant, std::string const& id) {
  brief::submit c;
  c.project = project_id{"x"};
  c.from.name = "talk";
  c.from.text = "Ada: We must print weeks.";
  c.config = find_template("standard@1").value().config;
  c.config.repository = "none";
  (void)lab.tell({tenant, entity_kind::brief, id}, brief::command{std::move(c)});
}

/// Everything that a watch was told of: what it was shown, and what it was not.
std::uint64_t accounted_for(stream_reader const& watch) {
  std::uint64_t n = 0;
  for (auto const& e : watch.got()) {
    auto const data = data_of(e);
    if (e.event == "record")
      ++n;
    else if (e.event == "gap")
      n += data.at("count").to_number<std::uint64_t>();
  }
  return n;
}

/// What a watch with the least rate accounts for, once nothing more comes.
std::uint64_t accounted_in_the_end(two_tenants& lab, stream_reader const& watch) {
  using clock = std::chrono::steady_clock;
  // What was missed is said once a second.
  constexpr auto still = std::chrono::milliseconds{2500};
  auto n = accounted_for(watch);
  auto since = clock::now();
  REQUIRE(eventually([&] {
    if (auto const next = accounted_for(watch); next != n || lab.n->under_way() != 0) {
      n = next;
      since = clock::now();
    }
    return clock::now() - since > still;
  }));
  return n;
}

} // namespace

TEST_CASE("tenants: what a gap counts is one's own, however busy another tenant is", "[api]") {
  two_tenants lab;
  tenant_id const other{"zebra"};
  auto const as = api_lab::as(lab.token_of(mine));
  auto const path = lab.server.url() + "/api/watch?rate=1&contents=true&limit=1000000";
  auto const work = [&](bool together) {
    constexpr int mine_of_it = 10;
    constexpr int theirs_of_it = 150;
    for (int i = 0; i < theirs_of_it; ++i) {
      if (together)
        lab.work(other, "zebra" + std::to_string(i));
      if (i % (theirs_of_it / mine_of_it) == 0)
        lab.work(mine, (together ? "late" : "early") + std::to_string(i));
    }
  };
  std::uint64_t alone = 0;
  {
    stream_reader watch{path, as};
    REQUIRE(watch.opens());
    work(false);
    alone = accounted_in_the_end(lab, watch);
  }
  CHECK(alone > 100);
  stream_reader watch{path, as};
  REQUIRE(watch.opens());
  work(true);
  auto const beside = accounted_in_the_end(lab, watch);
  // The other one made fifteen times as many. Timers and things sent again make some difference.
  CHECK(beside > alone / 2);
  CHECK(beside < alone * 2);
  CHECK_FALSE(tells(watch.got(), "zebra"));
  bool gaps = false;
  for (auto const& e : watch.got())
    gaps = gaps || (e.event == "gap" && text_at(data_of(e), "why") == "rate");
  CHECK(gaps); // the rate was used up, and that was said
}

TEST_CASE("tenants: what a gap counts as without room is one's own, whoever took the room",
          "[api]") {
  two_tenants lab;
  tenant_id const other{"zebra"};
  tenant_id const quiet{"newt"};
  // Filters, so that choke points record whatever the rates.
  auto const path = lab.server.url() + "/api/watch?limit=1000000&filter=kind%3Dnothing";
  stream_reader watch{path, api_lab::as(lab.token_of(mine))};
  stream_reader theirs{path, api_lab::as(lab.token_of(other))};
  stream_reader nothing{path, api_lab::as(lab.token_of(quiet))};
  for (auto* reader : {&watch, &theirs, &nothing})
    REQUIRE(reader->opens());
  // Far more at once than a thread has room for: what the desks and shards of a server would make
  // in an overload, from one thread.
  auto const pass = [](tenant_id const& of) {
    traffic::header h{traffic::category::send, traffic::direction::out};
    h.set(traffic::field::tenant, of.value);
    h.set(traffic::field::kind, "note");
    traffic::record(h);
  };
  constexpr std::uint64_t mine_of_it = 5'000;
  constexpr std::uint64_t times = 40; // as many are the other one's
  std::thread{[&] {
    for (std::uint64_t i = 0; i < mine_of_it * times; ++i) {
      pass(other);
      if (i % times == 0)
        pass(mine);
    }
  }}.join();
  auto const own = accounted_in_the_end(lab, watch);
  auto const of_others = accounted_in_the_end(lab, theirs);
  CHECK(own > 0);
  CHECK(own <= mine_of_it);
  CHECK(of_others > own);
  CHECK(of_others <= mine_of_it * times);
  CHECK(own + of_others == lab.tap.counts().no_room);
  CHECK(accounted_for(nothing) == 0);
  for (auto const& e : watch.got())
    CHECK(text_at(data_of(e), "why") == "room");
}

TEST_CASE("tenants: one that watches as much as it may leaves others their watches", "[api]") {
  two_tenants lab;
  tenant_id const other{"zebra"};
  auto const path = lab.server.url() + "/api/watch?filter=brief%3Db";
  auto const as = api_lab::as(lab.token_of(mine));
  auto const again = api_lab::as(lab.token_of(mine)); // a token has sixteen of its own
  std::vector<std::unique_ptr<stream_reader>> all;
  for (int i = 0; i < 16; ++i) {
    all.push_back(std::make_unique<stream_reader>(path + std::to_string(i), as));
    REQUIRE(all.back()->opens());
  }
  auto const refused = http_request("GET", path + "16", again, {});
  REQUIRE(refused.has_value());
  CHECK(refused->status == 429);
  CHECK(tells(refused->body, "this tenant has 16 different watches"));
  stream_reader same{path + "3", again}; // this one there is
  CHECK(same.opens());
  for (int i = 0; i < 16; ++i) {
    all.push_back(std::make_unique<stream_reader>(path + std::to_string(i),
                                                  api_lab::as(lab.token_of(other))));
    REQUIRE(all.back()->opens());
  }
}

TEST_CASE("tenants: a watcher who used up its rate hears nothing of another tenant's work",
          "[api]") {
  two_tenants lab;
  tenant_id const other{"zebra"};
  stream_reader watch{lab.server.url() + "/api/watch?rate=1&limit=1000000",
                      api_lab::as(lab.token_of(mine))};
  REQUIRE(watch.opens());
  lab.work(mine, "mine");
  (void)accounted_in_the_end(lab, watch);
  auto const before = watch.got().size();
  for (int i = 0; i < 100; ++i)
    lab.work(other, "zebra" + std::to_string(i));
  (void)accounted_in_the_end(lab, watch);
  CHECK(watch.got().size() == before);
}

TEST_CASE("tenants: streams about a brief or a ticket are about one's own", "[api]") {
  two_tenants lab;
  submit(lab, inner_tenant, "theirs");
  submit(lab, mine, "own");
  auto const token = lab.token_of(mine);
  auto const as = api_lab::as(token);
  // There is none of that name here; that there is one elsewhere is nobody's business.
  for (auto const* what : {"brief", "ticket"}) {
    auto const path = "/api/stream?" + std::string{what} + "=";
    auto const foreign = fetch(lab, path + "theirs", as);
    auto absent = fetch(lab, path + "absent", as);
    CHECK(foreign.status == 404);
    CHECK(absent.status == 404);
    auto const at = absent.body.find("absent");
    REQUIRE(at != std::string::npos);
    CHECK(foreign.body == absent.body.replace(at, 6, "theirs"));
  }
  stream_reader reader{lab.server.url() + "/api/stream?brief=own", as};
  REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
  CHECK(text_at(data_of(reader.got().front()).at("brief"), "id") == "own");
}

TEST_CASE(
    "tenants: a place in another tenant's stream, or of the whole ledger, tells only one's own",
    "[api]") {
  two_tenants lab;
  lab.work(inner_tenant, "zebra");
  lab.work(mine, "antelope");
  auto const home = api_lab::as(lab.token_of(inner_tenant));
  auto const foreign = api_lab::as(lab.token_of(mine));
  stream_reader theirs{lab.server.url() + "/api/stream", home};
  REQUIRE(theirs.wait_for([](auto const& all) { return !all.empty(); }));
  auto const place = theirs.got().front().id;
  lab.work(inner_tenant, "zebra-late");
  lab.work(mine, "antelope-late");
  for (auto const& last : {std::string{"p1."}, place, std::string{}}) {
    INFO(last);
    auto headers = foreign;
    if (!last.empty())
      headers["Last-Event-ID"] = last;
    for (auto const* filter : {"", "?entity=zebra", "?agent=zebra", "?kind=project"}) {
      INFO(filter);
      stream_reader reader{lab.server.url() + "/api/stream" + filter, headers};
      REQUIRE(reader.opens());
      auto const mark = "antelope-" + std::to_string(std::hash<std::string>{}(last + filter));
      bool const shows = std::string_view{filter}.find("zebra") == std::string_view::npos;
      lab.work(mine, mark);
      lab.work(inner_tenant, "zebra" + mark.substr(8));
      lab.work(mine, mark + "-end");
      if (shows)
        REQUIRE(reader.wait_for([&](auto const& all) { return tells(all, mark + "-end"); }));
      CHECK_FALSE(tells(reader.got(), "zebra"));
    }
  }
}

TEST_CASE("tenants: command line and browser with a token of one tenant show nothing of another's",
          "[api]") {
  two_tenants lab;
  lab.work(inner_tenant, "zebra");
  submit(lab, inner_tenant, "zebrabrief");
  lab.work(mine, "antelope");
  auto const token = lab.token_of(mine);
  temporary_folder const home;
  for (std::vector<std::string> const& words : std::vector<std::vector<std::string>>{
           {"project", "list"},
           {"project", "show", "zebra"},
           {"brief", "list"},
           {"brief", "show", "zebrabrief"},
           {"ticket", "list"},
           {"agents"},
           {"approve"},
           {"why", "zebrabrief"},
           {"token", "list"},
           {"dead-letters"},
           {"watch", "--follow", "zebrabrief", "--seconds", "1"},
           {"watch", "--traffic", "--since", "1h", "--contents", "--seconds", "1"},
           {"watch", "--traffic", "tenant=default", "--since", "1h", "--seconds", "1"},
           {"watch", "--stats", "--seconds", "1"}})
    for (bool const json : {false, true}) {
      auto line = words;
      if (json)
        line.emplace_back("--json");
      auto const r = run_troupe(line, home.path(),
                                {{"TROUPE_SERVER", lab.server.url()}, {"TROUPE_TOKEN", token}});
      INFO(words[0] << " " << words.at(words.size() > 1 ? 1 : 0) << ": " << r.out << r.err);
      // What was asked for may be repeated; what there is of it may not be told.
      CHECK_FALSE(tells(r.out, "zebra of "));
      CHECK_FALSE(tells(r.out, "We must print weeks"));
      CHECK_FALSE(tells(r.out, "project:zebra"));
      CHECK_FALSE(tells(r.out, "zebra."));
      if (words[0] != "watch")
        CHECK(r.exit_code != 0);
      if (words.size() > 2 && words[2] == "--since")
        CHECK(tells(r.out, "antelope")); // it does watch
    }
  // A browser that has the token as a cookie sees no more.
  auto const port = std::to_string(lab.server.port());
  api_lab::headers const cookie{{"Cookie", "troupe_session_" + port + "=" + token}};
  for (auto const& r : all_routes(*lab.edge))
    if (r.method == "GET" && r.pattern.find('{') == std::string::npos &&
        std::holds_alternative<handler>(r.handle) && r.pattern.starts_with("/api/"))
      CHECK(fetch(lab, r.pattern, cookie).status == 403);
  stream_reader watch{lab.url("&since=1h"), cookie};
  stream_reader events{lab.server.url() + "/api/stream", cookie};
  REQUIRE(watch.opens());
  REQUIRE(events.opens());
  lab.work(inner_tenant, "zebra-live");
  lab.work(mine, "antelope-live");
  for (auto* reader : {&watch, &events}) {
    REQUIRE(reader->wait_for([](auto const& all) { return tells(all, "antelope-live"); }));
    CHECK_FALSE(tells(reader->got(), "zebra"));
  }
  // And the numbers of the whole server are not for one tenant of several.
  auto const numbers = fetch(lab, "/metrics", api_lab::as(token));
  CHECK(numbers.status == 403);
  CHECK_FALSE(tells(numbers.body, "troupe_"));
}
