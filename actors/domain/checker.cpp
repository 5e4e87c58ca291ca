#include "actors/domain/checker.hpp"

#include "actors/domain/checker_rules.hpp"

namespace troupe {

namespace {

using problem = std::optional<std::string>;

template <class Domain>
struct domain_table;
#define TROUPE_TABLE(NAME)                                                                         \
  template <>                                                                                      \
  struct domain_table<NAME##_domain> {                                                             \
    static auto rows() { return NAME::transitions(); }                                             \
  };
TROUPE_EACH_KIND(TROUPE_TABLE)
#undef TROUPE_TABLE

/// What the rules want to know of the state before the event.
template <class Domain>
struct before {
  decltype(Domain::state::is) is{};
  rules::ticket_before ticket;
  std::vector<std::string> open_messages;
  std::string scope;

  before(typename Domain::state const* s, typename Domain::event const& e) {
    if constexpr (Domain::kind == entity_kind::budget)
      scope = rules::scope_of(s, e);
    else
      (void)e;
    if (s == nullptr)
      return;
    is = s->is;
    if constexpr (Domain::kind == entity_kind::ticket)
      ticket = rules::remember(s);
    if constexpr (Domain::kind == entity_kind::agent) {
      for (auto const& m : s->inbox)
        open_messages.push_back(m.id);
    }
  }
};

std::string place_of(entity_ref const& stream, std::uint64_t version, std::string_view type) {
  return to_string(stream) + " version " + std::to_string(version) + " (" + std::string{type} +
         "): ";
}

} // namespace

std::string_view invariant_checker::subject(int invariant) {
  static constexpr std::array<std::string_view, invariants> subjects{
      "attempts only of what was approved",
      "one lease a ticket",
      "money within its grant",
      "no cycle of blockers",
      "ready when its blockers are done",
      "a reviewer is not the author",
      "done only with gates and evidence",
      "who waits says for whom and how long",
      "no message wakes who caused it",
      "one tenant in all references",
      "a snapshot is what replay gives",
      "no secret in the ledger",
      "no model call without a cause",
  };
  return subjects.at(static_cast<std::size_t>(invariant - 1));
}

invariant_checker::invariant_checker(secret_finder find_secret, order fed)
    : find_secret_(std::move(find_secret)), order_(fed) {}

std::optional<std::string> invariant_checker::check(entity_ref const& stream, std::uint64_t version,
                                                    std::string_view type, std::int32_t schema,
                                                    std::string_view data_json,
                                                    event_context const& ctx) {
  auto done = take(stream, version, type, schema, data_json, ctx);
  return done ? std::move(*done) : problem{place_of(stream, version, type) + done.error().message};
}

result<std::optional<std::string>>
invariant_checker::take(entity_ref const& stream, std::uint64_t version, std::string_view type,
                        std::int32_t schema, std::string_view data_json, event_context const& ctx,
                        made_event made) {
  ++events_;
  if (!home_)
    home_ = stream.tenant;
  if (version <= 1 && stream.tenant != *home_)
    owners_[{stream.kind, stream.id}].insert(stream.tenant);
  return with_domain(stream.kind, [&](auto domain) {
    return take_as<decltype(domain)>(stream, version, type, schema, data_json, ctx,
                                     std::move(made));
  });
}

result<void> invariant_checker::apply(entity_ref const& stream, std::uint64_t version,
                                      std::string_view type, std::int32_t schema,
                                      std::string_view data_json, event_context const& ctx,
                                      made_event made) {
  return with_domain(stream.kind, [&](auto domain) -> result<void> {
    using D = decltype(domain);
    std::optional<typename D::event> room;
    auto const e = next<D>(stream, version, type, schema, data_json, made, room);
    if (!e)
      return e.error();
    advance<D>(stream, version, **e, ctx, std::move(made.after));
    return {};
  });
}

