#include "tests/faults/lab.hpp"

#include "gateway/client/http_client.hpp"
#include "net/free_port.hpp"
#include "tests/support/eventually.hpp"

#include <csignal>
#include <random>
#include <sstream>

namespace troupe::faults {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr char const* binary = TROUPE_BINARY;

std::string text_at(json::object const& o, std::string_view key) {
  auto const* v = o.if_contains(key);
  return v != nullptr && v->is_string() ? std::string{std::string_view{v->get_string()}}
                                        : std::string{};
}

std::string must_run(std::vector<std::string> const& words, fs::path const& in = {}) {
  auto const r = demo::run(words, in);
  if (r.exit_code != 0)
    throw broken{words[0] + " " + (words.size() > 1 ? words[1] : "") + " failed: " + r.output};
  return r.output;
}

std::string git(std::vector<std::string> words, fs::path const& in) {
  words.insert(words.begin(), {"git", "-c", "user.name=Olga", "-c", "user.email=olga@example.org"});
  return must_run(words, in);
}

/// Starts one of our programs, with variables of its own.
demo::child launch(std::vector<std::string> words, variables const& set, fs::path const& log) {
  words.insert(words.begin(), binary);
  if (!set.empty()) {
    std::vector<std::string> before{"/usr/bin/env"};
    for (auto const& [name, value] : set)
      before.push_back(name + "=" + value);
    words.insert(words.begin(), before.begin(), before.end());
  }
  auto c = demo::child::start(words, log);
  if (!c)
    throw broken{c.error().message};
  return std::move(*c);
}

} // namespace

std::string read_text(fs::path const& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf(); // does not throw where the file is of a process that ends meanwhile
  return out.str();
}

bool comes(std::function<bool()> const& so, milliseconds limit) {
  return test::eventually(so, limit);
}

lab::lab(lab_settings s)
    : s_(std::move(s)), port_(free_port()), record_(s_.home / "history.jsonl") {
  if (s_.data.empty())
    s_.data = s_.home / "server";
  if (s_.daemon_data.empty())
    s_.daemon_data = s_.home;
  if (s_.direct.empty())
    s_.direct = s_.url;
  daemons_.resize(static_cast<std::size_t>(s_.daemons));
}

lab::~lab() {
  for (auto& d : daemons_) {
    if (!d)
      continue;
    ::kill(d->pid(), SIGCONT);
    d->stop(milliseconds{4000});
  }
  if (server_) {
    ::kill(server_->pid(), SIGCONT);
    server_->stop(milliseconds{8000});
  }
}

std::string lab::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

std::string lab::server_log() const {
  return read_text(s_.home / "server.log");
}

std::string lab::daemon_log(int which) const {
  return read_text(s_.home / ("daemon-" + std::to_string(which) + ".log"));
}

demo::child& lab::server() {
  return server_.value();
}

demo::child& lab::daemon(int which) {
  return daemons_.at(static_cast<std::size_t>(which)).value();
}

void lab::signal_server(int signal) {
  ::kill(server().pid(), signal);
}

std::vector<std::string> lab::place_of_ledger() const {
  if (s_.store == store_kind::postgres)
    return {"--store", s_.direct};
  return {"--data", s_.data.string()};
}

void lab::start_server(variables const& set) {
  std::vector<std::string> words{
      "serve",       "--data", s_.data.string(),          "--port",      std::to_string(port_),
      "--resend-ms", "300",    "--heartbeat-ms",          "300",         "--grace-ms",
      "1500",        "--set",  "actors.snapshot_after=5", "--log-level", "info"};
  if (s_.store == store_kind::postgres)
    words.insert(words.end(), {"--store", s_.url});
  words.insert(words.end(), s_.server_more.begin(), s_.server_more.end());
  server_ = launch(words, set, s_.home / "server.log");
}

void lab::start_daemon(int which, variables const& set) {
  auto const name = "daemon-" + std::to_string(which);
  daemons_.at(static_cast<std::size_t>(which)) =
      launch({"daemon", "run", "--data", (s_.daemon_data / name).string(), "--slots", "3", "--set",
              "daemon.allow_process=true"},
             set, s_.home / (name + ".log"));
}

bool lab::ready() const {
  return call("GET", "/readyz", {}, {}, milliseconds{2000}).status == 200;
}

milliseconds lab::await_ready(milliseconds limit) {
  auto const begun = std::chrono::steady_clock::now();
  bool gone = false;
  bool const came = comes(
      [&] {
        gone = !server_runs();
        return gone || ready();
      },
      limit);
  if (gone || !came)
    throw broken{std::string{"the server "} + (gone ? "ended" : "does not become ready") + ": " +
                 server_log()};
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
}

