#pragma once

#include "protocol/json.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <stdexcept>

namespace troupe::test {

inline bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

inline std::string text_at(json::value const& v, std::string_view key) {
  auto const* found = v.is_object() ? v.get_object().if_contains(key) : nullptr;
  return found != nullptr && found->is_string() ? std::string{std::string_view{found->get_string()}}
                                                : std::string{};
}

/// A server on a port of its own, and the commands that talk to it.
class office {
public:
  office() : port_(free_port()), url_("http://127.0.0.1:" + std::to_string(port_)) { open(); }

  void open() {
    server_ = std::make_unique<background>(
        std::vector<std::string>{"serve", "--data", data().string(), "--port",
                                 std::to_string(port_), "--resend-ms", "500"},
        home_.path(), home_.path() / "server.log");
    auto const up = eventually([&] { return run({"project", "list"}).exit_code == 0; });
    if (!up)
      throw std::runtime_error("the server did not start: " + text_of(home_.path() / "server.log"));
  }
  int close() { return server_->stop(); }
  /// As when the power goes.
  void kill() { server_->kill(); }

  [[nodiscard]] std::filesystem::path data() const { return home_.path() / "data"; }
  [[nodiscard]] std::filesystem::path const& home() const { return home_.path(); }
  [[nodiscard]] std::string const& url() const { return url_; }

  [[nodiscard]] ran run(std::vector<std::string> words, std::string const& input = {},
                        std::map<std::string, std::string> env = {}) const {
    env.emplace("TROUPE_SERVER", url_);
    if (!env.contains("TROUPE_TOKEN"))
      env.emplace("TROUPE_TOKEN_FILE", (data() / "admin.token").string());
    return run_troupe(std::move(words), home_.path(), env, input);
  }
  /// The one JSON document of a command that must succeed.
  [[nodiscard]] json::value json_of(std::vector<std::string> words,
                                    std::string const& input = {}) const {
    words.emplace_back("--json");
    auto const r = run(words, input);
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    auto v = json::parse(r.out);
    REQUIRE(v.has_value());
    return *v;
  }

private:
  temporary_folder home_;
  int port_;
  std::string url_;
  std::unique_ptr<background> server_;
};

} // namespace troupe::test
