#include "tests/faults/checkers.hpp"

#include "actors/domain/kinds.hpp"
#include "actors/domain/replay.hpp"
#include "persistence/export_format.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe::faults {

namespace {

std::string text_of(json::object const& o, std::string_view key) {
  auto const* v = o.if_contains(key);
  return v != nullptr && v->is_string() ? std::string{std::string_view{v->get_string()}}
                                        : std::string{};
}

std::int64_t number_of(json::object const& o, std::string_view key) {
  auto const* v = o.if_contains(key);
  boost::system::error_code ec;
  auto const n = v != nullptr ? v->to_number<std::int64_t>(ec) : 0;
  return ec ? 0 : n;
}

json::object data_of(stored_event const& e) {
  auto v = json::parse(e.event.data);
  return v && v->is_object() ? std::move(v->get_object()) : json::object{};
}

/// The events that one operation of a kind stores, each once.
std::vector<std::string> stored_by(op_kind kind) {
  switch (kind) {
  case op_kind::ticket:
    return {"run.created", "ticket.opened"};
  case op_kind::comment:
    return {"ticket.commented"};
  case op_kind::brief:
    return {"brief.submitted"};
  case op_kind::project:
    return {"project.created"};
  case op_kind::read:
    break;
  }
  return {};
}

std::string place(stored_event const& e) {
  return to_string(e.stream) + " version " + std::to_string(e.version) + " (shard " +
         std::to_string(e.shard) + " seq " + std::to_string(e.seq) + ")";
}

/// Folds all events; what cannot be folded is a finding.
findings fold(evidence_of_run const& e, replayer& into) {
  findings out;
  for (auto const& x : e.events) {
    auto const done = into.apply(x.stream, x.version, x.event.type, x.event.schema, x.event.data,
                                 {x.version, x.event.at, x.event.cause});
    if (!done)
      out.push_back(place(x) + " cannot be folded: " + done.error().message);
  }
  return out;
}

bool is_in_capitals(std::string const& status) {
  return !status.empty() && status.front() >= 'A' && status.front() <= 'Z';
}

/// The states of all tickets, as the ledger gives them.
std::map<std::string, json::object> tickets_of(evidence_of_run const& e) {
  replayer all;
  (void)fold(e, all);
  std::map<std::string, json::object> out;
  for (auto const& ref : all.entities())
    if (ref.kind == entity_kind::ticket)
      if (auto s = all.state_of(ref); s.is_object())
        out[ref.id] = std::move(s.get_object());
  return out;
}

/// Members that the API adds or renames; what is left is the entity's state.
constexpr std::string_view own_words[] = {"id", "status", "lacks", "now", "source"};

void compare(entity_ref const& ref, std::string_view where, json::object const& shown,
             json::object const& folded, findings& out) {
  if (text_of(shown, "status") != text_of(folded, "is"))
    out.push_back(to_string(ref) + " is " + text_of(shown, "status") + " in " + std::string{where} +
                  " and " + text_of(folded, "is") + " by replay");
  for (auto const& m : shown) {
    if (std::find(std::begin(own_words), std::end(own_words), m.key()) != std::end(own_words))
      continue;
    auto const* other = folded.if_contains(m.key());
    if (other == nullptr || *other != m.value())
      out.push_back(to_string(ref) + ": " + std::string{m.key()} + " in " + std::string{where} +
                    " is " + json::canonical(m.value()) + " and by replay " +
                    (other == nullptr ? "absent" : json::canonical(*other)));
  }
}

} // namespace

tally& operator+=(tally& a, tally const& b) {
  a.acknowledged += b.acknowledged;
  a.lost += b.lost;
  a.duplicated += b.duplicated;
  a.unknown += b.unknown;
  a.longest_recovery = std::max(a.longest_recovery, b.longest_recovery);
  return a;
}