template <class Domain>
result<typename Domain::event const*>
invariant_checker::next(entity_ref const& stream, std::uint64_t version, std::string_view type,
                        std::int32_t schema, std::string_view data_json, made_event const& made,
                        std::optional<typename Domain::event>& room) const {
  if (made.decoded != nullptr) {
    if (auto const ok = states_.follows(stream, version); !ok)
      return ok.error();
    return static_cast<typename Domain::event const*>(made.decoded);
  }
  auto read = states_.read<Domain>(stream, version, type, schema, data_json);
  if (!read)
    return read.error();
  return &room.emplace(std::move(*read));
}

template <class Domain>
typename Domain::state const&
invariant_checker::advance(entity_ref const& stream, std::uint64_t version,
                           typename Domain::event const& e, event_context const& ctx,
                           std::shared_ptr<void const> made) {
  auto after = std::static_pointer_cast<typename Domain::state const>(std::move(made));
  // One of another version or stream would go unnoticed from here on: it is not believed.
  if (after != nullptr && after->version == version && after->self == stream)
    return states_.put<Domain>(stream, std::move(after));
  return states_.fold<Domain>(stream, version, e, ctx);
}

template <class Where, class Question>
invariant_checker::problem invariant_checker::ask(Where const& where, Question q) {
  auto p = q();
  if (!p || order_ == order::causal)
    return p;
  later_.emplace_back(where(), std::move(q));
  return std::nullopt;
}

template <class Domain>
result<std::optional<std::string>>
invariant_checker::take_as(entity_ref const& stream, std::uint64_t version, std::string_view type,
                           std::int32_t schema, std::string_view data_json,
                           event_context const& ctx, made_event made) {
  // Made only where something is to be told: this runs for every event of a working server.
  auto const where = [&] { return place_of(stream, version, type); };
  auto const found = [&](problem p) -> problem { return p ? problem{where() + *p} : std::nullopt; };
  std::optional<typename Domain::event> room;
  auto const event = next<Domain>(stream, version, type, schema, data_json, made, room);
  if (!event)
    return event.error();
  auto const& e = **event;
  before<Domain> const was{states_.find<Domain>(stream), e};
  auto const& now = advance<Domain>(stream, version, e, ctx, std::move(made.after));
  if (keep_) {
    if (auto p = fold_again(stream, version, type, schema, data_json, ctx))
      return found(p);
  }
  if (find_secret_) {
    examined_.insert(12);
    if (auto secret = find_secret_(data_json))
      return found("invariant 12: " + *secret);
  }
  if (now.is != was.is && !is_allowed(domain_table<Domain>::rows(), was.is, now.is))
    return problem{where() + "it went from " + name(was.is) + " to " + name(now.is) +
                   ", which the table does not have"};

  note_examined<Domain>(e, now);

  if constexpr (Domain::kind == entity_kind::ticket) {
    if (auto p = rules::check_ticket(was.ticket, e, now))
      return found(p);
    // A decision may pass through `ready`; its next event must then put it right.
    auto const left = unsettled_.find(stream);
    bool const again =
        left != unsettled_.end() && !std::holds_alternative<ticket::readiness_changed>(e);
    auto const wrong = rules::misplaced(now);
    if (again)
      return found("invariant 5: before this event " + left->second);
    if (wrong.empty())
      unsettled_.erase(stream);
    else
      unsettled_[stream] = wrong;
    if (auto const* o = std::get_if<ticket::opened>(&e)) {
      for (auto const& [kind, id] : {std::pair{entity_kind::run, o->run.value},
                                     {entity_kind::brief, o->brief.value},
                                     {entity_kind::plan, o->plan.value},
                                     {entity_kind::project, o->project.value}}) {
        if (auto p = found(ask(
                where, [this, stream, kind = kind, id = id] { return refers(stream, kind, id); })))
          return p;
      }
    }
    if (auto const* l = std::get_if<ticket::leased>(&e)) {
      if (auto p = found(ask(where, [=, this] { return cleared_for_work(stream); })))
        return p;
      if (auto const p = rules::check_money(now))
        return found(p);
      if (!now.money->id.empty()) {
        ticket_money const money{now.money->budget, now.money->id};
        if (auto p = found(ask(where, [=, this] { return is_funded(stream, money); })))
          return p;
      }
      for (auto const& [kind, id] : {std::pair{entity_kind::agent, l->agent.value},
                                     {entity_kind::daemon, l->daemon.value}}) {
        if (auto p = found(ask(
                where, [this, stream, kind = kind, id = id] { return refers(stream, kind, id); })))
          return p;
      }
    }
    if (auto const* r = std::get_if<ticket::readiness_changed>(&e)) {
      for (auto const& b : r->met) {
        if (auto p = found(ask(where, [=, this] { return is_done(stream, b.value); })))
          return p;
      }
    }
  } else if constexpr (Domain::kind == entity_kind::brief) {
    if (auto const* a = std::get_if<brief::approval_recorded>(&e);
        a != nullptr && a->to == brief::status::approved)
      approved_.insert(stream);
    if (std::holds_alternative<brief::submitted>(e))
      return found(ask(where, [this, stream, id = now.project.value] {
        return refers(stream, entity_kind::project, id);
      }));
  } else if constexpr (Domain::kind == entity_kind::plan) {
    if (auto p = rules::check_plan(now))
      return found(p);
    return found(ask(where, [this, stream, id = now.brief.value] {
      return refers(stream, entity_kind::brief, id);
    }));
  } else if constexpr (Domain::kind == entity_kind::run) {
    if (auto p = rules::check_run(e, now))
      return found(p);
    return found(ask(where, [this, stream, id = now.brief.value] {
      return refers(stream, entity_kind::brief, id);
    }));
  } else if constexpr (Domain::kind == entity_kind::agent) {
    return found(rules::check_agent(was.open_messages, e, now));
  } else if constexpr (Domain::kind == entity_kind::budget) {
    // Asked about only when all is fed; by then the budget may have forgotten it.
    if (auto const* r = std::get_if<budget::reserved>(&e);
        r != nullptr && r->amount > 0 && order_ == order::unordered)
      reserved_.emplace(stream, r->id);
    return found(rules::check_budget(now, was.scope));
  }
  return problem{};
}