void lab::open() {
  make_repository();
  auto const before = server_log().size();
  start_server();
  // A start that was broken off may have left a token that is none.
  if (!comes([&] {
        return server_log().find("serving url=", before) != std::string::npos || !server_runs();
      }) ||
      !server_runs())
    throw broken{"the server did not start: " + server_log()};
  token_ = read_text(s_.data / "admin.token");
  token_ = token_.substr(0, token_.find('\n'));
  await_ready();
  make_project();
  for (int i = 0; i < s_.daemons; ++i) {
    enrol(i);
    start_daemon(i);
  }
  if (s_.daemons > 0 && !comes([&] {
        auto const page = call("GET", "/api/daemons?status=online");
        auto const* total = page.json.if_contains("total");
        return total != nullptr && *total == s_.daemons;
      }))
    throw broken{"the daemons did not connect: " + daemon_log(0)};
}

void lab::make_repository() {
  auto const bare = s_.home / "origin.git";
  auto const clone = s_.home / "clone";
  git({"init", "-q", "--bare", "-b", "main", bare.string()}, s_.home);
  git({"clone", "-q", bare.string(), clone.string()}, s_.home);
  git({"checkout", "-q", "-B", "main"}, clone);
  std::ofstream{clone / "README"} << "Duration\n";
  git({"add", "."}, clone);
  git({"commit", "-q", "-m", "first"}, clone);
  git({"push", "-q", "origin", "HEAD:refs/heads/main"}, clone);
  // The tool of every agent: says when it begins and ends, and works on a file of its ticket.
  std::ofstream{s_.home / "tool.sh"}
      << "set -eu\n"
         "token=$(grep -o '\"token\":[0-9]*' \"$TROUPE_ORDER_FILE\" | head -n 1 | cut -d: -f2)\n"
         "say() { echo \"$1 $TROUPE_TICKET $token $(date +%s%3N)\" >> "
      << (s_.home / "tools").string()
      << "; }\n"
         "say begin\n"
         "echo \"$$\" > "
      << (s_.home / "tool.pid").string() << "\nsleep $(cat " << (s_.home / "tool.seconds").string()
      << ")\necho \"$token\" >> \"work-$TROUPE_TICKET\"\ngit add .\n"
         "git commit -qm \"$TROUPE_TICKET $token\"\nsay end\n";
  std::ofstream{s_.home / "tool.seconds"} << s_.tool_seconds << '\n';
}

void lab::make_project() {
  json::object const dev{{"name", "dev"},
                         {"role", "dev"},
                         {"engine", "process"},
                         {"command", "sh " + (s_.home / "tool.sh").string()},
                         {"capacity", 4}};
  json::object const config{
      {"repository", (s_.home / "origin.git").string()},
      {"process",
       json::object{{"name", "quick"},
                    {"version", 1},
                    {"stages", json::array{json::object{
                                   {"name", "build"}, {"kind", "work"}, {"role", "dev"}}}}}},
      {"roster", json::array{dev, json::object{{"name", "pm"}, {"role", "pm"}},
                             json::object{{"name", "lead"}, {"role", "tech-lead"}}}},
      {"limits", json::object{{"lease", s_.lease_ms}, {"attempts", 20}, {"rounds", 20}}}};
  auto const made =
      call("POST", "/api/projects", json::canonical(json::object{{"id", "p"}, {"config", config}}));
  if (!made.ok())
    throw broken{"no project: " + made.body};
}

void lab::enrol(int which) {
  auto const code = call("POST", "/api/daemons/codes");
  if (!code.ok())
    throw broken{"no enrolment code: " + code.body};
  auto const name = "daemon-" + std::to_string(which);
  must_run({binary, "daemon", "enroll", "--server", url(), "--code", text_at(code.json, "code"),
            "--name", name, "--data", (s_.daemon_data / name).string()});
}

http_answer lab::call(std::string const& method, std::string const& path, std::string const& body,
                      std::string const& key, milliseconds limit) const {
  std::map<std::string, std::string> headers{{"Authorization", "Bearer " + token_}};
  if (!body.empty())
    headers["Content-Type"] = body.front() == '{' ? "application/json" : "text/plain";
  if (!key.empty())
    headers["Idempotency-Key"] = key;
  auto r = http_request(method, url() + path, headers, body, limit);
  http_answer out;
  if (!r) {
    out.body = r.error().message;
    return out;
  }
  out.status = r->status;
  out.body = std::move(r->body);
  if (auto v = json::parse(out.body); v && v->is_object())
    out.json = std::move(v->get_object());
  return out;
}

void lab::strike(std::string const& what, std::function<void()> const& harm,
                 std::function<void()> const& give_back) {
  faults::strike s;
  s.what = what;
  s.begun = record_.now();
  harm();
  give_back();
  s.ended = record_.now();
  record_.struck(std::move(s));
}

void lab::kill_and_restart(variables const& set) {
  strike(
      "kill -9 of the server", [&] { server().kill(); }, [&] { start_server(set); });
}

