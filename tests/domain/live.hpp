#pragma once

#include "actors/domain/kinds.hpp"

#include <stdexcept>

/// An entity that lives in a test: it decides, evolves and keeps its log as the runtime would, and
/// at each step watches what must hold for every entity.
namespace troupe::test {

/// The table of a state's machine.
[[nodiscard]] inline auto table_of(project::state const&) {
  return project::transitions();
}
[[nodiscard]] inline auto table_of(brief::state const&) {
  return brief::transitions();
}
[[nodiscard]] inline auto table_of(plan::state const&) {
  return plan::transitions();
}
[[nodiscard]] inline auto table_of(agent::state const&) {
  return agent::transitions();
}
[[nodiscard]] inline auto table_of(approval::state const&) {
  return approval::transitions();
}
[[nodiscard]] inline auto table_of(budget::state const&) {
  return budget::transitions();
}
[[nodiscard]] inline auto table_of(daemon::state const&) {
  return daemon::transitions();
}
[[nodiscard]] inline auto table_of(principal::state const&) {
  return principal::transitions();
}

/// What a broken rule throws: both Catch2 and RapidCheck show its text.
struct broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void must(bool holds, std::string const& what) {
  if (!holds)
    throw broken(what);
}

template <class Domain>
struct live {
  using event = typename Domain::event;

  explicit live(std::string id)
      : s(Domain::initial({tenant_id{"t"}, Domain::kind, std::move(id)})) {}

  typename Domain::state s;
  std::vector<std::pair<event, event_context>> log;
  time_point now{std::chrono::hours{24 * 365 * 50}};
  principal_id by{"human:ada"};

  /// Decides and applies. A refusal changes nothing; a conflict names the state and the way out.
  result<std::vector<event>> send(typename Domain::command const& c) {
    command_context ctx;
    ctx.id = "c" + std::to_string(++sent_);
    ctx.by = by;
    ctx.now = now;
    auto decided = Domain::decide(s, c, ctx);
    if (!decided) {
      watch_refusal(decided.error());
      return decided.error();
    }
    for (auto const& e : *decided)
      apply(e, ctx);
    must(!decided->after || json::to(*decided->after) == json::to(s),
         "what it was decided on is not what the events make of it: " +
             std::string{json::name_of(c)});
    // The same command again, at once: it is known, or refused, but never has a second effect.
    auto again = Domain::decide(s, c, ctx);
    must(!again || again->empty(), "a command sent twice has a second effect: " +
                                       std::string{json::name_of(c)} + " in " + name(s.is));
    return std::vector<event>{std::move(*decided)};
  }

  /// Sends what must succeed.
  std::vector<event> does(typename Domain::command const& c) {
    auto out = send(c);
    must(out.has_value(), out ? "" : "refused: " + out.error().message);
    return *out;
  }

  [[nodiscard]] std::vector<obligation> owes() const { return Domain::obligations(s); }

  /// The obligation whose key begins so; none: null.
  [[nodiscard]] std::optional<obligation> owed(std::string_view key) const {
    for (auto& o : owes()) {
      if (o.key.starts_with(key))
        return o;
    }
    return std::nullopt;
  }
  /// The command of a `tell`.
  template <class Command, class EntityCommand>
  [[nodiscard]] Command told(std::string_view key) const {
    auto const o = owed(key);
    must(o.has_value(), "no obligation " + std::string{key});
    auto const* t = std::get_if<tell>(&o->what);
    must(t != nullptr, "not a tell: " + o->key);
    return std::get<Command>(std::get<EntityCommand>(t->command));
  }
  [[nodiscard]] envelope asked(std::string_view key) const {
    auto const o = owed(key);
    must(o.has_value(), "no obligation " + std::string{key});
    return std::get<ask>(o->what).message;
  }
  void settle_all() {
    for (auto const& o : owes()) {
      if (o.acknowledge)
        does(settle{o.key, {}});
    }
  }

