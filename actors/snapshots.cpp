#include "actors/snapshots.hpp"

#include "actors/domain/evolution.hpp"
#include "protocol/content_hash.hpp"
#include "protocol/json_shape.hpp"

namespace troupe {

namespace {

constexpr int format = 1; ///< of the body
constexpr std::size_t sum_size = 64;
constexpr std::size_t page = 500; ///< events of a long stream at once: others come in between

std::string make_fingerprint(entity_kind kind, std::string const& shape) {
  return std::to_string(format) + "." + std::to_string(evolution_of(kind)) + "." +
         sha256(shape).substr(0, 16);
}

error bad_snapshot(snapshot const& s, std::string const& why) {
  return fail(errc::corrupt, "the snapshot of " + to_string(s.stream) + " at version " +
                                 std::to_string(s.version) + " " + why);
}

/// Nothing is known of what is stored; whoever asks again may get an answer.
bool may_pass(error const& e) {
  return e.code == errc::unavailable || e.code == errc::busy || e.code == errc::timeout;
}

} // namespace

std::string write_body(snapshot_content const& c) {
  auto const content = json::canonical(json::object{{"correlation", c.correlation},
                                                    {"hash", c.hash},
                                                    {"last_event_id", c.last_event_id},
                                                    {"state", c.state},
                                                    {"version", c.version}});
  return sha256(content) + "\n" + content;
}

result<snapshot_content> read_body(snapshot const& s) {
  std::string_view const body{s.body};
  if (body.size() <= sum_size || body[sum_size] != '\n')
    return bad_snapshot(s, "has no checksum");
  auto const content = body.substr(sum_size + 1);
  if (sha256(content) != body.substr(0, sum_size))
    return bad_snapshot(s, "does not agree with its checksum");
  auto const read = json::parse(content);
  if (!read || !read->is_object())
    return bad_snapshot(s, "cannot be read");
  auto const& o = read->get_object();
  auto const text = [&](char const* name) -> std::string {
    auto const* v = o.if_contains(name);
    return v != nullptr && v->is_string() ? std::string{std::string_view{v->get_string()}}
                                          : std::string{};
  };
  auto const* version = o.if_contains("version");
  auto const* state = o.if_contains("state");
  if (version == nullptr || *version != json::value(s.version) || state == nullptr)
    return bad_snapshot(s, "is of another version");
  return snapshot_content{s.version, text("hash"), text("last_event_id"), text("correlation"),
                          *state};
}

std::string const& fingerprint_of(entity_kind kind) {
  return with_domain(kind, [](auto domain) -> std::string const& {
    using D = decltype(domain);
    static std::string const made = make_fingerprint(D::kind, json::shape<typename D::state>());
    return made;
  });
}

template <class Domain>
snapshot make_snapshot(entity_ref const& self, stream_fold<Domain> const& fold) {
  return {self, fold.version, fingerprint_of(Domain::kind),
          write_body({fold.version, fold.hash, fold.last_event_id, fold.correlation,
                      json::to(*fold.state)})};
}

template <class Domain>
result<void> restore(stream_fold<Domain>& into, snapshot const& s, stored_event const& last) {
  auto content = read_body(s);
  if (!content)
    return content.error();
  if (last.version != s.version || last.event.hash != content->hash ||
      last.event.event_id != content->last_event_id)
    return bad_snapshot(s, "is not of the event that stands there");
  auto state = json::from<typename Domain::state>(content->state);
  if (!state)
    return bad_snapshot(s, "cannot be read: " + state.error().message);
  into.state = state_cell{std::move(*state)};
  into.version = content->version;
  into.hash = std::move(content->hash);
  into.last_event_id = std::move(content->last_event_id);
  into.belong_to(content->correlation);
  return {};
}

#define TROUPE_SNAPSHOTS(NAME)                                                                     \
  template snapshot make_snapshot<NAME##_domain>(entity_ref const&,                                \
                                                 stream_fold<NAME##_domain> const&);               \
  template result<void> restore<NAME##_domain>(stream_fold<NAME##_domain>&, snapshot const&,       \
                                               stored_event const&);
TROUPE_EACH_KIND(TROUPE_SNAPSHOTS)
#undef TROUPE_SNAPSHOTS

loaded read_part(event_store& store, entity_ref const& stream, stream_part const& p) {
  auto const answer = [](result<std::vector<stored_event>> events, std::size_t limit,
                         std::optional<snapshot> from) {
    bool const more = events && events->size() >= limit;
    return loaded{std::move(events), std::move(from), more};
  };
  if (!p.may_skip)
    return answer(store.read_stream(stream, p.after, page), page, std::nullopt);
  // Most streams are short: they are had with one question, and only a long one costs a second.
  auto const first = std::max<std::size_t>(p.first, 1);
  auto head = store.read_stream(stream, p.after, first);
  if (!head || head->size() < first)
    return answer(std::move(head), first, std::nullopt);
  auto kept = store.load_snapshot(stream, fingerprint_of(stream.kind));
  if (!kept && may_pass(kept.error()))
    return answer(kept.error(), first, std::nullopt);
  if (kept && *kept && (*kept)->version > head->back().version) {
    auto tail = store.read_stream(stream, (*kept)->version - 1, page);
    if (!tail)
      return answer(tail.error(), page, std::nullopt);
    if (!tail->empty() && tail->front().version == (*kept)->version)
      return answer(std::move(tail), page, std::move(*kept));
  }
  return answer(std::move(head), first, std::nullopt);
}

std::optional<std::string> snapshot_check::after(stored_event const& e,
                                                 std::function<json::value()> const& state) {
  if (e.version == 1) {
    auto kept = store_.load_snapshot(e.stream, fingerprint_of(e.stream.kind));
    if (!kept)
      return kept.error().message;
    if (*kept)
      ahead_.insert_or_assign(e.stream, std::move(**kept));
  }
  auto const found = ahead_.find(e.stream);
  if (found == ahead_.end() || found->second.version != e.version)
    return std::nullopt;
  auto const stored = std::move(found->second);
  ahead_.erase(found);
  ++looked_at_;
  auto const content = read_body(stored);
  if (!content)
    return content.error().message;
  auto const replayed =
      write_body({e.version, e.event.hash, e.event.event_id, content->correlation, state()});
  if (replayed != stored.body)
    return bad_snapshot(stored, "is not what replay gives (invariant 11)").message;
  return std::nullopt;
}

} // namespace troupe