gauge lab::usage() {
  gauge out;
  auto const proc = fs::path{"/proc"} / std::to_string(server().pid());
  std::istringstream status{read_text(proc / "status")};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:"))
      out.rss_kb = std::stol(line.substr(6));
  std::error_code ec;
  for ([[maybe_unused]] auto const& f : fs::directory_iterator{proc / "fd", ec})
    ++out.fds;
  return out;
}

void lab::measure() {
  gauges_.push_back(usage());
}

bool lab::tickets_ended() {
  auto const page = call("GET", "/api/tickets?limit=500");
  auto const* items = page.json.if_contains("items");
  if (page.status != 200 || items == nullptr)
    return false;
  bool all = true;
  for (auto const& t : items->as_array()) {
    auto const status = text_at(t.as_object(), "status");
    all = all && !status.empty() && status.front() >= 'A' && status.front() <= 'Z';
    if (status == "failed_pending") { // a person's turn
      auto const id = text_at(t.as_object(), "id");
      helped_ += call("POST", "/api/tickets/" + id + "/resolve", R"({"how":"retry"})").ok() ? 1 : 0;
    }
  }
  return all;
}

std::vector<served> lab::show_tickets() const {
  std::vector<served> out;
  auto const page = call("GET", "/api/tickets?limit=500");
  auto const* items = page.json.if_contains("items");
  if (items == nullptr)
    return out;
  for (auto const& t : items->as_array()) {
    served s;
    s.listed = t.as_object();
    s.entity = {tenant_id{"default"}, entity_kind::ticket, text_at(s.listed, "id")};
    s.whole = call("GET", "/api/tickets/" + s.entity.id).json;
    out.push_back(std::move(s));
  }
  return out;
}

std::vector<tool_run> lab::tools() const {
  std::vector<tool_run> out;
  std::istringstream in{read_text(s_.home / "tools")};
  std::string what, ticket;
  std::int64_t token = 0, at = 0;
  while (in >> what >> ticket >> token >> at) {
    if (what == "begin") {
      out.push_back({ticket, token, at, 0});
      continue;
    }
    for (auto r = out.rbegin(); r != out.rend(); ++r)
      if (r->ticket == ticket && r->token == token && r->ended_ms == 0) {
        r->ended_ms = at;
        break;
      }
  }
  return out;
}

std::vector<std::string> lab::merges() const {
  std::vector<std::string> out;
  std::istringstream in{
      git({"log", "--first-parent", "--format=%s", "main"}, s_.home / "origin.git")};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("Merge "))
      out.push_back(line.substr(6, line.find_first_of(": \n", 6) - 6));
  return out;
}

evidence_of_run lab::collect(seconds limit) {
  (void)comes([&] { return tickets_ended(); }, limit);
  evidence_of_run e;
  e.clocks_agree = s_.clocks_agree;
  e.seen = record_.so_far();
  e.gauges = gauges_;
  auto const file = (s_.home / "ledger.jsonl").string();
  auto words = place_of_ledger();
  words.insert(words.begin(), {binary, "export", "--force", "--out", file});
  auto const export_all = [&] {
    must_run(words);
    evidence_of_run fresh;
    std::ifstream in{file};
    if (auto const read = read_ledger(in, fresh); !read)
      throw broken{"the export cannot be read: " + read.error().message};
    return fresh;
  };
  // What is shown and what is stored are asked for one after the other: until nothing moves.
  evidence_of_run ledger = export_all();
  (void)comes(
      [&] {
        e.shown = show_tickets();
        auto now = export_all();
        bool const still = now.events.size() == ledger.events.size();
        ledger = std::move(now);
        return still;
      },
      seconds{15});
  e.events = std::move(ledger.events);
  e.shards = std::move(ledger.shards);
  e.answers = std::move(ledger.answers);
  e.outbox = std::move(ledger.outbox);
  e.tools = tools();
  e.merges = merges();
  return e;
}

findings lab::judge(tally& count, seconds limit) {
  auto const e = collect(limit);
  // The judge believes what is on disk, as the client that wrote it might be gone.
  auto written = history::read(s_.home / "history.jsonl");
  findings out;
  if (!written)
    out.push_back(written.error().message);
  else if (written->operations.size() != e.seen.operations.size())
    out.push_back("the history on disk is not the one in memory");
  for (auto& f : faults::judge(e, count))
    out.push_back(std::move(f));
  auto words = place_of_ledger();
  words.insert(words.begin(), {binary, "verify"});
  if (auto const r = demo::run(words); r.exit_code != 0)
    out.push_back("verify: " + r.output);
  if (server_runs()) {
    auto const state = call("GET", "/readyz");
    auto const* violations = state.json.if_contains("invariant_violations");
    if (violations != nullptr && *violations != 0)
      out.push_back("invariants: " + state.body);
  }
  if (helped_ > 0)
    out.push_back("C6: " + std::to_string(helped_) + " times a ticket had to be retried by hand");
  return out;
}

