#include "actors/why.hpp"

#include "actors/domain/kinds.hpp"
#include "actors/why_subject.hpp"
#include "actors/why_work.hpp"

#include <algorithm>
#include <set>

namespace troupe {

namespace {

std::string clock_of(duration at) {
  auto const total = std::chrono::duration_cast<std::chrono::seconds>(at).count();
  auto const two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(total / 3600) + ":" + two(total / 60 % 60) + ":" + two(total % 60);
}

constexpr std::size_t fewest_digits = 7; ///< of a commit, as Git abbreviates it
constexpr std::size_t most_candidates = 8;

/// Follows the ledger's story backwards.
class explainer {
public:
  explainer(board const& view, event_store& store, tenant_id tenant)
      : view_(view), store_(store), tenant_(std::move(tenant)) {}

  result<json::object> explain(std::string const& ref) {
    for (auto const kind : {entity_kind::ticket, entity_kind::run, entity_kind::plan,
                            entity_kind::brief, entity_kind::approval, entity_kind::agent}) {
      if (!view_.get({tenant_, kind, ref}).is_null())
        return about_entity(kind, ref);
    }
    auto const event = find_event(ref);
    if (event)
      return about_event(*event);
    if (event.error().code != errc::not_found)
      return event.error();
    if (is_commit(ref))
      return about_commit(ref);
    return fail(errc::not_found, "nothing is known about " + ref +
                                     "; give a ticket, an event id, or 7 digits of a commit");
  }

private:
  template <class State>
  std::optional<State> read(entity_kind kind, std::string const& id) const {
    auto const v = view_.get({tenant_, kind, id});
    if (v.is_null())
      return std::nullopt;
    auto s = json::from<State>(v);
    if (!s)
      return std::nullopt;
    return std::move(*s);
  }

  static bool is_commit(std::string const& ref) {
    return ref.size() >= fewest_digits && ref.size() <= 64 &&
           ref.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  }

  result<json::object> about_commit(std::string prefix) {
    for (auto& c : prefix)
      c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    auto const found = view_.commits(tenant_, prefix, most_candidates + 1);
    if (found.empty())
      return fail(errc::not_found, "nothing is known about commit " + prefix +
                                       "; no agent of a ticket here has reported it");
    if (found.size() > 1)
      return ambiguous(prefix, found);
    auto const& c = found.front();
    json::object out{{"about", c.what.id}};
    auto const who = maker_of(view_, store_, c, tenant_);
    if (!who)
      return who.error();
    if (auto ok = ticket_chain(c.ticket.value, &c, *who); !ok)
      return ok.error();
    out.emplace("chain", std::move(chain_));
    return with_causes(std::move(out), {tenant_, entity_kind::ticket, c.ticket.value}, c.version);
  }

  static error ambiguous(std::string const& prefix, std::vector<known_commit> const& found) {
    json::array candidates;
    std::string list;
    for (auto const& c : found) {
      if (candidates.size() == most_candidates) {
        list += ", ...";
        break;
      }
      candidates.push_back(json::object{{"commit", c.what.id}, {"ticket", c.ticket.value}});
      list += (list.empty() ? "" : ", ") + c.what.id + " of ticket " + c.ticket.value;
    }
    return fail(errc::invalid_argument,
                "commit " + prefix + " is ambiguous: " + list + "; give more of its digits",
                {{"candidates", std::move(candidates)}});
  }

  result<json::object> about_entity(entity_kind kind, std::string const& id) {
    json::object out{{"about", id}};
    entity_ref const self{tenant_, kind, id};
    if (auto ok = kind == entity_kind::agent ? agent_chain(self) : chain_of(self); !ok)
      return ok.error();
    out.emplace("chain", std::move(chain_));
    auto const info = store_.stream(self);
    if (!info)
      return info.error();
    if (info->version == 0)
      return out;
    return with_causes(std::move(out), self, info->version);
  }

  result<json::object> about_event(stored_event const& e) {
    json::object out{{"about", e.event.event_id}};
    chain_.push_back(chain_entry("event", e.event.event_id,
                                 e.event.type + " of " + e.stream.id + " by " + e.event.principal));
    auto const subject = subject_of(view_, store_, e);
    if (!subject)
      return subject.error();
    if (*subject) {
      if (auto ok = chain_of(**subject); !ok)
        return ok.error();
    } else {
      no_brief("it is about " + std::string{to_string(e.stream.kind)} + " " + e.stream.id +
               ", whatever is worked on");
    }
    out.emplace("chain", std::move(chain_));
    return with_causes(std::move(out), e);
  }

