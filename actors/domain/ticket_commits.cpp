#include "actors/domain/ticket_commits.hpp"

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

/// Reads the event where it is this one; none where it cannot be read, which the fold says better.
template <class Event>
std::optional<Event> as(std::string_view type, std::string_view data_json) {
  constexpr std::string_view kind = "ticket.";
  if (!type.starts_with(kind) || type.substr(kind.size()) != Event::type_name)
    return std::nullopt;
  auto const data = json::parse(data_json);
  if (!data)
    return std::nullopt;
  auto e = json::from<Event>(*data);
  if (!e)
    return std::nullopt;
  return std::move(*e);
}

} // namespace

std::vector<named_commit> commits_in(std::string_view type, std::string_view data_json,
                                     state const& after) {
  if (auto const e = as<evidence_attached>(type, data_json))
    return all_of(e->proof, after.holder->token, after.holder->base);
  if (auto const e = as<attempt_ended>(type, data_json))
    return all_of(e->commits, e->token, start_of(after, e->token));
  if (auto const e = as<orphaned>(type, data_json))
    return all_of(e->proof, e->token, start_of(after, e->token));
  if (auto const e = as<merged>(type, data_json))
    return {{e->commit, after.holder->token, true, false}};
  return {};
}

} // namespace troupe::ticket
