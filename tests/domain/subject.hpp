#pragma once

#include "actors/domain/kinds.hpp"

#include <catch2/catch.hpp>

#include <functional>

namespace troupe::test {

/// One entity under test: given its history, when a command comes, then events, state and
/// obligations are there to look at. Every event is checked against the transition table, goes
/// through its stored form, and the snapshot must read back.
template <class Domain>
class subject {
public:
  using command = typename Domain::command;
  using event = typename Domain::event;

  explicit subject(std::string id) : state_(Domain::initial({tenant_id{"t1"}, Domain::kind, id})) {}

  /// Applies a command and answers how many events it led to.
  result<std::size_t> when(command c, std::string by = "system", std::string id = {}) {
    command_context ctx;
    ctx.id = id.empty() ? "c" + std::to_string(++commands_) : id;
    ctx.by = principal_id{std::move(by)};
    ctx.now = now;
    last.clear();
    auto decided = Domain::decide(state_, c, ctx);
    if (!decided)
      return decided.error();
    for (auto const& e : *decided)
      append(e, ctx);
    if (decided->after) // what it was decided on is what its events make
      CHECK(json::to(*decided->after) == json::to(state_));
    return decided->size();
  }
  /// The same, for commands that must not be refused.
  std::size_t does(command c, std::string by = "system", std::string id = {}) {
    auto const r = when(std::move(c), std::move(by), std::move(id));
    if (!r)
      FAIL("refused: " << r.error().message);
    return *r;
  }
  /// The code of the refusal; fails the test where there is none.
  errc refused(command c, std::string by = "system") {
    auto const before = state_;
    auto const r = when(std::move(c), std::move(by));
    if (r)
      FAIL("not refused");
    CHECK(before == state_);
    problem = r.error();
    return r.error().code;
  }

  [[nodiscard]] typename Domain::state const& now_is() const { return state_; }
  [[nodiscard]] std::vector<obligation> wants() const { return Domain::obligations(state_); }
  [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> out;
    for (auto const& o : wants())
      out.push_back(o.key);
    return out;
  }
  [[nodiscard]] bool wants(std::string const& key) const {
    auto const all = keys();
    return std::find(all.begin(), all.end(), key) != all.end();
  }
  /// The obligation whose key begins so; fails the test where there is none.
  [[nodiscard]] obligation wanted(std::string const& prefix) const {
    for (auto const& o : wants()) {
      if (o.key.starts_with(prefix))
        return o;
    }
    FAIL("no obligation " << prefix);
    return {};
  }
  /// The last event of type E of the last command.
  template <class E>
  [[nodiscard]] E const& got() const {
    for (auto e = last.rbegin(); e != last.rend(); ++e) {
      if (auto const* x = std::get_if<E>(&*e))
        return *x;
    }
    FAIL("no event " << E::type_name);
    throw std::logic_error("unreachable");
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (auto const& e : last)
      out.emplace_back(json::name_of(e));
    return out;
  }

  time_point now{std::chrono::hours{500'000}};
  std::vector<event> last;
  error problem;
  /// Hears each event in its stored form.
  std::function<void(std::string_view type, std::string_view data, event_context const&)> seen;

private:
  void append(event const& e, command_context const& ctx) {
    auto data = json::to(e);
    data.as_object().erase("type");
    auto const stored = json::parse(json::canonical(data));
    REQUIRE(stored.has_value());
    auto const back = json::from_named<event>(json::name_of(e), *stored);
    if (!back)
      FAIL(json::name_of(e) << ": " << back.error().message);
    CHECK(*back == e);
    event_context at;
    at.version = state_.version + 1;
    at.at = ctx.now;
    at.cause = ctx.id;
    auto next = Domain::evolve(state_, *back, at);
    if constexpr (requires { next.is; }) {
      if (next.is != state_.is) {
        INFO(json::name_of(e) << ": " << name(state_.is) << " -> " << name(next.is));
        CHECK(is_allowed(transitions_of(next), state_.is, next.is));
      }
    }
    CHECK(next.version == at.version);
    if (seen)
      seen(std::string{to_string(Domain::kind)} + "." + std::string{json::name_of(e)},
           json::canonical(data), at);
    auto const snapshot = json::from<typename Domain::state>(json::to(next));
    if (!snapshot)
      FAIL("snapshot: " << snapshot.error().message);
    CHECK(*snapshot == next);
    state_ = std::move(next);
    last.push_back(e);
  }

  static auto transitions_of(ticket::state const&) { return ticket::transitions(); }
  static auto transitions_of(run::state const&) { return run::transitions(); }

  typename Domain::state state_;
  int commands_ = 0;
};

} // namespace troupe::test
