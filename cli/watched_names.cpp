#include "cli/watched_names.hpp"

#include "actors/domain/each_kind.hpp"
#include "actors/tap/filter_text.hpp"
#include "actors/tap/header.hpp"
#include "cli/text/look.hpp"
#include "cli/text/nearest.hpp"
#include "protocol/command.hpp"
#include "protocol/daemon_link.hpp"
#include "protocol/envelope.hpp"

#include <boost/mp11/algorithm.hpp>

#include <algorithm>
#include <set>

namespace troupe {

namespace {

using names = std::vector<std::string>;

/// The names of a choice's alternatives, each behind `before`.
template <class Choice>
void add_names(std::string const& before, names& out) {
  boost::mp11::mp_for_each<
      boost::mp11::mp_transform<std::type_identity, typename Choice::alternatives>>(
      [&](auto of) { out.push_back(before + std::string{decltype(of)::type::type_name}); });
}

/// Every kind that a record can have, but for those of requests (`GET:/api/…`).
names known_kinds() {
  names out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<message_kind>>(
      [&](auto e) { out.emplace_back(e.name); });
#define TROUPE_KINDS_OF(ENTITY)                                                                    \
  add_names<ENTITY::command>(std::string{to_string(entity_kind::ENTITY)} + ".", out);              \
  add_names<ENTITY::event>(std::string{to_string(entity_kind::ENTITY)} + ".", out);
  TROUPE_EACH_KIND(TROUPE_KINDS_OF)
#undef TROUPE_KINDS_OF
  add_names<link::frame_body>("link.", out);
  for (auto const* effect : {"order", "stop", "answer", "release", "think"})
    out.emplace_back(effect);
  for (unsigned c = 0; c < traffic::category_count; ++c) // here they mean the choke point
    out.emplace_back(traffic::to_string(static_cast<traffic::category>(c)));
  return out;
}

/// What a filter says of a field: its values, as far as the filter can be read.
std::set<std::string> values_of(std::string const& filter, std::string_view field) {
  using traffic::token;
  std::set<std::string> out;
  traffic::filter_text text{filter};
  auto const go_on = [&] { return text.next().has_value() && text.now().is != token::type::end; };
  auto const is_value = [&] {
    return text.now().is == token::type::word || text.now().is == token::type::quoted;
  };
  bool more = go_on();
  while (more) {
    bool const wanted = text.now().is == token::type::word && text.now().text == field;
    more = go_on();
    if (!wanted || !more)
      continue;
    if (text.is_mark("=") || text.is_mark("!=")) {
      more = go_on();
      if (more && is_value())
        out.insert(text.now().text);
    } else if (text.is_joint("in") || text.is_joint("not")) {
      while (more && !text.is_mark(")")) {
        if (is_value() && !text.is_joint("in") && !text.is_joint("not"))
          out.insert(text.now().text);
        more = go_on();
      }
    }
  }
  return out;
}

bool is_among(names const& known, std::string const& value) {
  if (value.ends_with('*'))
    return std::any_of(known.begin(), known.end(), [&](std::string const& k) {
      return k.starts_with(std::string_view{value}.substr(0, value.size() - 1));
    });
  return std::find(known.begin(), known.end(), value) != known.end();
}

/// A word that is near, or the whole name of what was only named by its end: `leased` is
/// `ticket.leased`.
std::string meant_by(names const& known, std::string const& value) {
  auto near = nearest(known, value);
  for (auto const& k : known)
    if (near.empty() && k.ends_with("." + value))
      near = k;
  return near.empty() ? std::string{} : "; did you mean \"" + near + "\"?";
}

/// Ids of all agents, and their names in their projects.
result<names> known_agents(api_client const& api) {
  auto const all = api.all("/api/agents", {});
  if (!all)
    return all.error();
  names out;
  for (auto const& a : look::list(*all, "items")) {
    auto const id = look::text(a, "id");
    out.push_back(id.substr(id.find('.') + 1));
    out.push_back(id);
  }
  return out;
}

} // namespace

std::vector<std::string> unknown_in_filter(std::string const& filter, api_client const& api) {
  std::vector<std::string> out;
  auto const kinds = known_kinds();
  for (auto const& kind : values_of(filter, "kind"))
    if (!is_among(kinds, kind) && kind.find(":/") == std::string::npos)
      out.push_back("no record has the kind \"" + kind + "\"" + meant_by(kinds, kind));
  auto const agents = values_of(filter, "agent");
  if (agents.empty())
    return out;
  // Who may only watch is not told who there is; then nothing is known of them.
  if (auto const known = known_agents(api); known)
    for (auto const& agent : agents)
      if (!is_among(*known, agent))
        out.push_back("there is no agent \"" + agent + "\" yet" + meant_by(*known, agent));
  return out;
}

} // namespace troupe
