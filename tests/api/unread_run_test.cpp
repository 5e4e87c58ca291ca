#include "gateway/daemons/link_close.hpp"
#include "persistence/memory/faulty_store.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/api/inner_node.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/log_capture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <limits>

/// What daemons are told of tickets whose run cannot be read.
using namespace troupe;
using namespace troupe::test;

namespace {

/// A daemon's end of a link, on paper.
class paper_socket : public web_socket {
public:
  bool send(std::string text) override {
    std::lock_guard const lock{mutex_};
    auto f = link::decode_frame(text);
    if (f)
      got_.push_back(std::move(*f));
    return f.has_value();
  }
  void pull(std::function<std::optional<std::string>()>) override {}
  void wake() override {}
  void close(std::uint16_t code, std::string) override { code_ = code; }
  void on_text(std::function<void(std::string)> f) override { say_ = std::move(f); }
  void on_close(std::function<void(std::uint16_t, std::string_view)>) override {}
  [[nodiscard]] bool closed() const override { return code_ != 0; }

  void say(std::uint64_t seq, link::frame_body body) const {
    say_(link::encode({seq, std::move(body)}));
  }
  [[nodiscard]] std::uint16_t code() const { return code_; }
  template <class Frame>
  [[nodiscard]] std::vector<Frame> all() const {
    std::lock_guard const lock{mutex_};
    std::vector<Frame> out;
    for (auto const& f : got_)
      if (auto const* x = std::get_if<Frame>(&f.body))
        out.push_back(*x);
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::vector<link::link_frame> got_;
  std::atomic<std::uint16_t> code_{0};
  std::function<void(std::string)> say_;
};

submit_options by_person() {
  submit_options o;
  o.by = principal_id{"human:ada"};
  return o;
}

entity_ref const finished_run{inner_tenant, entity_kind::run, "h1"};
project_id const tally{"tally"};

/// A ledger with a run that is over and asleep, so that nobody reads it before it is asked for.
store_factory ledger_with_run() {
  auto const store = open_memory_store();
  inner_node first{store};
  run::create c;
  c.project = tally;
  c.config = find_template("solo")->config;
  c.config.repository = "/nowhere";
  c.config.test_command = "make check";
  c.config.forbidden_paths = {"secrets/"};
  c.by_hand = true;
  plan_item item;
  item.key = "1";
  item.title = "Tidy the index";
  item.role = "dev";
  c.items = {item};
  REQUIRE(first.n->tell(finished_run, run::command{c}, by_person()).has_value());
  REQUIRE(first.n->tell(finished_run, run::command{run::cancel{"over"}}, by_person()).has_value());
  auto const handle = store();
  REQUIRE(eventually([&] {
    auto const info = (*handle)->stream(finished_run);
    return info && !info->wake_at;
  }));
  return store;
}

/// A server on that ledger with one daemon, whose store can stop being readable.
struct unreadable {
  std::atomic<bool> away{false};
  std::atomic<int> refused{0};
  inner_node server{make_faulty(ledger_with_run(), plan())};
  std::shared_ptr<paper_socket> daemon = std::make_shared<paper_socket>();

  unreadable() {
    entity_ref const d{inner_tenant, entity_kind::daemon, "d1"};
    REQUIRE(server.n->tell(d, daemon::command{daemon::enroll{"laptop"}}, by_person()).has_value());
    request r;
    r.principal.id = principal_id{"daemon:d1"};
    server.hub.serve(r, daemon);
    link::hello h;
    h.daemon = daemon_id{"d1"};
    h.name = "laptop";
    h.stream = "s1";
    h.runners = {{"command", "", 1}};
    h.repositories = {"*"};
    daemon->say(0, h);
    REQUIRE(eventually([&] { return daemon->all<link::welcome>().size() == 1; }));
  }
  ~unreadable() { server.hub.drop_all("the test is over"); }
  unreadable(unreadable const&) = delete;
  unreadable& operator=(unreadable const&) = delete;

  void launch(std::int64_t token) {
    troupe::launch l;
    l.run = run_id{finished_run.id};
    l.daemon = daemon_id{"d1"};
    l.what.kind = link::order_kind::merge;
    l.what.ticket = ticket_id{"h1-1"};
    l.what.token = token;
    l.what.project = tally;
    server.hub.launch(l);
  }
  /// Asked for the run and answered, and perhaps once more.
  [[nodiscard]] bool refuses_twice() {
    auto const before = refused.load();
    return eventually([&] { return refused > before + 1; });
  }
  [[nodiscard]] std::vector<std::int64_t> ordered() const {
    std::vector<std::int64_t> out;
    for (auto const& o : daemon->all<link::order>())
      out.push_back(o.token);
    return out;
  }

private:
  fault_plan plan() {
    fault_plan p;
    p.choose = [this](std::string_view call, std::uint64_t) {
      if (call != "read_stream" || !away)
        return fault::none;
      ++refused;
      return fault::before;
    };
    return p;
  }
};

} // namespace

TEST_CASE("hub: an order without the configuration of its run is not sent", "[api]") {
  unreadable u;
  u.away = true;
  u.launch(1);
  REQUIRE(u.refuses_twice());
  CHECK(u.ordered().empty()); // it would have merged without a test
  u.away = false;
  REQUIRE(eventually([&] { return !u.ordered().empty(); }));
  auto const order = u.daemon->all<link::order>().front();
  CHECK(order.test_command == "make check");
  CHECK(order.forbidden_paths == std::vector<std::string>{"secrets/"});
}

TEST_CASE("hub: that an order waits for its run is found by its conversation", "[api]") {
  log_capture const log;
  unreadable u;
  u.away = true;
  u.launch(1);
  REQUIRE(eventually([&] { return !log.with("an order waits for its run").empty(); }));
  for (auto const& l : log.with("an order waits for its run"))
    CHECK(l.about == finished_run.id);
}

TEST_CASE("hub: an order that waits for its run is forgotten with its lease", "[api]") {
  unreadable u;
  u.away = true;
  u.launch(1);
  REQUIRE(u.refuses_twice());
  u.server.hub.forget(ticket_id{"h1-1"}, 1);
  u.launch(2);
  u.launch(2); // said again after a crash of its ticket
  REQUIRE(u.refuses_twice());
  u.away = false;
  REQUIRE(eventually([&] { return !u.ordered().empty(); }));
  u.launch(3);
  REQUIRE(eventually([&] { return u.ordered().back() == 3; }));
  for (auto const token : u.ordered())
    CHECK(token != 1);
}

TEST_CASE("hub: what a daemon says to a role is kept until the run says who that is", "[api]") {
  unreadable u;
  u.away = true;
  u.launch(1);
  REQUIRE(u.refuses_twice());
  link::said question;
  question.ticket = ticket_id{"h1-1"};
  question.token = 1;
  question.key = "q1";
  question.to = "tech-lead";
  question.text = "Which weeks?";
  u.daemon->say(1, question);
  CHECK(eventually([&] { return u.daemon->closed(); }));
  CHECK(u.daemon->code() == close_try_again); // it comes back, and says it again
  CHECK(u.daemon->all<link::ack>().empty());
}
