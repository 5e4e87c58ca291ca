#include "persistence/migrations/migrations.hpp"

#include "persistence/encoding.hpp"

namespace troupe {

std::string checksum(migration const& m) {
  return sha256_hex({m.sql});
}

result<std::span<migration const>> pending(std::span<migration const> known,
                                           std::span<applied_migration const> applied) {
  if (applied.size() > known.size())
    return fail(errc::unsupported, "the store has schema " + std::to_string(applied.size()) +
                                       ", this program knows schemas up to " +
                                       std::to_string(known.size()) +
                                       ": use the newer program that wrote it");
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (applied[i].number != known[i].number)
      return fail(errc::corrupt, "schema change " + std::to_string(known[i].number) +
                                     " is not recorded in the store although a later one is");
    if (applied[i].checksum != checksum(known[i]))
      return fail(errc::corrupt, "schema change " + std::string{known[i].name} +
                                     " was applied to the store with another text");
  }
  return known.subspan(applied.size());
}

} // namespace troupe
