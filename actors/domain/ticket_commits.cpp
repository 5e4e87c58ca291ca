#include "actors/domain/ticket_commits.hpp"

#include "actors/domain/read_as.hpp"

namespace troupe::ticket {

namespace {

/// `start`: what the attempt began on, where that is known.
std::vector<named_commit> all_of(std::vector<std::string> const& ids, std::int64_t token,
                                 std::string const& start) {
  std::vector<named_commit> out;
  for (auto const& id : ids) {
    out.push_back({id, token, false, false});
    if (!start.empty() && id == start) {
      for (auto& earlier : out)
        earlier.before = true;
    }
  }
  return out;
}

std::vector<named_commit> all_of(evidence const& proof, std::int64_t token,
                                 std::string const& start) {
  auto ids = proof.commits;
  bool const changed = !proof.head.empty() && proof.head != proof.base;
  if (changed && std::find(ids.begin(), ids.end(), proof.head) == ids.end())
    ids.push_back(proof.head);
  return all_of(ids, token, start);
}

/// Of the last lease; that of an older one is not kept.
std::string start_of(state const& s, std::int64_t token) {
  return s.holder->token == token ? s.holder->base : std::string{};
}

std::vector<named_commit> named_by(evidence_attached const& e, state const& after) {
  return all_of(e.proof, after.holder->token, after.holder->base);
}
std::vector<named_commit> named_by(attempt_ended const& e, state const& after) {
  return all_of(e.commits, e.token, start_of(after, e.token));
}
std::vector<named_commit> named_by(orphaned const& e, state const& after) {
  return all_of(e.proof, e.token, start_of(after, e.token));
}
std::vector<named_commit> named_by(merged const& e, state const& after) {
  return {{e.commit, after.holder->token, true, false}};
}

} // namespace

std::vector<named_commit> commits_in(std::string_view type, std::string_view data_json,
                                     state const& after) {
  if (auto const e = read_as<evidence_attached>(entity_kind::ticket, type, data_json))
    return named_by(*e, after);
  if (auto const e = read_as<attempt_ended>(entity_kind::ticket, type, data_json))
    return named_by(*e, after);
  if (auto const e = read_as<orphaned>(entity_kind::ticket, type, data_json))
    return named_by(*e, after);
  if (auto const e = read_as<merged>(entity_kind::ticket, type, data_json))
    return named_by(*e, after);
  return {};
}

std::vector<named_commit> commits_in(event const& e, state const& after) {
  return std::visit(
      [&](auto const& x) -> std::vector<named_commit> {
        if constexpr (requires { named_by(x, after); })
          return named_by(x, after);
        else
          return {};
      },
      e);
}

} // namespace troupe::ticket
