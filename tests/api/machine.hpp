#pragma once

#include "tests/api/shop.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>

namespace troupe::test {

/// A machine whose coder is a shell script: it approves what it reviews, and for work runs `work`.
class machine {
public:
  machine(shop const& s, std::string name, std::string const& work) : shop_(s), name_(name) {
    script_ = s.lab.home() / (name + ".sh");
    std::ofstream{script_} << "set -eu\n[ \"$TROUPE_KIND\" = review ] && { echo Fine.; exit 0; }\n"
                           << work << "\necho Did it.\n";
    auto const code = s.lab.post("/api/daemons/codes").text("code");
    auto const r = run_troupe({"daemon", "enroll", "--server", s.lab.url(), "--code", code,
                               "--name", name, "--data", data()},
                              s.lab.home());
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    start();
  }
  void start() {
    process_ = std::make_unique<background>(
        std::vector<std::string>{"daemon", "run", "--data", data(), "--slots", "1", "--command",
                                 "sh " + script_.string()},
        shop_.lab.home(), shop_.lab.home() / (name_ + ".log"));
  }
  void kill() { process_->kill(); }
  [[nodiscard]] std::string id() const {
    auto const page = shop_.lab.get("/api/daemons");
    for (auto const& d : page.json.at("items").as_array())
      if (text_at(d, "name") == name_)
        return text_at(d, "id");
    return {};
  }
  [[nodiscard]] std::string log() const { return text_of(shop_.lab.home() / (name_ + ".log")); }

private:
  [[nodiscard]] std::string data() const { return (shop_.lab.home() / name_).string(); }

  shop const& shop_;
  std::string name_;
  std::filesystem::path script_;
  std::unique_ptr<background> process_;
};

/// What was said, on one line.
inline std::string meeting() {
  auto text = text_of(TROUPE_SOURCE_DIR "/demo/meeting.vtt");
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// The run of an approved plan of the meeting.
inline std::string approved_run(api_lab const& lab) {
  return lab.running(lab.pending_plan(lab.pending_brief()));
}

} // namespace troupe::test