result<void> read_ledger(std::istream& in, evidence_of_run& into) {
  export_reader reader{in};
  for (;;) {
    auto record = reader.next();
    if (!record)
      return record.error();
    if (!*record)
      return {};
    std::visit(overloaded{
                   [&](stored_event& x) { into.events.push_back(std::move(x)); },
                   [&](shard_info& x) { into.shards.push_back(std::move(x)); },
                   [&](shard_effect& x) { into.outbox.push_back(std::move(x)); },
                   [&](inbox_row& x) { into.answers.push_back(std::move(x)); },
                   [](stream_info&) {},
               },
               **record);
  }
}

findings acknowledged_once(evidence_of_run const& e, tally& count) {
  findings out;
  std::map<std::pair<std::string, std::string>, std::int64_t> stored;
  for (auto const& x : e.events) {
    auto const keys = marks_in(x.event.data);
    for (auto const& key : std::set<std::string>{keys.begin(), keys.end()})
      ++stored[{x.event.type, key}];
  }
  std::map<std::string, std::vector<inbox_entry const*>> answers;
  for (auto const& a : e.answers)
    answers[a.entry.key].push_back(&a.entry);
  std::set<std::string> known;
  for (auto const& o : e.seen.operations) {
    if (o.kind == op_kind::read)
      continue;
    known.insert(o.key);
    auto const name = std::string{json::to(o.kind).get_string()} + " " + o.key;
    bool const ok = o.how == outcome::ok;
    count.acknowledged += ok ? 1 : 0;
    count.unknown += o.how == outcome::unknown || o.how == outcome::pending ? 1 : 0;
    bool lost = false;
    bool twice = false;
    for (auto const& type : stored_by(o.kind)) {
      auto const times = stored[{type, o.key}];
      lost = lost || (ok && times == 0);
      twice = twice || times > 1;
      if (o.how == outcome::refused && times > 0)
        out.push_back(name + " was refused (" + std::to_string(o.status) + ") and is stored as " +
                      type);
    }
    if (lost)
      out.push_back(name + " was acknowledged and is lost");
    if (twice)
      out.push_back(name + " is stored twice");
    count.lost += lost ? 1 : 0;
    count.duplicated += twice ? 1 : 0;
    auto const& a = answers[o.key];
    if (ok && a.size() != 1)
      out.push_back(name + " has " + std::to_string(a.size()) + " stored answers");
    for (auto const* entry : a) {
      auto const v = json::parse(entry->answer);
      auto const says = v && v->is_object() ? text_of(v->get_object(), "entity") : std::string{};
      auto const id = o.entity.substr(o.entity.find('/') + 1);
      // A ticket is made by its run, which is what the key is stored with.
      auto const run = id.substr(0, id.rfind('-'));
      auto const told = says.substr(says.rfind('/') + 1);
      if (ok && !o.entity.empty() && told != id && told != run)
        out.push_back(name + " was answered " + o.entity + " and stored with " + says);
    }
  }
  for (auto const& [what, times] : stored)
    if (!known.contains(what.second))
      out.push_back(what.first + " holds the mark " + what.second + ", which nobody sent");
  return out;
}

findings contiguous(evidence_of_run const& e) {
  findings out;
  std::map<std::uint32_t, stored_event const*> last_of_shard;
  std::map<entity_ref, std::uint64_t> versions;
  for (auto const& x : e.events) {
    auto const*& before = last_of_shard[x.shard];
    if (x.seq != (before == nullptr ? 0 : before->seq) + 1)
      out.push_back(place(x) + " does not follow seq " +
                    std::to_string(before == nullptr ? 0 : before->seq));
    if (before != nullptr && x.epoch < before->epoch)
      out.push_back(place(x) + " has epoch " + std::to_string(x.epoch) + " after " +
                    std::to_string(before->epoch));
    before = &x;
    if (auto& v = versions[x.stream]; x.version != ++v) {
      out.push_back(place(x) + " is not version " + std::to_string(v));
      v = x.version;
    }
  }
  for (auto const& s : e.shards) {
    auto const* last = last_of_shard[s.shard];
    if (s.last_seq != (last == nullptr ? 0 : last->seq) ||
        (last != nullptr && s.epoch < last->epoch))
      out.push_back("the head of shard " + std::to_string(s.shard) + " says seq " +
                    std::to_string(s.last_seq) + " epoch " + std::to_string(s.epoch) +
                    ", its last event something else");
  }
  return out;
}

