#include "actors/why.hpp"

#include "actors/domain/kinds.hpp"

#include <algorithm>
#include <set>

namespace troupe {

namespace {

json::object entry(std::string what, std::string id, std::string text) {
  return {{"what", std::move(what)}, {"id", std::move(id)}, {"text", std::move(text)}};
}

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
    auto const who = maker_of(c);
    if (!who)
      return who.error();
    ticket_chain(c.ticket.value, &c, *who);
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

  /// Whose attempt made the commit, and on which machine; empty where nothing is known.
  result<std::string> maker_of(known_commit const& c) const {
    constexpr std::size_t page = 200;
    entity_ref const self{tenant_, entity_kind::ticket, c.ticket.value};
    auto const t = read<ticket::state>(entity_kind::ticket, c.ticket.value);
    // Who reviews, runs gates or merges makes no commit of the branch.
    auto const works = [&](ticket::leased const& l) {
      auto const at = static_cast<std::size_t>(l.stage);
      return t && l.stage >= 0 && at < t->stages.size() && t->stages[at].kind == stage_kind::work;
    };
    auto const attempt = c.ticket.value + ".t" + std::to_string(c.what.token);
    std::string last; // of a work stage, before that attempt
    for (std::uint64_t after = 0;; after += page) {
      auto const events = store_.read_stream(self, after, page);
      if (!events)
        return events.error();
      for (auto const& e : *events) {
        auto const leased = read_lease(e);
        if (!leased)
          continue;
        if (leased->token == c.what.token)
          return c.what.before ? "made before attempt " + attempt +
                                     (last.empty() ? "" : "; the one before it was of " + last)
                               : "made by " + holder_of(*leased) + " in attempt " + attempt;
        if (works(*leased))
          last = holder_of(*leased);
      }
      if (events->size() < page)
        return "reported by attempt " + attempt;
    }
  }

  static std::optional<ticket::leased> read_lease(stored_event const& e) {
    if (e.event.type != "ticket.leased")
      return std::nullopt;
    auto const data = json::parse(e.event.data);
    if (!data)
      return std::nullopt;
    auto read = json::from<ticket::leased>(*data);
    if (!read)
      return std::nullopt;
    return std::move(*read);
  }

  static std::string holder_of(ticket::leased const& l) {
    auto const who = l.agent.empty() ? std::string{"no agent"} : l.agent.value;
    return who + (l.daemon.empty() ? "" : " on " + l.daemon.value);
  }

  result<json::object> about_entity(entity_kind kind, std::string const& id) {
    json::object out{{"about", id}};
    if (kind == entity_kind::ticket)
      ticket_chain(id);
    else if (kind == entity_kind::run)
      run_chain(id);
    else if (kind == entity_kind::plan)
      plan_chain(id, {});
    else if (kind == entity_kind::brief)
      brief_chain(id, {});
    out.emplace("chain", std::move(chain_));
    entity_ref const self{tenant_, kind, id};
    auto const info = store_.stream(self);
    if (!info)
      return info.error();
    if (info->version == 0)
      return out;
    return with_causes(std::move(out), self, info->version);
  }

  result<json::object> about_event(stored_event const& e) {
    json::object out{{"about", e.event.event_id}};
    chain_.push_back(entry("event", e.event.event_id,
                           e.event.type + " of " + e.stream.id + " by " + e.event.principal));
    if (e.stream.kind == entity_kind::ticket)
      ticket_chain(e.stream.id);
    else if (e.stream.kind == entity_kind::run)
      run_chain(e.stream.id);
    else if (e.stream.kind == entity_kind::plan)
      plan_chain(e.stream.id, {});
    else if (!e.event.correlation.empty())
      brief_chain(e.event.correlation, {});
    out.emplace("chain", std::move(chain_));
    return with_causes(std::move(out), e);
  }

