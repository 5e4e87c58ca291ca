#include "actors/commit_index.hpp"

namespace troupe {

void commit_index::take(stored_event const& e, ticket::state const& after) {
  auto const* read = static_cast<ticket::event const*>(e.event.decoded.get());
  for (auto& c : read != nullptr ? ticket::commits_in(*read, after)
                                 : ticket::commits_in(e.event.type, e.event.data, after)) {
    known_commit made{c, ticket_id{e.stream.id}, e.version};
    auto const [at, fresh] = by_id_[e.stream.tenant].try_emplace(std::move(c.id), made);
    auto& known = at->second;
    // Who came later went on from it, or reported later: the oldest attempt has made it.
    if (!fresh && known.ticket == made.ticket &&
        std::pair{made.what.before, made.what.token} <
            std::pair{known.what.before, known.what.token})
      known = std::move(made);
  }
}

std::vector<known_commit> commit_index::find(tenant_id const& tenant, std::string const& prefix,
                                             std::size_t limit) const {
  std::vector<known_commit> out;
  auto const mine = by_id_.find(tenant);
  if (mine == by_id_.end())
    return out;
  for (auto at = mine->second.lower_bound(prefix);
       at != mine->second.end() && out.size() < limit && at->first.starts_with(prefix); ++at)
    out.push_back(at->second);
  return out;
}

} // namespace troupe