// ---- load
// ----------------------------------------------------------------------------------------

load::load(lab& on, load_settings s) : lab_(on), s_(s) {
  for (int i = 0; i < s_.clients; ++i)
    threads_.emplace_back([this, i] { run(i + 1); });
}

load::~load() {
  stop();
}

void load::stop() {
  stop_ = true;
  for (auto& t : threads_)
    if (t.joinable())
      t.join();
}

bool load::await_more(std::size_t count, milliseconds limit) const {
  auto const wanted = lab_.record().acknowledged() + count;
  return comes([&] { return lab_.record().acknowledged() >= wanted; }, limit);
}

std::string load::some_ticket(std::uint64_t random) const {
  std::lock_guard const lock{mutex_};
  return made_.empty() ? std::string{} : made_[random % made_.size()];
}

void load::write(operation o, std::string const& path, std::string const& body) {
  lab_.record().invoked(o);
  {
    std::lock_guard const lock{mutex_};
    sent_[o.key] = {path, body};
  }
  auto const limit = std::chrono::steady_clock::now() + s_.patience;
  auto wait = milliseconds{20};
  for (;;) {
    ++o.sendings;
    auto const a = lab_.call("POST", path, body, o.key, s_.answer_in);
    o.status = a.status;
    if (a.ok()) {
      auto const id = text_at(a.json, "id");
      o.entity = (o.kind == op_kind::brief ? "brief/" : "ticket/") + id;
      // The state in an answer may be younger than the one that the command made; still a version.
      if (auto const* v = a.json.if_contains("version"); v != nullptr && o.kind == op_kind::comment)
        o.version = v->to_number<std::int64_t>();
      if (o.kind == op_kind::ticket) {
        std::lock_guard const lock{mutex_};
        made_.push_back(id);
      }
      lab_.record().answered(std::move(o), outcome::ok);
      return;
    }
    // A ticket that was just answered may be on its way from its run.
    bool const passing = a.status == 0 || a.status == 429 || a.status >= 500 ||
                         (a.status == 404 && o.kind == op_kind::comment);
    if (!passing) {
      lab_.record().answered(std::move(o), outcome::refused);
      return;
    }
    if (std::chrono::steady_clock::now() > limit) {
      lab_.record().answered(std::move(o), outcome::unknown);
      return;
    }
    std::this_thread::sleep_for(wait); // a client's backoff
    wait = std::min(wait * 2, milliseconds{200});
  }
}

void load::read(int client, std::string const& ticket) {
  operation o;
  o.client = client;
  o.kind = op_kind::read;
  o.entity = "ticket/" + ticket;
  lab_.record().invoked(o);
  auto const a = lab_.call("GET", "/api/tickets/" + ticket, {}, {}, s_.answer_in);
  o.status = a.status;
  if (auto const* v = a.json.if_contains("version"); a.ok() && v != nullptr)
    o.version = v->to_number<std::int64_t>();
  lab_.record().answered(o, a.ok() ? outcome::ok : outcome::unknown);
}

bool load::may_make_ticket() {
  std::lock_guard const lock{mutex_};
  auto const now = std::chrono::steady_clock::now();
  if (tickets_ >= s_.tickets || now < next_ticket_)
    return false;
  ++tickets_;
  next_ticket_ = now + s_.ticket_gap;
  return true;
}

void load::run(int client) {
  std::mt19937_64 random{s_.seed * 1000 + static_cast<std::uint64_t>(client)};
  for (int n = 1; !stop_; ++n) {
    operation o;
    o.client = client;
    o.key = "c" + std::to_string(client) + "-" + std::to_string(n) + "-" + std::to_string(s_.seed);
    auto const dice = random() % 100;
    auto const ticket = some_ticket(random());
    if (ticket.empty() || dice < 10) {
      if (may_make_ticket()) {
        o.kind = op_kind::ticket;
        write(o, "/api/tickets",
              json::canonical(json::object{
                  {"project", "p"}, {"title", "Work " + mark_of(o.key)}, {"role", "dev"}}));
      }
    } else if (dice < 13 && briefs_.fetch_add(1) < s_.briefs) {
      o.kind = op_kind::brief;
      write(o, "/api/sources?project=p&name=notes",
            "Ada: The parser should accept weeks " + mark_of(o.key) + ".\n");
    } else if (dice < 30) {
      read(client, ticket);
    } else {
      o.kind = op_kind::comment;
      write(o, "/api/tickets/" + ticket + "/comments",
            json::canonical(json::object{{"text", "Seen " + mark_of(o.key)}}));
    }
    std::this_thread::sleep_for(s_.pause); // the rate of a client
  }
}

} // namespace troupe::faults