  /// Nothing that was said in a source led to it.
  void no_brief(std::string const& why) {
    chain_.push_back(chain_entry("origin", "", "belongs to no brief: " + why));
  }

  result<void> chain_of(entity_ref const& ref) {
    switch (ref.kind) {
    case entity_kind::ticket:
      return ticket_chain(ref.id);
    case entity_kind::run:
      return run_chain(ref.id);
    case entity_kind::plan:
      plan_chain(ref.id, {});
      break;
    case entity_kind::brief:
      brief_chain(ref.id, {});
      break;
    case entity_kind::approval:
      return approval_chain(ref);
    default:
      break;
    }
    return {};
  }

  result<void> agent_chain(entity_ref const& ref) {
    auto const a = read<agent::state>(entity_kind::agent, ref.id);
    if (!a)
      return {};
    auto const by = maker_of_stream(ref);
    if (!by)
      return by.error();
    chain_.push_back(chain_entry("agent", ref.id, "hired as " + a->spec.role + " by " + *by));
    no_brief("an agent works for its whole project");
    return {};
  }

  result<void> approval_chain(entity_ref const& ref) {
    auto const a = read<approval::state>(entity_kind::approval, ref.id);
    if (!a)
      return {};
    chain_.push_back(chain_entry(
        "approval", ref.id,
        a->question + (a->decided_by.empty() ? std::string{}
                                             : "; " + name(a->is) + " by " + a->decided_by.value)));
    if (auto const of = asked_about(view_, ref))
      return chain_of(*of);
    return {};
  }

  /// `asked`: about this commit of it; `maker` says who made it.
  result<void> ticket_chain(std::string const& id, known_commit const* asked = nullptr,
                            std::string const& maker = {}) {
    auto const t = read<ticket::state>(entity_kind::ticket, id);
    if (!t)
      return {};
    bool const work = asked != nullptr && !asked->what.merge;
    bool const stands = !work || is_part_of(t->proof, asked->what.id);
    if (work)
      chain_.push_back(
          chain_entry("commit", asked->what.id,
                      maker + (stands ? "" : "; not part of what the ticket stands on now")));
    if (stands) {
      auto verdicts = verdicts_of(store_, *t, work ? asked->what.id : std::string{});
      if (!verdicts)
        return verdicts.error();
      for (auto& v : *verdicts)
        chain_.push_back(std::move(v));
    }
    std::string worked;
    for (auto const& w : t->workers)
      worked += (worked.empty() ? "" : ", ") + w.agent.value + " on " + w.daemon.value;
    chain_.push_back(chain_entry("ticket", id,
                                 t->item->title + (worked.empty() ? "" : "; worked by ") + worked));
    if (!t->supersedes.empty())
      chain_.push_back(
          chain_entry("ticket", t->supersedes.value, "was given up and replaced by " + id));
    if (t->brief.empty())
      return made_by_hand(t->run.value);
    plan_chain(t->plan.value, t->item->requirements);
    return {};
  }

  static bool is_part_of(evidence const& proof, std::string const& commit) {
    return proof.head == commit || proof.commits_left_out > 0 ||
           std::find(proof.commits.begin(), proof.commits.end(), commit) != proof.commits.end();
  }

  result<void> run_chain(std::string const& id) {
    auto const r = read<run::state>(entity_kind::run, id);
    if (!r)
      return {};
    if (r->brief.empty()) {
      std::string titles;
      for (auto const& i : r->items)
        titles += (titles.empty() ? "" : ", ") + i.item.title;
      chain_.push_back(chain_entry("run", id, "execution of: " + titles));
      return made_by_hand(id);
    }
    chain_.push_back(chain_entry("run", id, "execution of " + r->plan.value));
    plan_chain(r->plan.value, {});
    return {};
  }

  /// Who wanted the ticket of a run without a brief. A run that goes on where another was stopped
  /// was made by the other: whoever made the first of them, wanted it.
  result<void> made_by_hand(std::string run) {
    std::set<std::string> seen;
    for (auto r = read<run::state>(entity_kind::run, run);
         r && !r->continues.empty() && seen.insert(run).second;
         r = read<run::state>(entity_kind::run, run))
      run = r->continues.value;
    auto const by = maker_of_stream({tenant_, entity_kind::run, run});
    if (!by)
      return by.error();
    no_brief("made by hand by " + *by);
    return {};
  }

