#pragma once

#include "tests/api/shop.hpp"

namespace troupe::test {

/// A shop whose agents, one a role, are commands that the server sends to one real daemon.
class crew {
public:
  explicit crew(int rounds, json::object more = {},
                std::vector<std::string> const& roles = {"dev", "tech-lead"},
                std::string const& preset = "standard")
      : s{"true", with_roster(std::move(more), rounds, roles), preset} {}

  /// What an agent does, call by call; written before the daemon starts.
  void does(std::string const& agent, std::vector<std::string> const& calls) {
    auto const file = s.lab.home() / agent;
    std::ofstream out{file};
    out << "set -eu\nn=$(cat " << file.string() << ".calls 2>/dev/null || echo 0)\n"
        << "n=$((n + 1)); echo $n > " << file.string() << ".calls\n"
        << "env > " << file.string() << ".env.$n\ncase $n in\n";
    for (std::size_t i = 0; i < calls.size(); ++i)
      out << i + 1 << ") " << calls[i] << " ;;\n";
    out << "*) echo called too often; exit 9 ;;\nesac\n";
    std::ofstream{where_.path() / agent} << "exec sh " << file.string() << "\n";
  }
  [[nodiscard]] std::string calls_of(std::string const& agent) const {
    return lines(text_of(s.lab.home() / (agent + ".calls"))).at(0);
  }

  /// `more`: further arguments of `daemon run`.
  void start_daemon(std::vector<std::string> const& more = {}) {
    auto const code = s.lab.post("/api/daemons/codes").text("code");
    auto const data = (s.lab.home() / "laptop").string();
    REQUIRE(run_troupe({"daemon", "enroll", "--server", s.lab.url(), "--code", code, "--name",
                        "laptop", "--data", data},
                       s.lab.home())
                .exit_code == 0);
    // It has no command of its own: what it runs comes from the server.
    std::vector<std::string> words{"daemon",  "run", "--data", data,
                                   "--slots", "1",   "--set",  "daemon.allow_process=true"};
    words.insert(words.end(), more.begin(), more.end());
    daemon_.emplace(std::move(words), s.lab.home(), log());
  }
  /// As asked, with SIGTERM; the exit code.
  int stop_daemon() { return daemon_->stop(); }
  [[nodiscard]] std::filesystem::path log() const { return s.lab.home() / "laptop.log"; }

  /// Makes a ticket; its id.
  [[nodiscard]] std::string ticket(std::string const& title) const {
    auto const made = s.lab.post(
        "/api/tickets", json::canonical(json::object{{"project", "duration"}, {"title", title}}));
    INFO(made.body);
    REQUIRE(made.status == 201);
    return made.text("id");
  }
  /// Waits until the ticket has this status; a failure shows why it has not.
  void await(std::string const& ticket, std::string const& status) const {
    auto const path = "/api/tickets/" + ticket;
    bool const came = eventually([&] { return s.lab.get(path).text("status") == status; },
                                 std::chrono::seconds{90});
    INFO(text_of(log()));
    INFO(s.lab.get(path).body);
    REQUIRE(came);
  }
  /// `troupe` as the administrator.
  [[nodiscard]] ran troupe(std::vector<std::string> words) const {
    return run_troupe(std::move(words), s.lab.home(),
                      {{"TROUPE_SERVER", s.lab.url()},
                       {"TROUPE_TOKEN_FILE", (s.lab.data() / "admin.token").string()}});
  }
  [[nodiscard]] std::size_t events_of(std::string const& type) const {
    auto const all = s.lab.events("&kind=ticket");
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](auto const& e) { return text_at(e, "type") == type; }));
  }

private:
  [[nodiscard]] json::object with_roster(json::object more, int rounds,
                                         std::vector<std::string> const& roles) const {
    auto const member = [&](std::string const& role) {
      return json::object{{"name", role},
                          {"role", role},
                          {"engine", "process"},
                          {"tools", json::array{"make", "sh"}},
                          {"command", "sh " + (where_.path() / role).string()}};
    };
    json::array roster;
    for (auto const& role : roles)
      roster.push_back(member(role));
    more["roster"] = std::move(roster);
    more["limits"] = json::object{{"lease", 20000}, {"attempts", 3}, {"rounds", rounds}};
    return more;
  }

  temporary_folder where_; ///< the commands stand in the project before the scripts are written

public:
  shop s;

private:
  std::optional<background> daemon_;
};

} // namespace troupe::test