findings effects_once(evidence_of_run const& e) {
  findings out;
  std::map<std::string, int> merges;
  for (auto const& t : e.merges)
    ++merges[t];
  std::set<std::string> merged;
  for (auto const& x : e.events)
    if (x.event.type == "ticket.merged")
      merged.insert(x.stream.id);
  for (auto const& [ticket, times] : merges) {
    if (times > 1)
      out.push_back("ticket " + ticket + " was merged " + std::to_string(times) + " times");
    if (!merged.contains(ticket))
      out.push_back("ticket " + ticket + " is merged in the repository and not in the ledger");
  }
  for (auto const& ticket : merged)
    if (!merges.contains(ticket))
      out.push_back("ticket " + ticket + " is merged in the ledger and not in the repository");
  std::map<std::pair<std::string, std::int64_t>, int> succeeded;
  for (auto const& t : e.tools)
    if (t.ended_ms != 0 && ++succeeded[{t.ticket, t.token}] == 2)
      out.push_back("the tool of ticket " + t.ticket + " succeeded twice under token " +
                    std::to_string(t.token));
  std::set<std::pair<std::uint32_t, std::string>> ids;
  for (auto const& [shard, row] : e.outbox)
    if (!ids.insert({shard, row.effect_id}).second)
      out.push_back("effect " + row.effect_id + " stands twice in the outbox");
  return out;
}

findings replay_is_served(evidence_of_run const& e) {
  replayer all;
  auto out = fold(e, all);
  for (auto const& s : e.shown) {
    auto const state = all.state_of(s.entity);
    if (!state.is_object()) {
      out.push_back(to_string(s.entity) + " is shown and not in the ledger");
      continue;
    }
    compare(s.entity, "the API", s.whole, state.get_object(), out);
    if (!s.listed.empty())
      compare(s.entity, "the list", s.listed, state.get_object(), out);
  }
  return out;
}

findings one_holder(evidence_of_run const& e) {
  // A tool that was about to begin when its lease ended could not know.
  constexpr std::int64_t allowance_ms = 1000;
  findings out;
  struct lease {
    std::int64_t token, at_ms;
  };
  std::map<std::string, std::vector<lease>> leases;
  for (auto const& x : e.events)
    if (x.event.type == "ticket.leased")
      leases[x.stream.id].push_back(
          {number_of(data_of(x), "token"), x.event.at.time_since_epoch().count()});
  auto runs = e.tools;
  std::stable_sort(runs.begin(), runs.end(),
                   [](auto const& a, auto const& b) { return a.begun_ms < b.begun_ms; });
  std::map<std::string, tool_run> last;
  for (auto const& r : runs) {
    auto const name = "the tool of ticket " + r.ticket + " under token " + std::to_string(r.token);
    auto const& held = leases[r.ticket];
    if (std::none_of(held.begin(), held.end(), [&](auto const& l) { return l.token == r.token; }))
      out.push_back(name + " began without a lease");
    for (auto const& l : held)
      if (e.clocks_agree && l.token > r.token && l.at_ms + allowance_ms < r.begun_ms)
        out.push_back(name + " began " + std::to_string(r.begun_ms - l.at_ms) + " ms after token " +
                      std::to_string(l.token) + " was given out");
    if (auto const before = last.find(r.ticket); before != last.end()) {
      if (before->second.token == r.token)
        out.push_back(name + " began twice");
      if (before->second.token > r.token)
        out.push_back(name + " began after token " + std::to_string(before->second.token));
      if (before->second.ended_ms > r.begun_ms)
        out.push_back(name + " began while another one ran");
    }
    last[r.ticket] = r;
  }
  return out;
}

