#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace troupe::test {

scratch::scratch() {
  std::string name = (fs::temp_directory_path() / "troupe-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = fs::canonical(name);
}

scratch::~scratch() {
  std::error_code ec;
  fs::remove_all(path_, ec);
}

void write(fs::path const& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  std::ofstream{file, std::ios::binary} << text;
}

std::string read(fs::path const& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

bool eventually(std::function<bool()> const& condition, std::chrono::milliseconds limit) {
  auto const deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

bool alive(pid_t pid) {
  // Not `read`: a process that ends between opening and reading makes the plain buffer throw.
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string stat;
  std::getline(in, stat);
  auto const close = stat.rfind(')');
  return close != std::string::npos && stat.size() > close + 2 && stat[close + 2] != 'Z';
}

namespace {

std::string run_git(fs::path const& folder, std::vector<std::string> args) {
  auto const what = args.front();
  auto out = local::git{folder, {"Olga Operator", "olga@example.org"}}.out(std::move(args));
  INFO("git " << what << ": " << (out ? "" : out.error().message));
  REQUIRE(out.has_value());
  return *out;
}

} // namespace

origin::origin(fs::path folder) : bare_(folder / "origin.git"), clone_(folder / "origin-clone") {
  fs::create_directories(bare_);
  run_git(bare_, {"init", "--quiet", "--bare", "--initial-branch=main", "."});
  run_git(folder, {"clone", "--quiet", bare_.string(), clone_.string()});
  run_git(clone_, {"checkout", "--quiet", "-B", "main"});
  commit({{"README", "tally\n"}, {"src/tally.txt", "one\n"}}, "main", "first");
}

std::string origin::commit(std::map<std::string, std::string> const& files,
                           std::string const& branch, std::string const& message) {
  auto const known = run_git(bare_, {"for-each-ref", "refs/heads/" + branch});
  if (!known.empty()) {
    run_git(clone_, {"fetch", "--quiet", "origin"});
    run_git(clone_, {"checkout", "--quiet", "-B", branch, "origin/" + branch});
  }
  for (auto const& [name, text] : files)
    write(clone_ / name, text);
  run_git(clone_, {"add", "--all"});
  run_git(clone_, {"commit", "--quiet", "-m", message});
  run_git(clone_, {"push", "--quiet", "origin", "HEAD:refs/heads/" + branch});
  return run_git(clone_, {"rev-parse", "HEAD"});
}

std::string origin::head(std::string const& ref) const {
  return local::git{bare_}.commit(ref);
}

std::string origin::file(std::string const& name, std::string const& ref) const {
  return run_git(bare_, {"show", ref + ":" + name});
}

std::string origin::git(std::vector<std::string> args) const {
  return run_git(bare_, std::move(args));
}

std::string commit_in(fs::path const& worktree, std::string const& file, std::string_view text) {
  write(worktree / file, text);
  run_git(worktree, {"add", "--", file});
  run_git(worktree, {"commit", "--quiet", "-m", "change " + file});
  return run_git(worktree, {"rev-parse", "HEAD"});
}

std::string outcome_of::frames() const {
  std::string out;
  for (auto const& f : started)
    out += link::encode({0, f}) + '\n';
  for (auto const& f : said)
    out += link::encode({0, f}) + '\n';
  for (auto const& text : progress)
    out += link::encode({0, link::progress{end.ticket, end.token, text}}) + '\n';
  return out + link::encode({0, end}) + '\n';
}

bench::bench(fs::path data) {
  settings.data = std::move(data);
  settings.profiles = local::load_profiles().value();
  settings.guard = {TROUPE_TEST_HOST};
  settings.grace = std::chrono::milliseconds{500};
  repositories = std::make_shared<local::repository_pool>(
      settings.data / "repositories", std::map<std::string, local::repository_source>{}, true);
}

outcome_of bench::run(link::order const& o,
                      std::function<void(local::attempt&, link::frame_body const&)> during) {
  outcome_of out;
  local::attempt* self = nullptr;
  auto const tell = [&](link::frame_body const& b) {
    if (during)
      during(*self, b);
  };
  local::attempt a{settings,
                   repositories,
                   o,
                   {[&](link::started s) {
                      out.started.push_back(s);
                      tell(s);
                    },
                    [&](link::progress p) {
                      out.progress.push_back(p.text);
                      tell(p);
                    },
                    [&](link::said s) {
                      out.said.push_back(s);
                      tell(s);
                    }}};
  self = &a;
  out.end = a.run();
  return out;
}

link::order work_order(origin const& where, std::string command, std::int64_t token) {
  link::order o;
  o.ticket = ticket_id{"b1-1"};
  o.token = token;
  o.attempt = "b1-1.t" + std::to_string(token);
  o.stage = "develop";
  o.role = "dev";
  o.agent = agent_id{"tally.dev-ada"};
  o.project = project_id{"tally"};
  o.engine = engine_kind::process;
  o.command = std::move(command);
  o.repository = where.url();
  o.target_branch = "main";
  o.branch = "agent/b1-1";
  auto& item = o.item.change();
  item.title = "Count to two";
  item.text = "The tally must say two.";
  item.criteria = {"src/tally.txt says two"};
  o.timeout = std::chrono::seconds{60};
  o.stall = std::chrono::seconds{30};
  return o;
}

link::order order_about(origin const& where, link::order_kind kind, std::string head,
                        std::int64_t token) {
  auto o = work_order(where, {}, token);
  o.kind = kind;
  o.expected_head = std::move(head);
  return o;
}

} // namespace troupe::test