  /// The principal of the first event.
  result<std::string> maker_of_stream(entity_ref const& ref) const {
    auto const first = store_.read_stream(ref, 0, 1);
    if (!first)
      return first.error();
    return first->empty() ? std::string{"somebody unknown"} : first->front().event.principal;
  }

  void plan_chain(std::string const& id, std::vector<std::string> const& requirements) {
    auto const p = read<plan::state>(entity_kind::plan, id);
    if (!p)
      return;
    chain_.push_back(chain_entry(
        "plan", id,
        "version " + std::to_string(p->number) +
            (p->decided_by.empty() ? std::string{} : ", approved by " + p->decided_by.value)));
    if (!p->failed_key.empty())
      chain_.push_back(chain_entry("replan", p->failed_key, p->failure));
    brief_chain(p->brief.value, requirements);
  }

  /// Down to the sentences of these requirements. None named: to the brief as a whole, which is its
  /// goal and every requirement, each with the first of its sentences.
  void brief_chain(std::string const& id, std::vector<std::string> const& wanted) {
    auto const b = read<brief::state>(entity_kind::brief, id);
    if (!b)
      return;
    bool const whole = wanted.empty();
    auto const meant = [&](requirement const& q) {
      return whole || std::find(wanted.begin(), wanted.end(), q.key) != wanted.end();
    };
    auto const& all = b->content.requirements;
    if (whole && !b->content.goal.empty())
      chain_.push_back(chain_entry("goal", "", b->content.goal));
    for (auto const& q : all)
      if (meant(q))
        chain_.push_back(chain_entry("requirement", q.key, q.title));
    chain_.push_back(chain_entry(
        "brief", id,
        b->content.title +
            (b->decided_by.empty() ? std::string{} : "; approved by " + b->decided_by.value)));
    bool cited = false;
    for (auto const& q : all) {
      if (!meant(q))
        continue;
      for (auto const& c : q.cites) {
        auto e = chain_entry("sentence", q.key, "\"" + c.quote + "\"");
        e.emplace("speaker", c.speaker);
        e.emplace("at", clock_of(c.at));
        chain_.push_back(std::move(e));
        cited = true;
        if (whole)
          break;
      }
    }
    if (!cited)
      chain_.push_back(chain_entry("origin", "",
                                   all.empty() ? "no sentence is cited: the brief is not drafted"
                                               : "no sentence is cited in what " +
                                                     b->drafted_by.value + " drafted"));
    chain_.push_back(
        chain_entry("source", b->from.name, b->from.kind + ", sha256 " + b->from.sha256));
  }

  /// Adds the event of that version, if there is one, and its causes.
  result<json::object> with_causes(json::object out, entity_ref const& of,
                                   std::uint64_t version) const {
    auto at = store_.read_stream(of, version - 1, 1);
    if (!at)
      return at.error();
    if (at->empty())
      return out;
    return with_causes(std::move(out), std::move(at->front()));
  }
  result<json::object> with_causes(json::object out, stored_event e) const {
    auto found = causes(std::move(e));
    if (!found)
      return found.error();
    out.emplace("events", std::move(*found));
    return out;
  }

  /// The stored causes, from this event back to a request of a person.
  result<json::array> causes(stored_event e) const {
    json::array out;
    std::set<std::string> seen;
    while (seen.insert(e.event.event_id).second) {
      out.push_back(json::object{{"event", e.event.event_id},
                                 {"type", e.event.type},
                                 {"of", e.stream.id},
                                 {"by", e.event.principal},
                                 {"at", json::to(e.event.at)},
                                 {"cause", e.event.cause}});
      auto before = find_event(e.event.cause); // of a request's id there is no event
      if (!before && before.error().code != errc::not_found)
        return before.error();
      if (!before)
        break;
      e = std::move(*before);
    }
    return out;
  }

  result<stored_event> find_event(std::string const& id) const {
    auto at_hand = view_.events(0, 1, [&](stored_event const& e) {
      return e.stream.tenant == tenant_ && e.event.event_id == id;
    });
    if (!at_hand.empty())
      return *at_hand.front().event;
    return store_.find_event(tenant_, id);
  }

  board const& view_;
  event_store& store_;
  tenant_id tenant_;
  json::array chain_;
};

} // namespace

result<json::object> explain(board const& view, event_store& store, tenant_id const& tenant,
                             std::string const& ref) {
  return explainer{view, store, tenant}.explain(ref);
}

} // namespace troupe
