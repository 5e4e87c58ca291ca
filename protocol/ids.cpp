#include "protocol/ids.hpp"

#include <array>

namespace troupe {

namespace {
constexpr std::array<std::string_view, 11> kind_words = {
    "",      "project",  "brief",  "plan",   "run",      "ticket",
    "agent", "approval", "budget", "daemon", "principal"};
} // namespace

std::string_view to_string(entity_kind kind) {
  auto const i = static_cast<std::size_t>(kind);
  return i < kind_words.size() ? kind_words[i] : "unknown"; // of a row that is damaged
}

bool parse(std::string_view text, entity_kind& kind) {
  for (std::size_t i = 1; i < kind_words.size(); ++i) {
    if (kind_words[i] == text) {
      kind = static_cast<entity_kind>(i);
      return true;
    }
  }
  return false;
}

std::string to_string(entity_ref const& ref) {
  std::string out = ref.tenant.value;
  out += '/';
  out += to_string(ref.kind);
  out += '/';
  out += ref.id;
  return out;
}

bool parse(std::string_view text, entity_ref& ref) {
  auto const first = text.find('/');
  if (first == std::string_view::npos)
    return false;
  auto const second = text.find('/', first + 1);
  if (second == std::string_view::npos || second + 1 == text.size())
    return false;
  if (!parse(text.substr(first + 1, second - first - 1), ref.kind))
    return false;
  ref.tenant = tenant_id{std::string{text.substr(0, first)}};
  ref.id = std::string{text.substr(second + 1)};
  return true;
}

std::uint32_t shard_of(entity_ref const& ref) {
  std::uint64_t h = 14695981039346656037u;
  auto const add = [&h](unsigned char byte) {
    h ^= byte;
    h *= 1099511628211u;
  };
  for (char const c : ref.tenant.value)
    add(static_cast<unsigned char>(c));
  add(0);
  for (char const c : ref.id)
    add(static_cast<unsigned char>(c));
  return static_cast<std::uint32_t>(h % shard_count);
}

} // namespace troupe