  /// `asked`: about this commit of it; `maker` says who made it.
  void ticket_chain(std::string const& id, known_commit const* asked = nullptr,
                    std::string const& maker = {}) {
    auto const t = read<ticket::state>(entity_kind::ticket, id);
    if (!t)
      return;
    bool const work = asked != nullptr && !asked->what.merge;
    bool const stands = !work || is_part_of(t->proof, asked->what.id);
    if (work)
      chain_.push_back(
          entry("commit", asked->what.id,
                maker + (stands ? "" : "; not part of what the ticket stands on now")));
    if (stands)
      verdicts(*t, work ? asked->what.id : std::string{});
    std::string worked;
    for (auto const& w : t->workers)
      worked += (worked.empty() ? "" : ", ") + w.agent.value + " on " + w.daemon.value;
    chain_.push_back(
        entry("ticket", id, t->item->title + (worked.empty() ? "" : "; worked by ") + worked));
    if (!t->supersedes.empty())
      chain_.push_back(entry("ticket", t->supersedes.value, "was given up and replaced by " + id));
    plan_chain(t->plan.value, t->item->requirements);
  }

  static bool is_part_of(evidence const& proof, std::string const& commit) {
    return proof.head == commit || proof.commits_left_out > 0 ||
           std::find(proof.commits.begin(), proof.commits.end(), commit) != proof.commits.end();
  }

  /// What became of the work: its merge (unless that is `told` already), its gates, its reviews.
  void verdicts(ticket::state const& t, std::string const& told) {
    if (!t.merged_as.empty() && t.merged_as != told)
      chain_.push_back(entry("commit", t.merged_as,
                             "merged into " + t.target_branch + " from " + t.proof.branch + " (" +
                                 std::to_string(t.proof.files.size()) +
                                 (t.proof.files.size() == 1 ? " file, +" : " files, +") +
                                 std::to_string(t.proof.insertions) + " -" +
                                 std::to_string(t.proof.deletions) + ")"));
    for (auto const& g : t.gate_results)
      chain_.push_back(entry("gate", g.gate, (g.passed ? "passed: " : "failed: ") + g.message));
    for (auto r = t.reviews.rbegin(); r != t.reviews.rend(); ++r)
      chain_.push_back(
          entry("review", r->by.value,
                r->approved ? "approved in " + r->stage
                            : "asked for changes" + (r->notes.empty() ? "" : ": " + r->notes[0])));
  }

  void run_chain(std::string const& id) {
    auto const r = read<run::state>(entity_kind::run, id);
    if (!r)
      return;
    chain_.push_back(entry("run", id, "execution of " + r->plan.value));
    plan_chain(r->plan.value, {});
  }

  void plan_chain(std::string const& id, std::vector<std::string> const& requirements) {
    auto const p = read<plan::state>(entity_kind::plan, id);
    if (!p)
      return;
    chain_.push_back(entry(
        "plan", id,
        "version " + std::to_string(p->number) +
            (p->decided_by.empty() ? std::string{} : ", approved by " + p->decided_by.value)));
    if (!p->failed_key.empty())
      chain_.push_back(entry("replan", p->failed_key, p->failure));
    brief_chain(p->brief.value, requirements);
  }

  void brief_chain(std::string const& id, std::vector<std::string> const& requirements) {
    auto const b = read<brief::state>(entity_kind::brief, id);
    if (!b)
      return;
    for (auto const& q : b->content.requirements) {
      if (std::find(requirements.begin(), requirements.end(), q.key) == requirements.end())
        continue;
      chain_.push_back(entry("requirement", q.key, q.title));
    }
    chain_.push_back(
        entry("brief", id,
              b->content.title + (b->decided_by.empty() ? std::string{}
                                                        : "; approved by " + b->decided_by.value)));
    for (auto const& q : b->content.requirements) {
      if (std::find(requirements.begin(), requirements.end(), q.key) == requirements.end())
        continue;
      for (auto const& c : q.cites) {
        auto e = entry("sentence", q.key, "\"" + c.quote + "\"");
        e.emplace("speaker", c.speaker);
        e.emplace("at", clock_of(c.at));
        chain_.push_back(std::move(e));
      }
    }
    chain_.push_back(entry("source", b->from.name, b->from.kind + ", sha256 " + b->from.sha256));
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
