#include "actors/domain/kinds.hpp"
#include "actors/domain/replay.hpp"
#include "gateway/routes/table.hpp"
#include "persistence/verify.hpp"

#include <charconv>

/// The ledger as such: how large it is, whether its chain holds, and what an entity was before.
namespace troupe {

namespace {

constexpr std::size_t page = 1000;
/// A stream of this length is folded in well under a second.
constexpr std::uint64_t longest_stream = 50'000;
/// A ledger of this size is checked within the time that an answer may take.
constexpr std::uint64_t largest_check = 500'000;

/// `scale` divides the bounds and the sum.
json::object histogram(bucket_reading const& of, std::int64_t scale = 1) {
  json::array bounds;
  for (auto const b : of.bounds)
    bounds.push_back(b / scale);
  return {{"bounds", std::move(bounds)}, {"counts", json::to(of.counts)}, {"sum", of.sum / scale}};
}

/// What the parts of the node have to do now.
json::object load_of(node_load const& now) {
  auto const& j = now.journal;
  auto const& e = now.engines;
  auto const& d = now.dispatch;
  return {
      {"commands", now.commands},
      {"commands_limit", now.commands_limit},
      {"entities", now.entities},
      {"entities_limit", now.entities_limit},
      {"entities_reading", now.entities_reading},
      {"view_behind", now.view_behind},
      {"engines", json::object{{"waiting", e.waiting}, {"busy", e.busy}, {"threads", e.threads}}},
      {"dispatch",
       json::object{{"offers", d.offers}, {"slots", d.slots}, {"occupied", d.occupied}}},
      {"journal", json::object{{"units", j.queue_units},
                               {"bytes", j.queue_bytes},
                               {"bytes_limit", j.queue_limit_bytes},
                               {"reads", j.reads}}}};
}

/// What the journal has done since the start; times of commits in microseconds.
json::object journal_of(journal_counters const& c) {
  return {{"batches", histogram(c.batch_units.read())},
          {"commits", histogram(c.commit_nanos.read(), 1000)},
          {"conflicts", c.conflicts.load()},
          {"unknown", c.unknown.load()}};
}

/// What is under way on the outside of entities, by kind with its class, and how old the oldest of
/// each is.
json::array effects_of(node_load const& now) {
  json::array out;
  for (auto const& e : now.effects)
    out.push_back(json::object{
        {"kind", name(e.kind)},
        {"class", class_of(e.kind)},
        {"count", e.count},
        {"oldest_ms", e.oldest ? json::value(e.oldest->count()) : json::value(nullptr)}});
  return out;
}

json::object system_of(api const& a) {
  auto const c = a.n.counts();
  auto const load = a.n.load();
  auto& view = a.n.view();
  auto const last = view.last();
  json::array shards;
  for (auto const& [shard, seq] : view.heads(last))
    shards.push_back(json::object{{"shard", shard}, {"seq", seq}});
  return {{"version", TROUPE_VERSION},
          {"now", json::to(a.n.clock().now())},
          {"events", json::object{{"first_at_hand", view.first()}, {"last", last}}},
          {"entities_in_memory", a.n.live()},
          {"under_way", a.n.under_way()},
          {"links", a.hub.linked().size()},
          {"invariant_violations", c.invariant_violations},
          {"crashes", c.crashes},
          {"dead_letters", c.dead_letters},
          {"quarantined", c.quarantined},
          {"restarts", c.restarts},
          {"refused", c.refused},
          {"load", load_of(load)},
          {"effects", effects_of(load)},
          {"journal", journal_of(a.n.log().counters())},
          {"shards", std::move(shards)}};
}

/// Which version of which stream; the version is the last one where none is named.
struct moment {
  entity_ref stream;
  std::uint64_t version = std::numeric_limits<std::uint64_t>::max();
};

result<moment> moment_of(api const& a, request const& r) {
  moment m;
  entity_kind kind{};
  if (!parse(r.params.at("kind"), kind) || kind == entity_kind::principal) // no credentials
    return fail(errc::invalid_argument, "there is no history of a " + r.params.at("kind"),
                {{"field", "kind"}});
  m.stream = a.ref(kind, r.params.at("id"));
  m.stream.tenant = r.principal.tenant;
  auto const text = r.query.get("version");
  if (!text)
    return m;
  auto const [end, ec] = std::from_chars(text->data(), text->data() + text->size(), m.version);
  if (ec != std::errc{} || end != text->data() + text->size() || m.version == 0)
    return fail(errc::invalid_argument, "version is a whole number from 1", {{"field", "version"}});
  return m;
}

/// The events of a stream up to a version, by the same `evolve` as the server's own; each is held
/// against the chain of hashes first.
result<json::object> state_at(event_store& store, moment const& m) {
  auto const head = store.stream(m.stream);
  if (!head)
    return head.error();
  if (head->version == 0)
    return fail(errc::not_found, "there is no " + to_string(m.stream));
  auto const wanted = std::min(m.version, head->version);
  if (wanted > longest_stream)
    return fail(errc::too_large, to_string(m.stream) + " has " + std::to_string(wanted) +
                                     " versions; at most " + std::to_string(longest_stream) +
                                     " are folded here, `troupe replay` does it for more");
  replayer fold;
  std::string hash{no_hash()};
  std::optional<stored_event> newest;
  for (std::uint64_t at = 0; at < wanted;) {
    auto const part = store.read_stream(m.stream, at, std::min<std::uint64_t>(page, wanted - at));
    if (!part)
      return part.error();
    if (part->empty())
      return fail(errc::corrupt, to_string(m.stream) + " ends before version " +
                                     std::to_string(wanted) + "; run `troupe verify`");
    for (auto const& e : *part) {
      if (chain_hash(hash, m.stream, e.version, e.event) != e.event.hash)
        return fail(errc::corrupt, "version " + std::to_string(e.version) + " of " +
                                       to_string(m.stream) +
                                       " does not continue the chain; run `troupe verify`");
      event_context const ctx{e.version, e.event.at, e.event.cause};
      if (auto ok =
              fold.apply(m.stream, e.version, e.event.type, e.event.schema, e.event.data, ctx);
          !ok)
        return ok.error();
      hash = e.event.hash;
      at = e.version;
      newest = e;
    }
  }
  return json::object{{"kind", to_string(m.stream.kind)},
                      {"id", m.stream.id},
                      {"version", wanted},
                      {"versions", head->version},
                      {"type", newest->event.type},
                      {"event", newest->event.event_id},
                      {"at", json::to(newest->event.at)},
                      {"by", newest->event.principal},
                      {"hash", hash},
                      {"state", present(fold.state_of(m.stream), true)}};
}

result<json::object> check(event_store& store) {
  if (auto ok = store.freeze(); !ok)
    return ok.error();
  verify_options options;
  options.max_problems = 20;
  auto const found = verify_store(store, options);
  auto const again = store.thaw();
  if (!found)
    return found.error();
  if (!again)
    return again.error();
  return json::object{{"ok", found->ok()},
                      {"events", found->events},
                      {"streams", found->streams},
                      {"shards", found->shards},
                      {"problem_count", found->problem_count},
                      {"problems", json::to(found->problems)},
                      {"warnings", json::to(found->warnings)}};
}

/// Answers with what a read of the store finds, on a reader's thread.
template <class Read>
void answer_from_store(api const& a, request const& r, reply const& answer, Read work) {
  a.n.log().read([path = r.path, answer, work = std::move(work)](event_store& store) {
    auto const found = work(store);
    answer(found ? json_response(200, *found) : problem(found.error(), path));
  });
}

} // namespace

void add_ledger_routes(std::vector<route>& out, api const& a) {
  out.push_back(get("/api/system", role::viewer, [&a](request const&, reply const& answer) {
    answer(json_response(200, system_of(a)));
  }));
  out.push_back(
      get("/api/history/{kind}/{id}", role::viewer, [&a](request const& r, reply const& answer) {
        auto const m = moment_of(a, r);
        if (!m)
          refuse(r, answer, m.error());
        else
          answer_from_store(a, r, answer,
                            [m = *m](event_store& store) { return state_at(store, m); });
      }));
  out.push_back(get("/api/ledger/check", role::admin, [&a](request const& r, reply const& answer) {
    if (a.n.view().last() > largest_check)
      refuse(r, answer,
             fail(errc::too_large, "this ledger is too large to be checked while you wait; "
                                   "`troupe verify` does it beside the running server"));
    else
      answer_from_store(a, r, answer, [](event_store& store) { return check(store); });
  }));
}

} // namespace troupe
