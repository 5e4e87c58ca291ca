#include "actors/tap/header.hpp"

#include <algorithm>
#include <functional>

namespace troupe::traffic {

namespace {

constexpr std::array<std::string_view, category_count> category_words = {
    "send", "admit", "dispatch", "journal", "effect", "gateway"};
constexpr std::array<std::string_view, 3> direction_words = {"none", "in", "out"};
constexpr std::array<std::string_view, 18> outcome_words = {
    "open",        "ok",          "duplicate", "invalid_argument", "not_found",    "conflict",
    "busy",        "unavailable", "fenced",    "forbidden",        "unauthorized", "too_large",
    "unsupported", "timeout",     "internal",  "corrupt",          "dead_letter",  "crashed"};
constexpr std::array<std::string_view, field_count> field_words = {
    "tenant", "kind", "from", "to", "ticket", "brief", "project", "agent"};

template <class E, std::size_t N>
std::string_view word_of(std::array<std::string_view, N> const& words, E value) {
  auto const i = static_cast<std::size_t>(value);
  return i < N ? words[i] : std::string_view{"unknown"};
}

template <class E, std::size_t N>
std::optional<E> value_of(std::array<std::string_view, N> const& words, std::string_view word) {
  auto const found = std::find(words.begin(), words.end(), word);
  if (found == words.end())
    return std::nullopt;
  return static_cast<E>(found - words.begin());
}

} // namespace

std::string_view to_string(category c) {
  return word_of(category_words, c);
}
std::string_view to_string(direction d) {
  return word_of(direction_words, d);
}
std::string_view to_string(outcome o) {
  return word_of(outcome_words, o);
}
std::string_view to_string(field f) {
  return word_of(field_words, f);
}
std::optional<category> parse_category(std::string_view word) {
  return value_of<category>(category_words, word);
}
std::optional<direction> parse_direction(std::string_view word) {
  return value_of<direction>(direction_words, word);
}
std::optional<outcome> parse_outcome(std::string_view word) {
  return value_of<outcome>(outcome_words, word);
}
std::optional<field> parse_field(std::string_view word) {
  return value_of<field>(field_words, word);
}

outcome outcome_of(errc code) {
  switch (code) {
  case errc::invalid_argument:
    return outcome::invalid_argument;
  case errc::not_found:
    return outcome::not_found;
  case errc::conflict:
    return outcome::conflict;
  case errc::busy:
    return outcome::busy;
  case errc::unavailable:
    return outcome::unavailable;
  case errc::fenced:
    return outcome::fenced;
  case errc::forbidden:
    return outcome::forbidden;
  case errc::unauthorized:
    return outcome::unauthorized;
  case errc::too_large:
    return outcome::too_large;
  case errc::unsupported:
    return outcome::unsupported;
  case errc::timeout:
    return outcome::timeout;
  case errc::internal:
    return outcome::internal;
  case errc::corrupt:
    return outcome::corrupt;
  }
  return outcome::internal;
}

void header::set(field f, std::string_view name) {
  auto& s = slots_[static_cast<std::size_t>(f)];
  auto const bit = static_cast<std::uint8_t>(1u << static_cast<unsigned>(f));
  cut = static_cast<std::uint8_t>(cut & ~bit);
  s = {};
  if (name.empty())
    return;
  std::less_equal<> const before; // of any two addresses
  if (before(text_.data(), name.data()) &&
      before(name.data() + name.size(), text_.data() + used_)) { // a part of a name that it has
    s = {static_cast<std::uint8_t>(name.data() - text_.data()),
         static_cast<std::uint8_t>(name.size())};
    return;
  }
  if (auto const at = std::string_view{text_.data(), used_}.find(name);
      at != std::string_view::npos) {
    s = {static_cast<std::uint8_t>(at), static_cast<std::uint8_t>(name.size())};
    return;
  }
  auto size = std::min<std::size_t>(name.size(), text_size - used_);
  if (size < name.size()) {
    if (f == field::tenant)
      return;
    cut = static_cast<std::uint8_t>(cut | bit);
    // Not in the middle of a character.
    while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0u) == 0x80u)
      --size;
  }
  std::copy_n(name.data(), size, text_.data() + used_);
  s = {used_, static_cast<std::uint8_t>(size)};
  used_ = static_cast<std::uint8_t>(used_ + size);
}

void header::learn_from(std::string_view principal) {
  auto const colon = principal.find(':');
  if (colon == std::string_view::npos)
    return;
  auto const kind = principal.substr(0, colon);
  auto const name = principal.substr(colon + 1);
  auto const until = [&](char mark) { return name.substr(0, name.rfind(mark)); };
  if (kind == "ticket") {
    concerns(name);
  } else if (kind == "brief") {
    set(field::brief, name);
  } else if (kind == "plan" || kind == "run") {
    set(field::brief, until('.'));
  } else if (kind == "project") {
    set(field::project, name);
  } else if (kind == "agent") {
    set(field::project, name.substr(0, name.find('.')));
  }
}

void header::concerns(std::string_view ticket) {
  set(field::ticket, ticket);
  set(field::brief, ticket.substr(0, ticket.rfind('-')));
}

void header::worked_on_by(std::string_view agent) {
  if (agent.empty())
    return;
  auto const known = take_in(field::agent, agent);
  set(field::project, known.substr(0, known.find('.')));
}

std::string_view header::take_in(field f, std::string_view name) {
  set(f, name);
  return is_cut(f) || get(f).empty() ? name : get(f);
}

void header::between(std::string_view from_principal, std::string_view to_principal) {
  auto const from = take_in(field::from, from_principal);
  auto const to = take_in(field::to, to_principal);
  learn_from(from);
  learn_from(to);
}

void header::sent_by(std::string_view principal) {
  learn_from(take_in(field::from, principal));
}

void header::about(entity_ref const& entity) {
  set(field::tenant, entity.tenant.value);
  // Without a string on the heap: this is on the way of every command while somebody watches.
  std::array<char, text_size + 1> name{};
  auto const kind = to_string(entity.kind);
  auto size = kind.copy(name.data(), kind.size());
  name[size++] = ':';
  size += std::string_view{entity.id}.copy(name.data() + size, name.size() - size);
  learn_from(take_in(field::to, {name.data(), size}));
}

void header::within(std::string_view correlation) {
  if (get(field::brief).empty())
    set(field::brief, correlation);
  if (correlation.empty() && !is_cut(field::brief))
    correlation = get(field::brief);
  conversation = correlation.empty() ? 0 : hash_of(correlation);
}

std::uint32_t latency_of(std::chrono::nanoseconds time) {
  auto const us = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, std::int64_t{no_latency} - 1));
}

} // namespace troupe::traffic