findings all_ended(evidence_of_run const& e, tally& count) {
  findings out;
  for (auto const& [id, state] : tickets_of(e))
    if (!is_in_capitals(text_of(state, "is")))
      out.push_back("ticket " + id + " is still " + text_of(state, "is"));
  std::vector<std::int64_t> answered;
  for (auto const& o : e.seen.operations)
    if (o.how == outcome::ok && o.kind != op_kind::read)
      answered.push_back(o.ended);
  std::sort(answered.begin(), answered.end());
  for (auto const& s : e.seen.strikes) {
    auto const next = std::lower_bound(answered.begin(), answered.end(), s.ended);
    if (next == answered.end())
      out.push_back("nothing was acknowledged after: " + s.what);
    else
      count.longest_recovery = std::max(count.longest_recovery, *next - s.ended);
  }
  return out;
}

findings nothing_stuck(evidence_of_run const& e) {
  findings out;
  for (auto const& [id, state] : tickets_of(e)) {
    auto const* holder = state.if_contains("holder");
    auto const is = holder != nullptr && holder->is_object() ? text_of(holder->get_object(), "is")
                                                             : std::string{};
    if (is == "held" || is == "offered")
      out.push_back("the lease of ticket " + id + " is still " + is);
  }
  for (auto const& [shard, row] : e.outbox)
    if (row.running)
      out.push_back("effect " + row.effect_id + " of shard " + std::to_string(shard) +
                    " is still running");
  return out;
}

findings one_tenant(evidence_of_run const& e) {
  findings out;
  for (auto const& x : e.events)
    if (x.stream.tenant != e.tenant)
      out.push_back(place(x) + " is of tenant " + x.stream.tenant.value);
  for (auto const& a : e.answers)
    if (a.tenant != e.tenant)
      out.push_back("the answer of key " + a.entry.key + " is of tenant " + a.tenant.value);
  for (auto const& [shard, row] : e.outbox)
    if (row.tenant != e.tenant)
      out.push_back("effect " + row.effect_id + " is of tenant " + row.tenant.value);
  return out;
}

findings monotonic(evidence_of_run const& e) {
  findings out;
  struct seen {
    std::int64_t version, ended;
  };
  std::map<std::pair<std::int32_t, std::string>, seen> last;
  std::vector<operation const*> told;
  for (auto const& o : e.seen.operations)
    if (o.how == outcome::ok && o.version != 0)
      told.push_back(&o);
  std::stable_sort(told.begin(), told.end(),
                   [](auto const* a, auto const* b) { return a->ended < b->ended; });
  for (auto const* o : told) {
    auto& l = last[{o->client, o->entity}];
    // Two that were under way at once may be answered in any order.
    if (o->version < l.version && o->begun >= l.ended)
      out.push_back("client " + std::to_string(o->client) + " was told version " +
                    std::to_string(o->version) + " of " + o->entity + " after " +
                    std::to_string(l.version));
    if (o->version >= l.version)
      l = {o->version, o->ended};
  }
  return out;
}

findings back_to_rest(evidence_of_run const& e) {
  // What was seen of the recent past stays in memory on purpose, up to a bound.
  constexpr std::int64_t more_kb = 96 * 1024;
  constexpr std::int64_t more_fds = 12;
  findings out;
  if (e.gauges.size() < 2)
    return out;
  auto const& before = e.gauges.front();
  auto const& after = e.gauges.back();
  if (after.rss_kb > before.rss_kb + more_kb)
    out.push_back("memory grew from " + std::to_string(before.rss_kb) + " to " +
                  std::to_string(after.rss_kb) + " KB");
  if (after.fds > before.fds + more_fds)
    out.push_back("open files grew from " + std::to_string(before.fds) + " to " +
                  std::to_string(after.fds));
  return out;
}

findings judge(evidence_of_run const& e, tally& count) {
  findings out;
  auto const add = [&](std::string_view name, findings const& found) {
    for (auto const& f : found)
      out.push_back(std::string{name} + ": " + f);
  };
  add("C1", acknowledged_once(e, count));
  add("C2", contiguous(e));
  add("C3", effects_once(e));
  add("C4", replay_is_served(e));
  add("C5", one_holder(e));
  add("C6", all_ended(e, count));
  add("C7", nothing_stuck(e));
  add("C8", one_tenant(e));
  add("C9", monotonic(e));
  add("C10", back_to_rest(e));
  return out;
}

} // namespace troupe::faults
