#pragma once

#include "persistence/memory/memory_store.hpp"
#include "tests/api/crew.hpp"
#include "tests/api/inner_node.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <set>

/// Everything of a server that somebody may look at, as texts to be searched.
namespace troupe::test {

/// What a watcher over a WebSocket is told, read as it comes.
class socket_reader {
public:
  socket_reader(api_lab const& lab, std::string const& path)
      : socket_(static_cast<std::uint16_t>(lab.port()), path, lab.token()) {
    REQUIRE(socket_.handshake().status == 101);
    thread_ = std::thread{[this] {
      try {
        for (auto f = socket_.read_message(); f.opcode == 1; f = socket_.read_message())
          text_ += f.payload + "\n";
      } catch (std::runtime_error const&) { // it never ended; what came is in `text_`
      }
    }};
  }
  ~socket_reader() { (void)text(); }
  /// All of it; the server must have ended it.
  std::string const& text() {
    if (thread_.joinable())
      thread_.join();
    return text_;
  }

private:
  raw_socket socket_;
  std::string text_;
  std::thread thread_;
};

inline std::string text_of_all(std::vector<stream_event> const& events) {
  std::string out;
  for (auto const& e : events)
    out += e.id + " " + e.event + " " + e.data + "\n";
  return out;
}

/// Everything that somebody may look at, by its name.
class surfaces {
public:
  void add(std::string const& name, std::string const& text) { texts_.emplace_back(name, text); }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& all() const {
    return texts_;
  }
  /// Whether a text has the word; any of them, or those of this name.
  [[nodiscard]] bool tells(std::string const& word, std::string_view name = {}) const {
    return std::any_of(texts_.begin(), texts_.end(), [&](auto const& t) {
      return (name.empty() || t.first == name) && t.second.find(word) != std::string::npos;
    });
  }

private:
  std::vector<std::pair<std::string, std::string>> texts_;
};

inline std::string whole(api_answer const& a) {
  std::string out = std::to_string(a.status) + " ";
  for (auto const& [name, value] : a.headers)
    out += name + ": " + value + "\n";
  return out + a.body;
}

/// Answers of every route that is read with GET, as the table has them: a new one is among them.
inline void read_every_route(api_lab const& lab, surfaces& out) {
  inner_node const table{open_memory_store()};
  auto const ids = [&](std::string const& list) {
    std::vector<std::string> found;
    auto const page = lab.get(list + "?limit=500");
    if (auto const* items = page.json.if_contains("items"); items != nullptr)
      for (auto const& item : items->as_array())
        for (auto const* name : {"id", "ref", "name"})
          if (auto id = text_at(item, name); !id.empty()) {
            found.push_back(std::move(id));
            break;
          }
    return found;
  };
  std::set<std::string> streams;
  std::size_t read = 0;
  for (auto const& r : all_routes(*table.edge)) {
    if (r.method != "GET")
      continue;
    if (!std::holds_alternative<handler>(r.handle)) {
      streams.insert(r.pattern);
      continue;
    }
    auto const get = [&](std::string const& path) {
      out.add("GET " + path, whole(lab.get(path)));
      ++read;
    };
    auto const open = r.pattern.find('{');
    if (open == std::string::npos) {
      get(r.pattern + (r.pattern == "/api/events" ? "?limit=1000" : ""));
      continue;
    }
    INFO(r.pattern);
    auto const front = r.pattern.substr(0, open);
    std::vector<std::string> paths;
    if (front == "/assets/") {
      auto const page = lab.get("/").body;
      for (auto at = page.find(front); at != std::string::npos; at = page.find(front, at + 1))
        paths.push_back(page.substr(at, page.find('"', at) - at));
      if (paths.empty()) // TROUPE_DASHBOARD=OFF
        paths.push_back(front + "none");
    } else if (front == "/api/history/") {
      for (auto const* kind :
           {"project", "brief", "plan", "run", "ticket", "agent", "approval", "budget", "daemon"})
        for (auto const& id : ids("/api/" + std::string{kind} + "s"))
          paths.push_back(front + kind + "/" + id);
    } else if (front == "/api/why/") {
      for (auto const* kind : {"briefs", "plans", "runs", "tickets"})
        for (auto const& id : ids("/api/" + std::string{kind}))
          paths.push_back(front + id);
    } else {
      for (auto const& id : ids(front.substr(0, front.size() - 1)))
        paths.push_back(front + id);
    }
    if (front == "/api/budgets/") // nobody has money here
      paths.push_back(front + "none");
    REQUIRE_FALSE(paths.empty()); // a new kind of address needs its line here
    for (auto const& path : paths)
      get(path);
  }
  CHECK(read > 40);
  // These are read while it happens; what a daemon is told by its link is in its tool's files.
  CHECK(streams == std::set<std::string>{"/api/stream", "/api/watch", "/api/daemon/link"});
}

/// What the command line prints, for people and as JSON.
inline void read_every_command(crew const& c, std::string const& brief, std::string const& ticket,
                               surfaces& out) {
  auto const commit = lines(c.s.git({"rev-parse", "main"})).at(0);
  std::vector<std::vector<std::string>> const commands{
      {"ticket", "show", ticket},
      {"ticket", "list"},
      {"brief", "show", brief},
      {"brief", "list"},
      {"plan", "show", brief + ".p1"},
      {"plan", "list"},
      {"run", "list"},
      {"budget", "list"},
      {"agents", "list"},
      {"agents", "show", "dev"},
      {"project", "show", "duration"},
      {"daemon", "list"},
      {"token", "list"},
      {"approve"},
      {"why", ticket},
      {"why", brief},
      {"why", commit},
      {"dead-letters"},
      {"doctor"},
      {"watch", "--traffic", "--contents", "--since", "1h", "--seconds", "2", "--limit", "100000"},
      {"watch", "--follow", brief, "--contents", "--seconds", "2"},
      {"watch", "--stats", "--seconds", "2"}};
  for (auto words : commands)
    for (bool const json : {false, true}) {
      std::string name = "troupe";
      if (json)
        words.emplace_back("--json");
      for (auto const& w : words)
        name += " " + w;
      auto const r = c.troupe(words);
      INFO(name << ": " << r.err);
      CHECK(r.exit_code != 2);
      CHECK_FALSE((r.out + r.err).empty());
      out.add(name, r.out + r.err);
    }
  // It follows until it is stopped.
  for (bool const json : {false, true}) {
    auto const file = c.s.lab.home() / (json ? "followed.json" : "followed.txt");
    std::vector<std::string> words{"watch",
                                   "--history",
                                   "100000",
                                   "--server",
                                   c.s.lab.url(),
                                   "--token-file",
                                   (c.s.lab.data() / "admin.token").string(),
                                   "--everything"};
    if (json)
      words.emplace_back("--json");
    background following{words, c.s.lab.home(), file};
    // The past comes first, then what happens: this is the last of it.
    auto const last = json ? "the last as JSON" : "the last for people";
    CHECK(c.s.lab
              .post("/api/tickets/" + ticket + "/comments",
                    R"({"text":")" + std::string{last} + "\"}")
              .status == 200);
    CHECK(eventually([&] { return text_of(file).find(last) != std::string::npos; }));
    (void)following.stop(SIGINT);
    out.add(json ? "troupe watch --json" : "troupe watch", text_of(file));
  }
}

} // namespace troupe::test