  /// Invariant 11: replay gives the same state, byte for byte, and so does the snapshot's JSON.
  void check_replay() const {
    auto from_log = Domain::initial(s.self);
    for (auto const& [e, ctx] : log) {
      auto const stored = json::from_named<event>(json::name_of(e), without_type(json::to(e)));
      must(stored.has_value(), stored ? "" : "event does not read: " + stored.error().message);
      from_log = Domain::evolve(std::move(from_log), *stored, ctx);
    }
    auto const bytes = json::canonical(json::to(s));
    must(json::canonical(json::to(from_log)) == bytes, "replay differs from the live state");
    auto const snapshot = json::from<typename Domain::state>(json::to(s));
    must(snapshot.has_value(), snapshot ? "" : "state does not read: " + snapshot.error().message);
    must(json::canonical(json::to(*snapshot)) == bytes, "the snapshot differs from the state");
  }

  template <class E>
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(log.begin(), log.end(), [](auto const& one) {
      return std::holds_alternative<E>(one.first);
    }));
  }

private:
  std::int64_t sent_ = 0;

  static json::value without_type(json::value v) {
    v.as_object().erase("type");
    return v;
  }

  void apply(event const& e, command_context const& ctx) {
    auto const from = s.is;
    event_context around;
    around.version = s.version + 1;
    around.at = ctx.now;
    around.cause = ctx.id;
    s = Domain::evolve(std::move(s), e, around);
    log.emplace_back(e, around);
    must(s.version == log.size(), "the version does not count the events");
    must(from == s.is || is_allowed(table_of(s), from, s.is), "not in the table: " + name(from) +
                                                                  " -> " + name(s.is) + " by " +
                                                                  std::string{json::name_of(e)});
    must(!is_terminal(from) || from == s.is, name(from) + " is terminal");
  }

  void watch_refusal(error const& e) const {
    must(!e.message.empty(), "a refusal without a sentence");
    if (e.code != errc::conflict)
      return;
    must(e.details.contains("state"), "a conflict without its state: " + e.message);
    must(e.details.contains("allowed") || e.details.contains("path"),
         "a conflict without the way out: " + e.message);
  }
};

/// One sentence for a check: the code of a refusal, or `ok`.
template <class T>
[[nodiscard]] std::string outcome(result<T> const& r) {
  return r ? "ok" : to_string(r.error().code);
}

// ---- things that tests need ---------------------------------------------------------------------

[[nodiscard]] inline project_config a_config(autonomy mode = autonomy::ask) {
  auto c = find_template("standard@1")->config;
  c.mode = mode;
  return c;
}

[[nodiscard]] inline brief_content a_draft(std::string title = "Totals") {
  brief_content c;
  c.title = std::move(title);
  requirement r;
  r.key = "R1";
  r.title = "Add totals";
  r.criteria = {"the sum is shown"};
  c.requirements = {r};
  return c;
}

[[nodiscard]] inline plan_item an_item(std::string key, std::vector<std::string> blocked_by = {}) {
  plan_item i;
  i.title = "Do " + key;
  i.key = std::move(key);
  i.role = "dev";
  i.criteria = {"it is done"};
  i.blocked_by = std::move(blocked_by);
  return i;
}

[[nodiscard]] inline plan_content a_plan(std::vector<plan_item> items = {}) {
  plan_content p;
  p.items = items.empty() ? std::vector{an_item("1"), an_item("2", {"1"})} : std::move(items);
  return p;
}

/// The answer of an agent to the question with this id.
[[nodiscard]] inline envelope an_answer(std::string const& question, json::value data,
                                        std::string from = "agent:tally.pm") {
  envelope m;
  m.id = question + ".answer";
  m.reply_to = question;
  m.kind = message_kind::answer;
  m.from = principal_id{std::move(from)};
  m.engine = "rules";
  m.parts = {data_part(std::move(data))};
  return m;
}

} // namespace troupe::test
