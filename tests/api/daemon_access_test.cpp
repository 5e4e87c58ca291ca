#include "persistence/memory/faulty_store.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/api/inner_node.hpp"

#include <catch2/catch.hpp>

#include <future>

/// What cannot be brought about from the outside: a token that outlives its daemon, a store that
/// fails at the wrong moment, orders from many threads at once.
using namespace troupe;
using namespace troupe::test;

namespace {

tenant_id const& tenant = inner_tenant;
daemon_id const machine{"d-1"};

entity_ref ref(entity_kind kind, std::string id) {
  return {tenant, kind, std::move(id)};
}

/// The server's end of a link, heard by the test. As with a real one, `send` and `close` only
/// queue: the close is told by `finish`.
class heard_socket : public web_socket {
public:
  bool send(std::string text) override {
    std::lock_guard lock{mutex_};
    if (code_ != 0)
      return false;
    sent_.push_back(std::move(text));
    return true;
  }
  void pull(std::function<std::optional<std::string>()>) override {}
  void wake() override {}
  void close(std::uint16_t code, std::string reason) override {
    std::lock_guard lock{mutex_};
    if (code_ != 0)
      return;
    code_ = code;
    reason_ = std::move(reason);
  }
  void on_text(std::function<void(std::string)> f) override { text_ = std::move(f); }
  void on_close(std::function<void(std::uint16_t, std::string_view)> f) override {
    ended_ = std::move(f);
  }
  [[nodiscard]] bool closed() const override { return code() != 0; }

  void hello(std::string const& server_stream = {}) {
    link::hello h;
    h.daemon = machine;
    h.stream = "s1";
    h.process = "p1";
    h.server_stream = server_stream;
    text_(link::encode({0, h}));
  }
  void finish() {
    close(1006, "the connection broke");
    ended_(code(), reason());
  }
  [[nodiscard]] std::vector<link::link_frame> frames() const {
    std::lock_guard lock{mutex_};
    std::vector<link::link_frame> out;
    for (auto const& text : sent_) {
      auto f = link::decode_frame(text);
      REQUIRE(f.has_value());
      out.push_back(std::move(*f));
    }
    return out;
  }
  [[nodiscard]] std::size_t count() const {
    std::lock_guard lock{mutex_};
    return sent_.size();
  }
  [[nodiscard]] std::uint16_t code() const {
    std::lock_guard lock{mutex_};
    return code_;
  }
  [[nodiscard]] std::string reason() const {
    std::lock_guard lock{mutex_};
    return reason_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::string> sent_;
  std::uint16_t code_ = 0;
  std::string reason_;
  std::function<void(std::string)> text_;
  std::function<void(std::uint16_t, std::string_view)> ended_;
};

/// What the tests do with a node.
class inner_lab : public inner_node {
public:
  using inner_node::inner_node;

