#include "persistence/migrations/migrations.hpp"

#include "persistence/encoding.hpp"

#include <algorithm>
#include <array>

namespace troupe {

namespace {

constexpr char const* way_out = "; the store was changed by something else: restore it from a "
                                "backup, or import an export of it into a new one (troupe import)";

error damaged(std::string what) {
  return fail(errc::corrupt, std::move(what) + way_out);
}

void add(std::string& list, std::string const& name) {
  list += (list.empty() ? "" : ", ") + name;
}

/// The names behind `words` at the beginning of lines.
std::vector<std::string> names_behind(std::string_view sql,
                                      std::span<std::string_view const> words) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < sql.size();) {
    auto const end = std::min(sql.find('\n', at), sql.size());
    auto line = sql.substr(at, end - at);
    at = end + 1;
    auto const* const word = std::find_if(words.data(), words.data() + words.size(),
                                          [&](auto const& w) { return line.starts_with(w); });
    if (word == words.data() + words.size())
      continue;
    line.remove_prefix(word->size());
    auto name = line.substr(0, line.find_first_of(" (;"));
    out.emplace_back(name.substr(name.find('.') + 1)); // all of it where there is no schema
  }
  return out;
}

/// What the first `applied` of the known have made and left.
std::vector<std::string> left_by(std::span<migration const> known) {
  constexpr std::array<std::string_view, 2> drops{"drop function ", "drop table "};
  std::vector<std::string> out;
  for (auto const& m : known) {
    for (auto const& name : names_behind(m.sql, drops))
      std::erase(out, name);
    for (auto& name : made_by(m))
      out.push_back(std::move(name));
  }
  return out;
}

/// What is recorded and what is there are the same.
result<void> check_present(std::span<migration const> known, std::size_t applied,
                           std::set<std::string> const& present) {
  std::string gone;
  std::string unrecorded;
  auto const made = left_by(known.first(applied));
  for (auto const& name : made)
    if (!present.contains(name))
      add(gone, name);
  auto told = made; // a later one may make again what an earlier one made
  for (auto const& m : known.subspan(applied))
    for (auto const& name : made_by(m))
      if (present.contains(name) && std::find(told.begin(), told.end(), name) == told.end()) {
        add(unrecorded, name);
        told.push_back(name);
      }
  if (!unrecorded.empty())
    return damaged("the store has " + unrecorded +
                   ", but its record of schema changes (table migration) does not say so");
  if (!gone.empty())
    return damaged("the store lacks " + gone);
  return {};
}

} // namespace

std::string checksum(migration const& m) {
  return sha256_hex({m.sql});
}

std::vector<std::string> made_by(migration const& m) {
  constexpr std::array<std::string_view, 3> kinds{"create table ", "create index ",
                                                  "create function "};
  return names_behind(m.sql, kinds);
}

result<std::span<migration const>> pending(std::span<migration const> known,
                                           std::span<applied_migration const> applied,
                                           std::set<std::string> const& present) {
  if (applied.size() > known.size())
    return fail(errc::unsupported, "the store has schema " + std::to_string(applied.size()) +
                                       ", this program knows schemas up to " +
                                       std::to_string(known.size()) +
                                       ": use the newer program that wrote it");
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (applied[i].number != known[i].number)
      return damaged("schema change " + std::to_string(known[i].number) +
                     " is not recorded in the store although a later one is");
    if (applied[i].checksum != checksum(known[i]))
      return damaged("schema change " + std::string{known[i].name} +
                     " was applied to the store with another text");
  }
  if (auto ok = check_present(known, applied.size(), present); !ok)
    return ok.error();
  return known.subspan(applied.size());
}

error wrong_end(std::int64_t shard, std::int64_t said, std::int64_t is) {
  return fail(errc::corrupt, "shard " + std::to_string(shard) +
                                 " says that its last event is number " + std::to_string(said) +
                                 ", but it is number " + std::to_string(is) +
                                 "; run `troupe verify`, and restore the ledger");
}

} // namespace troupe
