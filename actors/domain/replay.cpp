#include "actors/domain/replay.hpp"

#include "actors/domain/kinds.hpp"
#include "actors/domain/state_cell.hpp"
#include "protocol/json_member.hpp"

#include <tuple>
#include <unordered_set>

namespace troupe {

namespace {

/// A state is found by the address that stands in it: a key beside each would be a second one.
struct own_address {
  using is_transparent = void;
  std::size_t operator()(entity_ref const& r) const { return std::hash<entity_ref>{}(r); }
  template <class State>
  std::size_t operator()(state_cell<State> const& c) const {
    return std::hash<entity_ref>{}(c->self);
  }
};
struct same_address {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(A const& a, B const& b) const {
    return of(a) == of(b);
  }

private:
  static entity_ref const& of(entity_ref const& r) { return r; }
  template <class State>
  static entity_ref const& of(state_cell<State> const& c) {
    return c->self;
  }
};

template <class Domain>
using table = std::unordered_set<state_cell<typename Domain::state>, own_address, same_address>;

/// The cell that a table has, to put another state of the same address into it.
template <class Cell>
Cell& inside(Cell const& c) {
  return const_cast<Cell&>(c);
}

} // namespace

struct replayer::tables {
#define TROUPE_TABLE(NAME) std::tuple<table<NAME##_domain>>{},
  decltype(std::tuple_cat(TROUPE_EACH_KIND(TROUPE_TABLE) std::tuple<>{})) all;
#undef TROUPE_TABLE

  template <class Domain>
  table<Domain>& of() {
    return std::get<table<Domain>>(all);
  }
  /// The cell of a stream; null where it has none. Events come in runs of one stream, and each is
  /// asked about several times, so the last answer is kept: whoever shares a replayer between
  /// threads locks it for reading, too.
  template <class Domain>
  state_cell<typename Domain::state>* find(entity_ref const& stream) {
    if (last_cell_ == nullptr || last_ != stream) {
      auto const it = of<Domain>().find(stream);
      if (it == of<Domain>().end())
        return nullptr;
      last_ = stream;
      last_cell_ = &inside(*it); // stays where it is until it is erased
    }
    return static_cast<state_cell<typename Domain::state>*>(last_cell_);
  }
  template <class Domain>
  void erase(entity_ref const& stream) {
    last_cell_ = nullptr;
    if (auto const it = of<Domain>().find(stream); it != of<Domain>().end())
      of<Domain>().erase(it);
  }

private:
  entity_ref last_;
  void* last_cell_ = nullptr;
};

replayer::replayer() : tables_(std::make_unique<tables>()) {}
replayer::~replayer() = default;
replayer::replayer(replayer&&) noexcept = default;
replayer& replayer::operator=(replayer&&) noexcept = default;

bool parse_event_type(std::string_view type, entity_kind& kind, std::string_view& event) {
  auto const dot = type.find('.');
  if (dot == std::string_view::npos || !parse(type.substr(0, dot), kind))
    return false;
  event = type.substr(dot + 1);
  return !event.empty();
}

template <class Domain>
result<typename Domain::event> replayer::read(entity_ref const& stream, std::uint64_t version,
                                              std::string_view type, std::int32_t schema,
                                              std::string_view data_json) const {
  entity_kind kind{};
  std::string_view event_name;
  if (!parse_event_type(type, kind, event_name))
    return fail(errc::unsupported, "unknown event type " + std::string{type});
  if (kind != stream.kind)
    return fail(errc::invalid_argument, "an event " + std::string{type} +
                                            " cannot stand in the stream of " + to_string(stream));
  if (schema != 1)
    return fail(errc::unsupported, "unknown schema " + std::to_string(schema) + " of " +
                                       std::string{type} + "; a newer troupe wrote it");
  if (auto const next = follows(stream, version); !next)
    return next.error();
  auto const data = json::parse(data_json);
  if (!data)
    return fail(errc::corrupt, "data of " + std::string{type} + ": " + data.error().message);
  auto event = json::from_named<typename Domain::event>(event_name, *data);
  if (!event)
    return fail(event.error().code == errc::unsupported ? errc::unsupported : errc::corrupt,
                std::string{type} + ": " + event.error().message);
  return event;
}

result<void> replayer::follows(entity_ref const& stream, std::uint64_t version) const {
  if (auto const have = version_of(stream); version != have + 1)
    return fail(errc::corrupt, to_string(stream) + " has version " + std::to_string(version) +
                                   " after " + std::to_string(have));
  return {};
}

template <class Domain>
typename Domain::state const& replayer::fold(entity_ref const& stream, std::uint64_t version,
                                             typename Domain::event const& e,
                                             event_context const& ctx) {
  auto* cell = tables_->find<Domain>(stream);
  if (cell == nullptr)
    cell = &inside(*tables_->of<Domain>().emplace(Domain::initial(stream)).first);
  auto& state = cell->change();
  if (ctx.version == version) {
    Domain::advance(state, e, ctx);
    return state;
  }
  auto context = ctx;
  context.version = version;
  Domain::advance(state, e, context);
  return state;
}

template <class Domain>
typename Domain::state const& replayer::put(entity_ref const& stream,
                                            std::shared_ptr<typename Domain::state const> made) {
  auto* const cell = tables_->find<Domain>(stream);
  if (cell == nullptr)
    return **tables_->of<Domain>().emplace(std::move(made)).first;
  *cell = state_cell<typename Domain::state>{std::move(made)};
  return **cell;
}

#define TROUPE_REPLAYS(NAME)                                                                       \
  template result<NAME##_domain::event> replayer::read<NAME##_domain>(                             \
      entity_ref const&, std::uint64_t, std::string_view, std::int32_t, std::string_view) const;   \
  template NAME##_domain::state const& replayer::fold<NAME##_domain>(                              \
      entity_ref const&, std::uint64_t, NAME##_domain::event const&, event_context const&);        \
  template NAME##_domain::state const& replayer::put<NAME##_domain>(                               \
      entity_ref const&, std::shared_ptr<NAME##_domain::state const>);
