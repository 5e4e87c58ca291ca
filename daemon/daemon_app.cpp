#include "daemon/daemon_app.hpp"

#include "daemon/attempt_table.hpp"
#include "daemon/clean.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>

namespace troupe::local {

namespace fs = std::filesystem;

namespace {

int say(int code, std::string const& text) {
  std::fprintf(stderr, "troupe daemon: %s\n", text.c_str());
  return code;
}

/// SIGTERM and SIGINT as readable events, for as long as this lives. Blocked before any thread
/// starts, so that no thread of ours is interrupted by them.
class signal_watch {
public:
  explicit signal_watch(bool on) : on_(on) {
    if (!on_)
      return;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
    fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~signal_watch() {
    if (on_)
      ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  signal_watch(signal_watch const&) = delete;
  signal_watch& operator=(signal_watch const&) = delete;
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool came() const {
    signalfd_siginfo info{};
    return fd_.valid() && ::read(fd_.get(), &info, sizeof info) == sizeof info;
  }

private:
  bool on_;
  sigset_t before_{};
  unique_fd fd_;
};

/// A flag that poll can wait for.
class wake_event {
public:
  wake_event() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  void set() {
    std::uint64_t const one = 1;
    [[maybe_unused]] auto const n = ::write(fd_.get(), &one, sizeof one);
  }
  void clear() {
    std::uint64_t count = 0;
    [[maybe_unused]] auto const n = ::read(fd_.get(), &count, sizeof count);
  }
  [[nodiscard]] int fd() const { return fd_.get(); }

private:
  unique_fd fd_;
};

executor_settings executor_of(daemon_settings const& s, profile_map profiles) {
  executor_settings out;
  out.data = s.data;
  out.profiles = std::move(profiles);
  out.guard = s.guard;
  out.command = s.command;
  out.environment = s.environment;
  out.author_name = s.author_name;
  out.author_email = s.author_email;
  out.allow_process = s.allow_process;
  out.grace = s.grace;
  return out;
}

/// How often a running daemon forgets old logs.
constexpr std::chrono::hours cleaning_interval{24};

} // namespace

result<std::vector<link::runner_info>> offered_runners(daemon_settings const& settings) {
  auto profiles = load_profiles(settings.profiles);
  if (!profiles)
    return profiles.error();
  for (auto const& name : settings.runners) {
    auto const found = profiles->find(name);
    if (found == profiles->end())
      return fail(errc::invalid_argument, "there is no runner profile " + name);
    if (found->second.program.empty() && found->second.command.empty() && settings.command.empty())
      return fail(errc::invalid_argument, "the runner profile " + name +
                                              " has no command; give it one with --command 'your "
                                              "script'");
  }
  std::vector<link::runner_info> out;
  auto const wanted = [&](std::string const& name) {
    return settings.runners.empty() || std::find(settings.runners.begin(), settings.runners.end(),
                                                 name) != settings.runners.end();
  };
  for (auto const& cli : detect_clis(*profiles))
    if (!cli.path.empty() && wanted(cli.profile))
      out.push_back({cli.profile, cli.version, settings.slots});
  for (auto const& [name, p] : *profiles) {
    bool const runnable = !p.command.empty() || !settings.command.empty();
    if (p.program.empty() && runnable && wanted(name))
      out.push_back({name, {}, settings.slots});
  }
  return out;
}

result<identity> enroll_daemon(daemon_settings const& settings, std::string const& code,
                               bool replace) {
  if (!replace && load_identity(settings.data))
    return fail(errc::conflict, "this daemon is enrolled already; its identity is in " +
                                    (settings.data / "identity.json").string());
  auto runners = offered_runners(settings);
  if (!runners)
    return runners.error();
  auto who = enroll(settings.server, code, settings.name, *runners, settings.ca_file);
  if (!who)
    return who;
  if (auto r = save_identity(settings.data, *who); !r)
    return r.error();
  return who;
}

int run_daemon(daemon_settings const& settings, std::stop_token stop) {
  auto who = load_identity(settings.data);
  if (!who)
    return say(who.error().code == errc::not_found ? daemon_unauthorized : daemon_failed,
               who.error().message);
  if (!settings.server.empty())
    who->server = settings.server;
  if (!settings.name.empty())
    who->name = settings.name;
  if (auto where = parse_server(who->server); !where)
    return say(daemon_bad_settings, where.error().message);
  auto profiles = load_profiles(settings.profiles);
  if (!profiles)
    return say(daemon_bad_settings, profiles.error().message);
  auto runners = offered_runners(settings);
  if (!runners)
    return say(daemon_bad_settings, runners.error().message);
  if (settings.slots < 1 || settings.slots > 256)
    return say(daemon_bad_settings, "slots must be between 1 and 256");
  if (runners->empty() && settings.require_runner)
    return say(daemon_bad_settings,
               "there is nothing here that could do work: no coding CLI was found in PATH, and the "
               "profile `command` has no command.\nInstall Claude Code, Codex, Cursor or Gemini "
               "CLI, or give it a command: `troupe daemon run --command 'your script'` "
               "(docs/runners.md).");
  std::string offered;
  for (auto const& r : *runners)
    offered += (offered.empty() ? "" : ",") + r.profile;
  spdlog::info("offers runners={} slots={}", offered.empty() ? "none" : offered, settings.slots);
  auto const lock = lock_folder(settings.data, std::chrono::seconds{2});
  if (!lock)
    return lock.error().code == errc::conflict
               ? say(daemon_busy, lock.error().message +
                                      "; stop that one first, or name a folder of its own with "
                                      "--data DIR")
               : say(daemon_failed, lock.error().message);
  auto const programs = program_lineage::begin(settings.data, std::chrono::seconds{20});
  if (!programs)
    return say(daemon_failed, programs.error().message);
  auto reports = spool::open(settings.data);
  if (!reports)
    return say(daemon_failed, reports.error().message);

  signal_watch signals{settings.handle_signals};
  forget_old_logs(settings.data, {}, {});
  auto repositories = std::make_shared<repository_pool>(
      settings.data / "repositories", settings.repositories, settings.any_repository);

  // The table and the link refer to each other: the link's thread ends first, then the table with
  // its attempts, which may still look at the link, then the link.
  std::unique_ptr<link_client> client;
  std::atomic<link_client*> link{nullptr};
  attempt_table table{executor_of(settings, std::move(*profiles)),
                      repositories,
                      **reports,
                      settings.slots,
                      {[&] {
                         if (auto* l = link.load())
                           l->notify();
                       },
                       [&](link::progress p) {
                         if (auto* l = link.load())
                           l->send_lossy(std::move(p));
                       }}};
  table.recover();

  link_settings to;
  to.who = *who;
  to.slots = settings.slots;
  to.runners = std::move(*runners);
  to.repositories = repositories->names();
  to.ca_file = settings.ca_file;
  to.first_backoff = settings.first_backoff;
  to.last_backoff = settings.last_backoff;
  link_events events;
  events.order = [&](link::order o) { table.start(std::move(o)); };
  events.stop = [&](link::stop s) { table.stop(s); };
  events.answer = [&](link::answer a) { table.answer(a); };
  events.release = [&](link::release r) { table.release(std::move(r)); };
  events.held = [&] { return table.held(); };
  events.free_slots = [&] { return table.free_slots(); };
  events.connected = [&](bool up) { spdlog::info("link server={} up={}", who->server, up); };
  client = std::make_unique<link_client>(std::move(to), **reports, std::move(events));
  link = client.get();

  wake_event ended;
  wake_event told;
  link_end end = link_end::stopped;
  std::thread linking{[&] {
    end = client->run();
    ended.set();
  }};
  std::stop_callback const on_stop{stop, [&] { told.set(); }};

  // What to do when: first told, drain; past the deadline, the ladder; told again, at once.
  int times_told = 0;
  bool link_ended = false;
  auto deadline = std::chrono::steady_clock::time_point::max();
  auto next_cleaning = std::chrono::steady_clock::now() + cleaning_interval;
  while (true) {
    std::array<pollfd, 3> fds{pollfd{signals.fd(), POLLIN, 0}, pollfd{told.fd(), POLLIN, 0},
                              pollfd{ended.fd(), POLLIN, 0}};
    auto const until_cleaning = std::chrono::duration_cast<std::chrono::milliseconds>(
        next_cleaning - std::chrono::steady_clock::now());
    ::poll(fds.data(), fds.size(),
           times_told == 0 ? static_cast<int>(std::max<std::chrono::milliseconds::rep>(
                                 until_cleaning.count(), 0))
                           : 20);
    if (times_told == 0 && std::chrono::steady_clock::now() >= next_cleaning) {
      if (auto const n = forget_old_logs(settings.data, {}, table.held()); n > 0)
        spdlog::info("removed old logs attempts={}", n);
      next_cleaning += cleaning_interval;
    }
    if (fds[2].revents != 0) {
      link_ended = true;
      break;
    }
    if (signals.came() || fds[1].revents != 0) {
      told.clear();
      ++times_told;
      if (times_told == 1) {
        spdlog::info("draining attempts={}", table.held().size());
        table.drain();
        deadline = std::chrono::steady_clock::now() + settings.drain;
      }
    }
    if (times_told > 0 && table.wait_idle(duration{0}))
      break;
    if (times_told > 1 || (times_told > 0 && std::chrono::steady_clock::now() > deadline)) {
      table.stop_all(times_told > 1);
      if (table.wait_idle(times_told > 1 ? duration{std::chrono::seconds{5}} : duration{20}))
        break;
    }
  }
  if (!link_ended) {
    // What is in the spool now would also be sent after the next start; sooner is kinder.
    auto const last =
        std::chrono::steady_clock::now() + std::chrono::seconds{times_told > 1 ? 1 : 5};
    while ((*reports)->waiting() > 0 && std::chrono::steady_clock::now() < last) {
      pollfd fd{ended.fd(), POLLIN, 0};
      if (::poll(&fd, 1, 20) > 0)
        break;
    }
  } else {
    table.stop_all(false);
    (void)table.wait_idle(settings.grace * 2);
  }
  client->stop();
  linking.join();
  link = nullptr;
  if (link_ended && end == link_end::unauthorized)
    return say(daemon_unauthorized,
               "the server no longer accepts this daemon's token (revoked?). Enrol it again with a "
               "new code: `troupe daemon enroll`. Its worktrees and its spool are kept.");
  return daemon_ok;
}

} // namespace troupe::local
