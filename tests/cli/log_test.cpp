#include "cli/log.hpp"
#include "cli/step_log.hpp"
#include "protocol/json.hpp"
#include "protocol/log_about.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/log_capture.hpp"

#include <catch2/catch.hpp>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <regex>
#include <sstream>

using namespace troupe;

namespace {

/// A log in this format, with what it wrote.
struct written_log {
  std::ostringstream out;
  spdlog::logger log;

  explicit written_log(std::string const& format)
      : log("troupe", std::make_shared<spdlog::sinks::ostream_sink_mt>(out)) {
    log.set_formatter(log_lines(format));
  }
  [[nodiscard]] json::object one() const {
    auto const text = out.str();
    REQUIRE(std::count(text.begin(), text.end(), '\n') == 1);
    auto const read = json::parse(text);
    INFO(text);
    REQUIRE(read.has_value());
    return read->as_object();
  }
};

} // namespace

TEST_CASE("log: a line of JSON is an object with time, level and message", "[cli]") {
  written_log l{"json"};
  l.log.warn("said=\"{}\" and\n\tmore \x1b[31m", "a \"word\"");
  auto const line = l.one();
  CHECK(line.at("level") == "warning");
  CHECK(line.at("logger") == "troupe");
  CHECK(line.at("message") == "said=\"a \"word\"\" and\n\tmore \x1b[31m");
  // About nothing but this process: the same for all such lines.
  std::string const of_process{line.at("correlation").as_string()};
  CHECK(std::regex_match(of_process, std::regex{"process-[0-9a-f]{16}"}));
  written_log next{"json"};
  next.log.info("x");
  CHECK(next.one().at("correlation").as_string() == of_process);
  std::string const at{line.at("time").as_string()};
  std::regex const rfc3339{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"};
  CHECK(std::regex_match(at, rfc3339));
}

TEST_CASE("log: bytes that are no text do not break a line of JSON", "[cli]") {
  written_log l{"json"};
  l.log.info("from \xff\xfe a program");
  CHECK(l.one().at("message") == "from ?? a program");
}

TEST_CASE("log: what a line is about stands in it", "[cli]") {
  entity_ref const ticket{tenant_id{"default"}, entity_kind::ticket, "k3f9-1"};
  std::string const brief = "k3f9";
  std::string const empty;
  auto const about = [] {
    written_log l{"json"};
    l.log.info("x");
    return std::string{l.one().at("correlation").as_string()};
  };
  CHECK(about().starts_with("process-"));
  {
    log_about const conversation{brief, &ticket};
    CHECK(about() == "k3f9");
    {
      log_about const nothing{empty};
      CHECK(about() == "k3f9"); // of the scope around
      log_about const entity{empty, &ticket};
      CHECK(about() == "default/ticket/k3f9-1");
    }
    CHECK(about() == "k3f9");
    written_log text{"text"};
    text.log.info("x");
    CHECK(text.out.str().ends_with("info  x correlation=k3f9\n"));
  }
  CHECK(about().starts_with("process-"));
}

TEST_CASE("log: nothing secret-shaped leaves, and no line can be forged", "[cli]") {
  std::string const canary = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  for (auto const* format : {"json", "text"}) {
    INFO(format);
    written_log l{format};
    l.log.error("failed why=\"{}\"\n12:00:00.000 info  all is well", canary);
    auto const text = l.out.str();
    CHECK(text.find(canary) == std::string::npos);
    CHECK(text.find("[redacted:github-token]") != std::string::npos);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  }
  written_log l{"text"};
  l.log.info("a\x1b[2Jb");
  CHECK(l.out.str().find("a\\x1b[2Jb") != std::string::npos);
}

namespace {

stored_event stored(entity_kind kind, std::string const& id, std::string const& type,
                    std::string const& data) {
  stored_event e;
  e.stream = {tenant_id{"default"}, kind, id};
  e.version = 1;
  e.event.type = type;
  e.event.data = data;
  e.event.correlation = "k3f9";
  return e;
}

} // namespace

TEST_CASE("log: a step names who and what, and nothing that was said", "[cli]") {
  CHECK(step_of(stored(entity_kind::approval, "k3f9.a1", "approval.escalated",
                       R"({"owner":"human:olga"})")) ==
        "escalation raised approval=k3f9.a1 owner=human:olga");
  CHECK(step_of(stored(entity_kind::ticket, "k3f9-1", "ticket.gated",
                       R"({"results":[{"gate":"tests","message":"not said","passed":false},)"
                       R"({"gate":"patch-size","passed":true}]})")) ==
        "gate failed ticket=k3f9-1 gates=tests");
  CHECK(step_of(stored(entity_kind::ticket, "k3f9-1", "ticket.reviewed",
                       R"({"by":"agent:t.lead","notes":["not said"]})")) ==
        "verdict ticket=k3f9-1 approved=false by=agent:t.lead");
  // Where a process has no review, nobody gave a verdict.
  CHECK(step_of(stored(entity_kind::ticket, "k3f9-1", "ticket.reviewed",
                       R"({"by":"system","approved":true})"))
            .empty());
  for (auto const* type : {"ticket.renewed", "ticket.settled", "ticket.message_posted"})
    CHECK(step_of(stored(entity_kind::ticket, "k3f9-1", type, "{}")).empty());
  // What cannot be read is no step; the board has said so.
  CHECK(step_of(stored(entity_kind::ticket, "k3f9-1", "ticket.gated", "{")).empty());
}

namespace {

using batch = std::shared_ptr<std::vector<stored_event>>;

/// So many main steps, from this one on.
batch steps(std::size_t first, std::size_t count) {
  auto out = std::make_shared<std::vector<stored_event>>();
  for (std::size_t i = first; i < first + count; ++i) {
    auto e = stored(entity_kind::brief, "b" + std::to_string(i), "brief.submitted", "{}");
    e.seq = i;
    out->push_back(std::move(e));
  }
  return out;
}

std::size_t sum_of(std::vector<test::log_capture::line> const& left_out) {
  std::size_t counted = 0;
  for (auto const& l : left_out)
    counted += std::stoul(l.text.substr(l.text.find('=') + 1));
  return counted;
}

/// A log that nobody reads: its first line is not written before it is let go on.
class stalled_log {
public:
  stalled_log() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("stalled", sink_));
  }
  ~stalled_log() { spdlog::set_default_logger(before_); }
  stalled_log(stalled_log const&) = delete;
  stalled_log& operator=(stalled_log const&) = delete;

  void await_writer() {
    std::unique_lock lock{sink_->guard};
    sink_->changed.wait(lock, [&] { return sink_->stands; });
  }
  void go_on() {
    std::lock_guard lock{sink_->guard};
    sink_->open = true;
    sink_->changed.notify_all();
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::lock_guard lock{sink_->guard};
    return sink_->lines;
  }

private:
  struct sink : spdlog::sinks::base_sink<spdlog::details::null_mutex> {
    void sink_it_(spdlog::details::log_msg const& m) override {
      std::unique_lock lock{guard};
      stands = true;
      changed.notify_all();
      changed.wait(lock, [&] { return open; });
      lines.emplace_back(m.payload.data(), m.payload.size());
    }
    void flush_() override {}
    mutable std::mutex guard;
    std::condition_variable changed;
    bool stands = false, open = false;
    std::vector<std::string> lines;
  };
  std::shared_ptr<sink> sink_ = std::make_shared<sink>();
  std::shared_ptr<spdlog::logger> before_;
};

} // namespace