template <class Domain>
void invariant_checker::note_examined(typename Domain::event const& e,
                                      typename Domain::state const& now) {
  auto const with = [&](std::initializer_list<int> numbers) { examined_.insert(numbers); };
  if constexpr (Domain::kind == entity_kind::ticket) {
    with({5});
    if (std::holds_alternative<ticket::opened>(e))
      with({10});
    if (std::holds_alternative<ticket::leased>(e))
      with({1, 2, 3, 10});
    if (std::holds_alternative<ticket::reviewed>(e))
      with({6});
    if (std::holds_alternative<ticket::gated>(e) || now.is == ticket::status::DONE)
      with({7});
    if (now.is == ticket::status::waiting || !now.waits.empty())
      with({8});
    if (std::holds_alternative<ticket::message_posted>(e))
      with({9});
  } else if constexpr (Domain::kind == entity_kind::brief) {
    if (std::holds_alternative<brief::submitted>(e))
      with({10});
  } else if constexpr (Domain::kind == entity_kind::plan || Domain::kind == entity_kind::run) {
    with({4, 10});
  } else if constexpr (Domain::kind == entity_kind::agent) {
    if (std::holds_alternative<agent::received>(e))
      with({9});
    if (std::holds_alternative<agent::replied>(e))
      with({13});
  } else if constexpr (Domain::kind == entity_kind::budget) {
    with({3});
  }
}

void invariant_checker::fold_twice(keeper keep) {
  keep_ = keep ? std::move(keep) : [](std::string canonical) { return canonical; };
}

invariant_checker::problem invariant_checker::fold_again(entity_ref const& stream,
                                                         std::uint64_t version,
                                                         std::string_view type, std::int32_t schema,
                                                         std::string_view data_json,
                                                         event_context const& ctx) {
  if (auto ok = second_.apply(stream, version, type, schema, data_json, ctx); !ok)
    return "invariant 11: after a snapshot it is refused: " + ok.error().message;
  bool const keeps = (version & (version - 1)) == 0;
  if (!keeps)
    return std::nullopt;
  auto const kept = (*keep_)(json::canonical(second_.state_of(stream)));
  if (auto ok = second_.restore(stream, kept); !ok)
    return "invariant 11: " + ok.error().message;
  return std::nullopt;
}

