#include "actors/why_work.hpp"

#include "actors/domain/kinds.hpp"
#include "actors/read_stored.hpp"

#include <algorithm>
#include <functional>

namespace troupe {

namespace {

/// Reads a ticket's stream, oldest first, until `see` has had enough and says false.
result<void> each_event(event_store& store, entity_ref const& of,
                        std::function<bool(stored_event const&)> const& see) {
  constexpr std::size_t page = 200;
  for (std::uint64_t after = 0;; after += page) {
    auto const events = store.read_stream(of, after, page);
    if (!events)
      return events.error();
    for (auto const& e : *events)
      if (!see(e))
        return {};
    if (events->size() < page)
      return {};
  }
}

std::string holder_of(ticket::leased const& l) {
  auto const who = l.agent.empty() ? std::string{"no agent"} : l.agent.value;
  return who + (l.daemon.empty() ? "" : " on " + l.daemon.value);
}

std::string attempt_of(std::string const& ticket, std::int64_t token) {
  return ticket + ".t" + std::to_string(token);
}

json::object of_merge(ticket::state const& t) {
  evidence const& p = t.proof;
  return chain_entry("commit", t.merged_as,
                     "merged into " + t.target_branch + " from " + p.branch + " (" +
                         std::to_string(p.files.size()) +
                         (p.files.size() == 1 ? " file, +" : " files, +") +
                         std::to_string(p.insertions) + " -" + std::to_string(p.deletions) + ")");
}

/// What one event says about the work; nothing where it decides nothing.
class verdict_reader {
public:
  explicit verdict_reader(ticket::state const& t) : t_(t) {}

  void read(stored_event const& e) {
    if (auto const g = read_as<ticket_domain, ticket::gated>(e))
      gates(*g);
    else if (auto const r = read_as<ticket_domain, ticket::reviewed>(e))
      say("review", r->by.value,
          r->approved ? "approved in " + stage_name(t_, r->stage)
                      : "asked for changes" + (r->notes.empty() ? "" : ": " + r->notes[0]));
    else if (auto const m = read_as<ticket_domain, ticket::merge_refused>(e))
      say("merge", "", "failed: " + m->why);
    else if (auto const b = read_as<ticket_domain, ticket::sent_back>(e))
      say("rework", b->stage,
          b->to == ticket::status::failed_pending
              ? "sent it back once more, and no round was left"
              : "sent it back, round " + std::to_string(b->round));
    else if (auto const a = read_as<ticket_domain, ticket::attempt_ended>(e))
      attempt(*a);
    else if (auto const d = read_as<ticket_domain, ticket::resolved>(e))
      say("resolved", d->by.value, name(d->how) + (d->why.empty() ? "" : ": " + d->why));
    else if (auto const c = read_as<ticket_domain, ticket::cancelled>(e))
      say("cancelled", e.event.principal, c->why);
  }

  /// Newest first; what one event says stays in its order.
  [[nodiscard]] std::vector<json::object> take() {
    std::vector<json::object> out;
    for (auto at = told_.rbegin(); at != told_.rend(); ++at)
      std::move(at->begin(), at->end(), std::back_inserter(out));
    return out;
  }

private:
  void say(std::string what, std::string id, std::string text) {
    told_.push_back({chain_entry(std::move(what), std::move(id), std::move(text))});
  }

  void gates(ticket::gated const& g) {
    if (passed_)
      told_[*passed_].clear(); // they were run again since
    passed_.reset();
    std::vector<json::object> group;
    for (auto const& r : g.results)
      if (g.passed || !r.passed)
        group.push_back(
            chain_entry("gate", r.gate, (r.passed ? "passed: " : "failed: ") + r.message));
    if (g.passed)
      passed_ = told_.size();
    told_.push_back(std::move(group));
  }

  void attempt(ticket::attempt_ended const& a) {
    if (a.how == ticket::attempt_status::SUCCEEDED)
      return;
    say("attempt", attempt_of(t_.self.id, a.token),
        name(a.how) + (a.why == reason::none ? "" : ", " + name(a.why)) +
            (a.summary.empty() ? "" : ": " + a.summary));
  }

  ticket::state const& t_;
  std::vector<std::vector<json::object>> told_;
  std::optional<std::size_t> passed_; ///< where the gates stand that passed last
};

} // namespace

json::object chain_entry(std::string what, std::string id, std::string text) {
  return {{"what", std::move(what)}, {"id", std::move(id)}, {"text", std::move(text)}};
}

result<std::string> maker_of(board const& view, event_store& store, known_commit const& c,
                             tenant_id const& tenant) {
  entity_ref const self{tenant, entity_kind::ticket, c.ticket.value};
  auto const t = json::from<ticket::state>(view.get(self));
  // Who reviews, runs gates or merges makes no commit of the branch.
  auto const works = [&](ticket::leased const& l) {
    auto const at = static_cast<std::size_t>(l.stage);
    return t && l.stage >= 0 && at < t->stages->size() && (*t->stages)[at].kind == stage_kind::work;
  };
  auto const attempt = attempt_of(c.ticket.value, c.what.token);
  std::string out = "reported by attempt " + attempt;
  std::string last; // of a work stage, before that attempt
  std::string before_last;
  auto const read = each_event(store, self, [&](stored_event const& e) {
    if (auto const ended = read_as<ticket_domain, ticket::attempt_ended>(e);
        ended && ended->lease == ticket::lease_status::DECLINED)
      last = before_last; // nothing was made in it
    auto const leased = read_as<ticket_domain, ticket::leased>(e);
    if (!leased)
      return true;
    if (leased->token == c.what.token) {
      out = c.what.before ? "made before attempt " + attempt +
                                (last.empty() ? "" : "; the one before it was of " + last)
                          : "made by " + holder_of(*leased) + " in attempt " + attempt;
      return false;
    }
    before_last = last;
    if (works(*leased))
      last = holder_of(*leased);
    return true;
  });
  if (!read)
    return read.error();
  return out;
}

result<std::vector<json::object>> verdicts_of(event_store& store, ticket::state const& t,
                                              std::string const& told) {
  verdict_reader reader{t};
  auto const read = each_event(store, t.self, [&](stored_event const& e) {
    reader.read(e);
    return true;
  });
  if (!read)
    return read.error();
  auto out = reader.take();
  if (!t.merged_as.empty() && t.merged_as != told)
    out.insert(out.begin(), of_merge(t));
  return out;
}

} // namespace troupe
