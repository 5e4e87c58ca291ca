#include "tests/sim/auditor.hpp"

#include "protocol/redact.hpp"

namespace troupe::sim {

namespace {

std::optional<std::string> find_secret(std::string_view text) {
  // Without guesses by entropy: a ledger is full of digests.
  auto const found = find_secrets(text, {false});
  if (found.empty())
    return std::nullopt;
  return "a " + std::string{found.front().rule};
}

/// Whose state this is, as it says itself.
std::optional<entity_ref> self_of(json::value const& state) {
  auto const* members = state.if_object();
  auto const* self = members == nullptr ? nullptr : members->if_contains("self");
  entity_ref out;
  if (self == nullptr || !self->is_string() || !parse(std::string_view{self->get_string()}, out))
    return std::nullopt;
  return out;
}

/// Who made an event is a part of its id here; see `counted_ids`.
std::string incarnation_of(std::string const& event_id) {
  return event_id.substr(20, 3);
}

} // namespace

auditor::auditor(event_store& store) : store_(store), checker_(find_secret) {}

void auditor::problem(std::string what) {
  constexpr std::size_t most = 20; // the first ones say it
  if (problems_.size() < most)
    problems_.push_back(std::move(what));
}

void auditor::committed(unit const& u) {
  ++commits_;
  std::set<std::string> causes;
  for (auto const& w : u.writes)
    for (auto const& e : w.events)
      causes.insert(e.cause);
  for (auto const& c : causes)
    ++units_by_cause_[c];
  auto const after = heads_[u.shard].seq;
  auto const fresh = store_.read_shard(u.shard, after, 1000);
  if (!fresh) {
    problem("the feed cannot be read: " + fresh.error().message);
    return;
  }
  for (auto const& e : *fresh)
    take(e);
  for (auto const& w : u.writes)
    take_debts(w.stream);
}

void auditor::take_debts(entity_ref const& of) {
  auto const owed = with_domain(of.kind, [&](auto domain) {
    using kind = decltype(domain);
    auto const* state = checker_.states().find<kind>(of);
    return state == nullptr ? std::vector<obligation>{} : kind::obligations(*state);
  });
  std::optional<time_point> wake;
  for (auto const& o : owed) {
    auto const* timer = std::get_if<alarm>(&o.what);
    auto const at = timer == nullptr ? time_point{} : timer->at;
    wake = std::min(wake.value_or(at), at);
  }
  auto const stored = store_.stream(of);
  if (!stored || stored->wake_at != wake)
    problem("C7: " + to_string(of) + " owes something, and the ledger would " +
            (stored && stored->wake_at ? "wake it at another time" : "not wake it"));
}

void auditor::take(stored_event const& e) {
  take_tenant(e);
  auto const where = [&] {
    return e.event.event_id + " (" + e.event.type + ") of " + to_string(e.stream);
  };
  auto& h = heads_[e.shard];
  if (e.seq != h.seq + 1)
    problem("C2: shard " + std::to_string(e.shard) + " goes from seq " + std::to_string(h.seq) +
            " to " + std::to_string(e.seq));
  if (e.epoch < h.epoch)
    problem("C2: " + where() + " has epoch " + std::to_string(e.epoch) + " after " +
            std::to_string(h.epoch));
  auto const maker = incarnation_of(e.event.event_id);
  if (maker < h.incarnation)
    problem("C2: " + where() + " was made by server " + maker + " after events of server " +
            h.incarnation);
  h = {e.seq, e.epoch, std::max(maker, h.incarnation)};

  auto& last = hashes_.try_emplace(e.stream, std::string{no_hash()}).first->second;
  if (chain_hash(last, e.stream, e.version, e.event) != e.event.hash)
    problem("C2: " + where() + " does not continue the chain of its stream");
  last = e.event.hash;
  for (auto const* text : {&e.event.event_id, &e.event.hash}) {
    for (auto const c : *text)
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }

  event_context const x{e.version, e.event.at, e.event.cause};
  if (auto p = checker_.check(e.stream, e.version, e.event.type, e.event.schema, e.event.data, x))
    problem(*p);
  if (e.stream.kind == entity_kind::ticket)
    take_ticket(e);
  if (on_event)
    on_event(e);
}

/// What a late or repeated report must never do.
void auditor::take_ticket(stored_event const& e) {
  auto const* t = checker_.states().find<ticket_domain>(e.stream);
  if (t == nullptr)
    return;
  auto const& type = e.event.type;
  if (type == "ticket.leased")
    leased_[{e.stream, t->last_token}] = t->holder->daemon;
  if (type == "ticket.attempt_started" || type == "ticket.attempt_ended") {
    auto const by = reported_.find(e.event.cause);
    if (by != reported_.end() && by->second != t->holder->token)
      problem("C5: " + type + " of lease " + std::to_string(t->holder->token) + " of " +
              to_string(e.stream) + " comes of a report about lease " + std::to_string(by->second));
  }
  if (type == "ticket.message_posted" && !t->conversation.empty()) {
    auto const m = json::from<ticket::message_posted>(json::parse(e.event.data).value());
    if (m && !m->key.empty() && !said_.emplace(e.stream, t->last_token, m->key).second)
      problem("C1: what an agent said as " + m->key + " under lease " +
              std::to_string(t->last_token) + " of " + to_string(e.stream) + " was taken twice");
  }
}

/// What one tenant asked for, or what came of its events, is an event of its own.
void auditor::take_tenant(stored_event const& e) {
  auto const by = tenants_.find(e.event.cause);
  if (by != tenants_.end() && by->second != e.stream.tenant)
    problem("C8: " + e.event.type + " of " + to_string(e.stream) + " comes of " + e.event.cause +
            ", which is of tenant " + by->second.value);
  tenants_.emplace(e.event.event_id, e.stream.tenant);
}

void auditor::shown(std::vector<stored_event> const& events) {
  for (auto const& e : events) {
    auto const there = store_.read_shard(e.shard, e.seq - 1, 1);
    if (!there || there->empty() || there->front().event.event_id != e.event.event_id)
      problem("C4: readers are told that " + e.event.event_id + " of " + to_string(e.stream) +
              " stands at seq " + std::to_string(e.seq) + " of shard " + std::to_string(e.shard) +
              ", and the ledger has " +
              (there && !there->empty() ? there->front().event.event_id : "nothing") + " there");
  }
}

void auditor::placed(std::map<std::uint32_t, std::uint64_t> const& heads) {
  for (auto const& [shard, h] : heads_) {
    auto const known = heads.find(shard);
    auto const seq = known == heads.end() ? 0 : known->second;
    if (seq != h.seq)
      problem("C4: the board knows shard " + std::to_string(shard) + " to seq " +
              std::to_string(seq) + ", and the ledger goes to " + std::to_string(h.seq));
  }
}

void auditor::listed(tenant_id const& tenant, entity_kind kind,
                     std::vector<json::value> const& states) {
  std::size_t own = 0;
  for (auto const& ref : checker_.states().entities())
    own += ref.tenant == tenant && ref.kind == kind ? 1U : 0U;
  auto const what = std::string{to_string(kind)} + " entities of tenant " + tenant.value;
  if (own != states.size())
    problem("C8: a list has " + std::to_string(states.size()) + " " + what +
            ", and the ledger has " + std::to_string(own));
  for (auto const& s : states)
    if (auto const self = self_of(s); self && (self->tenant != tenant || self->kind != kind))
      problem("C8: a list of " + what + " has " + to_string(*self));
}

void auditor::rests(std::size_t actors, std::size_t most) {
  if (actors > most)
    problem("C10: a server that has been at rest for long has " + std::to_string(actors) +
            " actors, and only " + std::to_string(most) + " have something to do");
}

void auditor::reported(std::string const& command_id, std::int64_t token) {
  reported_[command_id] = token;
}

// ---- requests -------------------------------------------------------------------------------

std::uint64_t auditor::asks() {
  auto const n = requests_.size() + 1;
  requests_[n];
  ++open_;
  return n;
}

void auditor::sent(std::uint64_t r, std::string const& command_id, tenant_id const& of) {
  requests_[r].ids.push_back(command_id);
  tenants_.emplace(command_id, of);
}

void auditor::answered(std::uint64_t n, command_result const& r) {
  auto& q = requests_[n];
  if (q.over)
    problem("request " + std::to_string(n) + " was answered twice");
  q.over = true;
  --open_;
  if (r) {
    q.events = r->events;
  } else {
    q.refused = r.error().code;
    ++refused_;
    if (r.error().details.contains("idempotency_key"))
      problem("C8: request " + std::to_string(n) + " (" + q.ids.back() +
              ") was refused for a key that its tenant has not used for anything else");
  }
}

void auditor::given_up(std::uint64_t n) {
  auto& q = requests_[n];
  q.over = q.unknown = true;
  --open_;
}

std::uint64_t auditor::units_of(std::string const& command_id) const {
  auto const at = units_by_cause_.find(command_id);
  return at == units_by_cause_.end() ? 0 : at->second;
}

void auditor::told(std::string const& command_id, command_result const& r) {
  if (!r)
    return;
  if (auto const by = tenants_.find(command_id);
      by != tenants_.end() && by->second != r->entity.tenant)
    problem("C8: command " + command_id + " of tenant " + by->second.value + " was answered with " +
            to_string(r->entity));
  auto const stored = checker_.states().version_of(r->entity);
  if (r->version > stored)
    problem("C1: command " + command_id + " was answered with version " +
            std::to_string(r->version) + " of " + to_string(r->entity) +
            ", and the ledger has only " + std::to_string(stored));
  else if (r->events > 0 && units_of(command_id) == 0)
    problem("C1: command " + command_id + " was answered as done by " + to_string(r->entity) +
            ", and the ledger has nothing of it");
}

void auditor::served(int incarnation, entity_ref const& of, result<json::value> const& state) {
  if (!state || !state->is_object())
    return;
  if (auto const self = self_of(*state); !self || *self != of)
    problem("C8: " + to_string(of) + " was asked for, and " + (self ? to_string(*self) : "nobody") +
            " was shown");
  auto const* v = state->get_object().if_contains("version");
  auto const version = v == nullptr ? 0 : v->to_number<std::uint64_t>();
  auto const stored = checker_.states().version_of(of);
  if (version > stored)
    problem("C4: " + to_string(of) + " was shown at version " + std::to_string(version) +
            ", and the ledger has only " + std::to_string(stored));
  if (version == stored)
    compare("the entity", of, *state);
  auto& last = served_[{incarnation, of}];
  if (version < last)
    problem("C9: " + to_string(of) + " went back from version " + std::to_string(last) + " to " +
            std::to_string(version));
  last = version;
}

void auditor::compare(char const* whose, entity_ref const& of, json::value const& state) {
  auto const replayed = json::canonical(checker_.states().state_of(of));
  if (json::canonical(state) != replayed)
    problem("C4: " + std::string{whose} + " has another state of " + to_string(of) +
            " than replay gives: " + json::canonical(state).substr(0, 300) + " instead of " +
            replayed.substr(0, 300));
}

// ---- effects --------------------------------------------------------------------------------

void auditor::ordered(entity_ref const& ticket, std::int64_t token, daemon_id const& daemon) {
  auto const l = leased_.find({ticket, token});
  if (l == leased_.end())
    problem("C5: an order for lease " + std::to_string(token) + " of " + to_string(ticket) +
            " left the server before the lease was in the ledger");
  else if (l->second != daemon)
    problem("C5: an order for lease " + std::to_string(token) + " of " + to_string(ticket) +
            " went to " + daemon.value + ", and " + l->second.value + " has it");
}

void auditor::begun(entity_ref const& ticket, std::int64_t token, daemon_id const& daemon) {
  auto const [at, first] = begun_.try_emplace({ticket, token}, daemon);
  if (!first)
    problem("C3: " + daemon.value + " begins with lease " + std::to_string(token) + " of " +
            to_string(ticket) + ", which " + at->second.value + " has begun with");
  ordered(ticket, token, daemon);
}

void auditor::taken(daemon_id const& daemon, link::frame_body const& what) {
  taken_[daemon].insert(link::encode({0, what}));
}

void auditor::delivered(daemon_id const& daemon, link::frame_body const& what) {
  auto text = link::encode({0, what});
  if (!taken_[daemon].contains(text))
    problem("C1: the server takes for delivered what " + daemon.value +
            " never got: " + text.substr(0, 200));
}

// ---- the end --------------------------------------------------------------------------------

void auditor::finish() {
  for (auto& p : checker_.finish())
    problem(std::move(p));
  for (auto const& [n, q] : requests_) {
    std::uint64_t units = 0;
    for (auto const& id : q.ids)
      units += units_of(id);
    auto const name =
        "request " + std::to_string(n) + " (" + (q.ids.empty() ? "" : q.ids.back()) + ")";
    if (!q.over)
      problem("C6: " + name + " was never answered");
    else if (units > 1)
      problem("C1: " + name + " took effect " + std::to_string(units) + " times");
    else if (!q.unknown && !q.refused && q.events > 0 && units == 0)
      problem("C1: " + name + " was acknowledged and is not in the ledger");
    else if (q.refused && units > 0)
      problem("C1: " + name + " was refused (" + to_string(*q.refused) + ") and took effect");
  }
}

std::string auditor::hash() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[(hash_ >> static_cast<unsigned>(shift)) & 15U];
  return out;
}

} // namespace troupe::sim