TEST_CASE("log: of thousands of steps at once most are counted", "[cli]") {
  test::log_capture const log;
  constexpr std::size_t many = 5000;
  {
    board view{10, false};
    step_log const told{view};
    view.apply_now(steps(1, many));
  }
  auto const told = log.with("brief submitted");
  auto const left_out = log.with("steps without a line");
  REQUIRE_FALSE(left_out.empty());
  CHECK(told.size() >= 500);
  CHECK(told.size() < many / 2);
  for (auto const& l : told)
    CHECK(l.about == "k3f9");
  CHECK(told.size() + sum_of(left_out) == many);
}

TEST_CASE("log: steps without a line are counted also where no step follows", "[cli]") {
  test::log_capture const log;
  board view{10, false};
  step_log::bounds few;
  few.a_second = 0;
  few.at_once = 3;
  few.count_after = std::chrono::milliseconds{20};
  step_log const told{view, few};
  view.apply_now(steps(1, 10));
  REQUIRE(test::eventually([&] { return sum_of(log.with("steps without a line")) == 7; }));
  view.apply_now(steps(11, 2));
  REQUIRE(test::eventually([&] { return sum_of(log.with("steps without a line")) == 9; }));
  CHECK(log.with("brief submitted").size() == 3);
}

TEST_CASE("log: what waits for a log that nobody reads has a bound", "[cli]") {
  constexpr std::size_t many = 1000;
  constexpr std::size_t bound = 10;
  stalled_log log;
  {
    board view{10, false};
    step_log::bounds wide;
    wide.at_once = wide.a_second = 1e9;
    wide.waiting = bound;
    step_log const told{view, wide};
    view.apply_now(steps(1, 1));
    log.await_writer(); // it has taken that one, and stands at it
    view.apply_now(steps(2, many - 1));
    log.go_on();
  }
  auto const lines = log.lines();
  auto const steps_told = std::count_if(
      lines.begin(), lines.end(), [](auto const& l) { return l.starts_with("brief submitted"); });
  CHECK(steps_told == 1 + bound);
  CHECK(lines.back() == "steps without a line, because there were too many at once count=" +
                            std::to_string(many - 1 - bound));
}