std::vector<std::string> invariant_checker::compare_folds() {
  std::vector<std::string> out;
  for (auto const& stream : second_.entities()) {
    examined_.insert(11);
    if (json::canonical(second_.state_of(stream)) != json::canonical(states_.state_of(stream)))
      out.push_back(to_string(stream) + ": invariant 11: a fold that goes through a snapshot is "
                                        "not the fold of all events");
    second_.drop(stream);
  }
  return out;
}

invariant_checker::problem invariant_checker::refers(entity_ref const& from, entity_kind kind,
                                                     std::string const& id) const {
  if (id.empty() || states_.version_of({from.tenant, kind, id}) > 0)
    return std::nullopt;
  auto const it = owners_.find({kind, id});
  bool const others = it != owners_.end();
  bool const at_home = home_ && states_.version_of({*home_, kind, id}) > 0;
  if ((!others && !at_home) || (others && it->second.contains(from.tenant)))
    return std::nullopt;
  return "invariant 10: " + std::string{to_string(kind)} + " " + id + " belongs to tenant " +
         (at_home ? *home_ : *it->second.begin()).value;
}

invariant_checker::problem invariant_checker::cleared_for_work(entity_ref const& ticket) const {
  auto const* t = states_.find<ticket_domain>(ticket);
  if (t == nullptr || t->by_hand)
    return std::nullopt;
  if (!approved_.contains({ticket.tenant, entity_kind::brief, t->brief.value}))
    return "invariant 1: an attempt although brief " + t->brief.value + " is not approved";
  auto const* p = states_.find<plan_domain>({ticket.tenant, entity_kind::plan, t->plan.value});
  if (p == nullptr || !p->was_active)
    return "invariant 1: an attempt although plan " + t->plan.value + " was never active";
  return std::nullopt;
}

invariant_checker::problem invariant_checker::is_funded(entity_ref const& ticket,
                                                        ticket_money const& money) const {
  entity_ref const budget{ticket.tenant, entity_kind::budget, money.budget};
  auto const* b = states_.find<budget_domain>(budget);
  bool const held = b != nullptr && b->holds.contains(money.id) && b->holds.at(money.id).amount > 0;
  if (!held && !reserved_.contains({budget, money.id}))
    return "invariant 3: an attempt although " + money.id + " was never reserved in " +
           money.budget;
  return std::nullopt;
}

invariant_checker::problem invariant_checker::is_done(entity_ref const& ticket,
                                                      std::string const& blocker) const {
  auto const* b = states_.find<ticket_domain>({ticket.tenant, entity_kind::ticket, blocker});
  if (b == nullptr || b->is != ticket::status::DONE)
    return "invariant 5: blocker " + blocker + " counts as done and is not";
  return std::nullopt;
}

std::optional<std::string> invariant_checker::check_snapshot(entity_ref const& stream,
                                                             std::uint64_t version,
                                                             std::string_view canonical) const {
  if (states_.version_of(stream) != version)
    return to_string(stream) + ": the snapshot is of version " + std::to_string(version) +
           ", the log of " + std::to_string(states_.version_of(stream));
  if (json::canonical(states_.state_of(stream)) != canonical)
    return to_string(stream) + ": invariant 11: the snapshot of version " +
           std::to_string(version) + " is not what replay gives";
  return std::nullopt;
}

std::vector<std::string> invariant_checker::finish() {
  auto out = compare_folds();
  for (auto const& [where, q] : later_) {
    if (auto p = q())
      out.push_back(where + *p);
  }
  later_.clear();
  for (auto const& [stream, wrong] : unsettled_)
    out.push_back(to_string(stream) + ": invariant 5: " + wrong);
  return out;
}

} // namespace troupe
