#include "demo/stage.hpp"

#include "demo/answers.hpp"
#include "net/free_port.hpp"

#include <fstream>
#include <thread>

namespace troupe::demo {

namespace {

using std::chrono::milliseconds;

/// The story has at least so many events until its last merges.
constexpr std::size_t shortest_story = 270;

} // namespace

stage::stage(options const& o, workshop const& shop, patience const& limit, teller& say)
    : o_(o), shop_(shop), limit_(limit), say_(say),
      chaos_(o.kill_server, o.kill_daemon, o.seed, shortest_story) {}

std::unique_ptr<connection> stage::open_server() {
  port_ = free_port();
  start_server();
  url_ = "http://127.0.0.1:" + std::to_string(port_);
  auto const file = shop_.folder() / "server" / "admin.token";
  std::string token;
  limit_.await("the server's first start", [&] {
    if (!server_->running())
      throw broken_off{"the server did not start:\n" + read_text(shop_.folder() / "server.log")};
    token = read_text(file);
    return !token.empty();
  });
  token.erase(token.find_last_not_of(" \n") + 1);
  auto to = std::make_unique<connection>(url_, token, 30);
  limit_.await("the server to answer", [&] {
    auto const r = to->call("GET", "/readyz");
    return r && r->ok();
  });
  say_.happened("server", {{"url", url_}}, "troupe serve is up at " + url_);
  return to;
}

void stage::start_server() {
  std::vector<std::string> arguments = {self().string(),  "serve",
                                        "--config",       shop_.settings().string(),
                                        "--data",         (shop_.folder() / "server").string(),
                                        "--port",         std::to_string(port_),
                                        "--script",       shop_.script().string(),
                                        "--heartbeat-ms", "500",
                                        "--resend-ms",    "1000",
                                        "--grace-ms",     "3000",
                                        "--log-level",    "info"};
  if (!o_.store.empty()) {
    arguments.emplace_back("--store");
    arguments.push_back(o_.store);
  }
  server_ = must(child::start(arguments, shop_.folder() / "server.log"));
}

void stage::open_laptops(connection& to) {
  for (auto const* name : {"laptop-1", "laptop-2"}) {
    laptop l;
    l.name = name;
    l.data = shop_.folder() / name;
    auto const code = must(to.call("POST", "/api/daemons/codes"));
    if (!code.ok())
      throw broken_off{"no enrolment code: " + json::canonical(code.body)};
    auto const enrolled = demo::run(
        {self().string(), "daemon", "enroll", "--config", shop_.settings().string(), "--server",
         url_, "--code", text_at(code.body, "code"), "--name", name, "--data", l.data.string()});
    if (enrolled.exit_code != 0)
      throw broken_off{"the daemon was not enrolled: " + enrolled.output};
    // The coder of the story: a runner profile like any other, whose program is our script.
    std::filesystem::create_directories(l.data / "profiles");
    std::ofstream profile{l.data / "profiles" / "scripted.toml"};
    profile << "name = \"scripted\"\nsummary = \"the demo's script\"\nprogram = \""
            << self().string() << "\"\narguments = [\"scripted-coder\", \"--script\", \""
            << shop_.script().string()
            << "\"]\nformat = \"jsonl\"\n[exit_codes]\n0 = \"done\"\n"
               "2 = \"changes_requested\"\n";
    profile.close();
    start_laptop(l);
    laptops_.push_back(std::move(l));
  }
  limit_.await("both daemons to connect", [&] {
    auto const page = to.get("/api/daemons?status=online");
    if (!page || items_of(*page).size() != 2)
      return false;
    for (auto const& d : items_of(*page)) {
      for (auto& l : laptops_) {
        if (text_at(d, "name") == l.name)
          l.id = text_at(d, "id");
      }
    }
    return true;
  });
  json::array names;
  json::array ids;
  std::string all;
  for (auto const& l : laptops_) {
    names.emplace_back(l.name);
    ids.emplace_back(l.id);
    all += (all.empty() ? "" : ", ") + l.named();
  }
  say_.happened("daemons", {{"names", std::move(names)}, {"ids", std::move(ids)}},
                "Two operators' machines are enrolled and connected: " + all);
}

void stage::start_laptop(laptop& l) const {
  l.process = must(child::start({self().string(), "daemon", "run", "--config",
                                 shop_.settings().string(), "--data", l.data.string(), "--slots",
                                 "3", "--profiles", (l.data / "profiles").string()},
                                l.data.string() + ".log"));
}

void stage::close() {
  for (auto& l : laptops_) {
    if (l.process)
      l.process->stop(milliseconds{3000});
  }
  if (server_)
    server_->stop(milliseconds{8000});
}

void stage::kill_laptop(std::string const& daemon, std::string const& when) {
  for (auto& l : laptops_) {
    if (l.id != daemon || !l.process)
      continue;
    l.process->kill();
    l.process.reset();
    ++told_kills_;
    say_.happened("daemon_killed", {{"daemon", l.id}, {"name", l.name}},
                  "   kill -9 " + l.named() + " " + when);
  }
}

void stage::restart_laptops() {
  for (auto& l : laptops_) {
    if (l.process && l.process->running())
      continue;
    start_laptop(l);
    say_.happened("daemon_started", {{"daemon", l.id}, {"name", l.name}},
                  "   " + l.named() + " is started again");
  }
}

void stage::kill_server() {
  std::this_thread::sleep_for(milliseconds{chaos_.delay_ms()});
  server_->kill();
  chaos_.count();
  start_server();
  say_.happened("server_killed", {{"times", chaos_.kills()}},
                "   kill -9 of the server, started again");
}

void stage::inflict(std::size_t seen) {
  while (chaos_.server_is_due(seen)) // also those that fell due while nobody looked
    kill_server();
  while (chaos_.daemon_is_due(seen)) {
    std::this_thread::sleep_for(milliseconds{chaos_.delay_ms()});
    auto& l = laptops_[chaos_.pick(laptops_.size())];
    if (l.process)
      l.process->kill();
    start_laptop(l);
    chaos_.count();
    say_.happened("daemon_killed", {{"daemon", l.id}, {"times", chaos_.kills()}},
                  "   kill -9 of " + l.named() + ", started again");
  }
  if (!server_->running()) // it may also end by itself: a defect, said at the end
    throw broken_off{"the server ended by itself:\n" + read_text(shop_.folder() / "server.log")};
}

void stage::inflict_early() {
  if (chaos_.early_server_is_due())
    kill_server();
}

} // namespace troupe::demo