  void tell(entity_ref to, any_command c) const {
    submit_options o;
    o.by = principal_id{"system"};
    auto const done = n->tell(std::move(to), std::move(c), o);
    if (!done)
      FAIL(done.error().message);
  }
  void enroll() const {
    tell(ref(entity_kind::daemon, machine.value), daemon::command{daemon::enroll{"machine"}});
  }
  /// One more token of the daemon; the id of its entity.
  [[nodiscard]] std::string issue(int number) const {
    auto digits = std::to_string(number);
    principal::issue c;
    c.who = principal_id{"daemon:" + machine.value};
    c.label = "machine";
    c.secret_hash = std::string(32 - digits.size(), '0') + digits + std::string(32, 'a');
    c.roles = {principal::role::daemon};
    auto const id = c.secret_hash.substr(0, 32);
    tell(ref(entity_kind::principal, id), principal::command{c});
    return id;
  }
  [[nodiscard]] std::string status(entity_ref const& of) const {
    auto const s = n->ask(of);
    if (!s)
      FAIL(s.error().message);
    return std::string{std::string_view{s->at("is").as_string()}};
  }
  [[nodiscard]] std::string status() const {
    return status(ref(entity_kind::daemon, machine.value));
  }
  [[nodiscard]] std::uint64_t version() const {
    auto const s = n->ask(ref(entity_kind::daemon, machine.value));
    if (!s)
      FAIL(s.error().message);
    return s->at("version").to_number<std::uint64_t>();
  }
  [[nodiscard]] response revoke() const {
    for (auto const& r : all_routes(*edge)) {
      if (r.method != "POST" || r.pattern != "/api/daemons/{id}/revoke")
        continue;
      request q;
      q.method = r.method;
      q.path = "/api/daemons/d-1/revoke";
      q.params = {{"id", machine.value}};
      q.principal = {principal_id{"human:ada"}, tenant, {role::admin}};
      auto const box = std::make_shared<std::promise<response>>();
      auto answered = box->get_future();
      std::get<handler>(r.handle)(q, [box](response a) { box->set_value(std::move(a)); });
      REQUIRE(answered.wait_for(patience) == std::future_status::ready);
      return answered.get();
    }
    FAIL("there is no such route");
    return {};
  }
  [[nodiscard]] std::shared_ptr<heard_socket> link() {
    request r;
    r.principal = {principal_id{"daemon:" + machine.value}, tenant, {role::daemon}};
    auto s = std::make_shared<heard_socket>();
    hub.serve(r, s);
    return s;
  }
};

} // namespace

TEST_CASE("api: a revoked daemon whose token survived is turned away", "[api]") {
  auto const store = open_memory_store();
  inner_lab lab{store};
  lab.enroll();
  bool const linked_before = GENERATE(false, true);
  auto first = lab.link();
  if (linked_before) {
    first->hello();
    REQUIRE(eventually([&] { return first->count() == 1; }));
    CHECK(lab.status() == "online");
  }
  lab.tell(ref(entity_kind::daemon, machine.value), daemon::command{daemon::revoke{"stolen"}});
  // An order that waits for it must not reach it, either.
  lab.hub.notify({machine, link::release{ticket_id{"t-1"}, "DONE"}}, [] {});
  auto const again = lab.link();
  again->hello();
  REQUIRE(eventually([&] { return again->closed(); }));
  CHECK(again->code() == 1008);
  CHECK(again->reason().find("revoked") != std::string::npos);
  CHECK(again->count() == 0);
  if (linked_before)
    CHECK(first->closed());
  again->finish();
  first->finish();
  CHECK(lab.status() == "REVOKED");
}

TEST_CASE("api: a daemon that is away is told so, and comes back", "[api]") {
  auto const store = open_memory_store();
  inner_lab lab{store};
  lab.enroll();
  auto const one = lab.link();
  one->hello();
  REQUIRE(eventually([&] { return one->count() == 1; }));
  // A second link takes the place of the first, whose end is then no news.
  auto const two = lab.link();
  two->hello();
  REQUIRE(eventually([&] { return two->count() == 1; }));
  CHECK(one->code() == 1000);
  one->finish();
  CHECK(lab.status() == "online");
  two->finish();
  REQUIRE(eventually([&] { return lab.status() == "offline"; }));
  auto const before = lab.version();
  // A link that ends before it was answered.
  auto const three = lab.link();
  three->hello();
  three->finish();
  REQUIRE(eventually([&] { return lab.version() == before + 3; })); // online, suspect, offline
  CHECK(lab.status() == "offline");
  CHECK(three->code() == 1006);
}

TEST_CASE("api: frames of a link come in the order of their numbers", "[api]") {
  auto const store = open_memory_store();
  inner_lab lab{store};
  lab.enroll();
  constexpr int threads = 4;
  constexpr int each = 150;
  std::vector<std::thread> at_once;
  for (int t = 0; t < threads; ++t)
    at_once.emplace_back([&lab, t] {
      for (int i = 0; i < each; ++i)
        lab.hub.notify(
            {machine,
             link::release{ticket_id{"t" + std::to_string(t) + "-" + std::to_string(i)}, "DONE"}},
            [] {});
    });
  // It comes back while orders go out; all are sent again, as none was acknowledged.
  std::vector<std::shared_ptr<heard_socket>> links;
  for (int i = 0; i < 10; ++i) {
    links.push_back(lab.link());
    links.back()->hello();
    REQUIRE(eventually([&] { return links.back()->count() > 0; }));
  }
  for (auto& t : at_once)
    t.join();
  REQUIRE(eventually([&] { return links.back()->count() == threads * each + 1; }));
  for (auto const& l : links) {
    auto const frames = l->frames();
    REQUIRE_FALSE(frames.empty());
    CHECK(std::holds_alternative<link::welcome>(frames.front().body));
    std::uint64_t last = 0;
    bool in_order = true;
    for (auto f = frames.begin() + 1; f != frames.end(); ++f) {
      in_order = in_order && f->seq == last + 1;
      last = f->seq;
    }
    CHECK(in_order);
    l->finish();
  }
}

TEST_CASE("api: every token of a revoked daemon is revoked, however many", "[api]") {
  auto const store = open_memory_store();
  inner_lab lab{store};
  lab.enroll();
  std::vector<std::string> ids;
  for (int i = 0; i < 130; ++i)
    ids.push_back(lab.issue(i));
  lab.n->view().settle();
  auto const answer = lab.revoke();
  INFO(answer.body);
  CHECK(answer.status == 200);
  CHECK(lab.status() == "REVOKED");
  for (auto const& id : ids)
    CHECK(lab.status(ref(entity_kind::principal, id)) == "REVOKED");
}

TEST_CASE("api: a daemon is not called revoked while one of its tokens is good", "[api]") {
  auto const store = open_memory_store();
  {
    inner_lab lab{store};
    lab.enroll();
    for (int i = 0; i < 3; ++i)
      (void)lab.issue(i);
  }
  auto const fails = std::make_shared<std::atomic<bool>>(false);
  fault_plan plan;
  plan.code = errc::corrupt;
  plan.choose = [fails, left = std::make_shared<std::atomic<int>>(1)](std::string_view call,
                                                                      std::uint64_t) {
    return *fails && call == "read_stream" && (*left)-- == 1 ? fault::before : fault::none;
  };
  {
    inner_lab lab{make_faulty(store, plan)};
    CHECK(lab.status() == "enrolled"); // and it is read from now on
    *fails = true;
    auto const answer = lab.revoke();
    INFO(answer.body);
    CHECK(answer.status >= 500);
    CHECK(answer.content_type == "application/problem+json");
    CHECK(lab.status() == "enrolled");
  }
  // Asked again when the store is well, it is done.
  inner_lab lab{store};
  CHECK(lab.revoke().status == 200);
  CHECK(lab.status() == "REVOKED");
}