TROUPE_EACH_KIND(TROUPE_REPLAYS)
#undef TROUPE_REPLAYS

result<void> replayer::apply(entity_ref const& stream, std::uint64_t version, std::string_view type,
                             std::int32_t schema, std::string_view data_json,
                             event_context const& ctx) {
  return with_domain(stream.kind, [&](auto domain) -> result<void> {
    using D = decltype(domain);
    auto const event = read<D>(stream, version, type, schema, data_json);
    if (!event)
      return event.error();
    fold<D>(stream, version, *event, ctx);
    return {};
  });
}

json::value replayer::state_of(entity_ref const& stream) const {
  return with_domain(stream.kind, [&](auto domain) -> json::value {
    auto const* s = find<decltype(domain)>(stream);
    return s ? json::to(*s) : json::value{};
  });
}

json::value replayer::member_of(entity_ref const& stream, std::string_view name) const {
  return with_domain(stream.kind, [&](auto domain) -> json::value {
    auto const* s = find<decltype(domain)>(stream);
    return s ? json::member_of(*s, name) : json::value{};
  });
}

std::uint64_t replayer::version_of(entity_ref const& stream) const {
  return with_domain(stream.kind, [&](auto domain) -> std::uint64_t {
    auto const* s = find<decltype(domain)>(stream);
    return s ? s->version : 0;
  });
}

std::vector<entity_ref> replayer::entities() const {
  std::vector<entity_ref> out;
  std::apply(
      [&](auto const&... one) {
        auto const add = [&](auto const& states) {
          for (auto const& state : states)
            out.push_back(state->self);
        };
        (add(one), ...);
      },
      tables_->all);
  std::sort(out.begin(), out.end());
  return out;
}

result<void> replayer::restore(entity_ref const& stream, std::string_view canonical) {
  auto const read = json::parse(canonical);
  if (!read)
    return fail(errc::corrupt, "snapshot of " + to_string(stream) + ": " + read.error().message);
  return with_domain(stream.kind, [&](auto domain) -> result<void> {
    using D = decltype(domain);
    auto state = json::from<typename D::state>(*read);
    if (!state)
      return fail(errc::corrupt, "snapshot of " + to_string(stream) + ": " + state.error().message);
    if (state->self != stream)
      return fail(errc::corrupt,
                  "snapshot of " + to_string(stream) + ": it is of " + to_string(state->self));
    put<D>(stream, std::make_shared<typename D::state const>(std::move(*state)));
    return {};
  });
}

void replayer::drop(entity_ref const& stream) {
  with_domain(stream.kind, [&](auto domain) { tables_->erase<decltype(domain)>(stream); });
}

void const* replayer::find_any(entity_ref const& stream) const {
  return with_domain(stream.kind, [&](auto domain) -> void const* {
    auto const* cell = tables_->find<decltype(domain)>(stream);
    return cell == nullptr ? nullptr : &**cell;
  });
}

} // namespace troupe
