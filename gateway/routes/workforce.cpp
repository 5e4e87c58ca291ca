#include "gateway/routes/workforce.hpp"

#include "actors/dispatcher.hpp"

#include <algorithm>
#include <limits>

namespace troupe {

namespace {

template <class State>
std::vector<State> all_of(board const& from, tenant_id const& tenant, entity_kind kind,
                          board::wanted const& wanted) {
  std::vector<State> out;
  std::size_t total = 0;
  for (auto const& v :
       from.list(tenant, kind, wanted, 0, std::numeric_limits<std::size_t>::max(), total)) {
    if (auto s = json::from<State>(v))
      out.push_back(std::move(*s));
  }
  return out;
}

/// The text of a member of a row; empty where there is none.
std::string_view word(json::value const& row, std::string_view member) {
  auto const* v = row.is_object() ? row.get_object().if_contains(member) : nullptr;
  return v != nullptr && v->is_string() ? std::string_view{v->get_string()} : std::string_view{};
}

bool flag(json::value const& row, std::string_view member) {
  auto const* v = row.get_object().if_contains(member);
  return v != nullptr && v->is_bool() && v->get_bool();
}

template <class T>
bool has(std::vector<T> const& all, T const& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::string joined(std::vector<std::string> const& all, char const* between) {
  std::string out;
  for (auto const& one : all)
    out += (out.empty() ? "" : between) + one;
  return out;
}

/// `dev-ada` of `tally.dev-ada`.
std::string short_name(entity_ref const& agent) {
  return agent.id.substr(agent.id.rfind('.') + 1);
}

bool is_available(agent::state const& a) {
  return a.is == agent::status::idle || a.is == agent::status::working ||
         a.is == agent::status::waiting;
}

json::object lack(std::string what, offer const& o, std::string text, std::string way_out) {
  json::object out{{"for", what}};
  if (!o.role.empty())
    out.emplace("role", o.role);
  out.emplace("text", text);
  out.emplace("do", way_out);
  return out;
}

/// How a daemon that runs one of these profiles is started.
std::string how_to_start(std::vector<std::string> const& profiles, bool enrolled) {
  std::string out = enrolled ? "Start one: "
                             : "Enrol a machine with `troupe daemon code | troupe daemon enroll "
                               "--code -`, then start its daemon: ";
  bool const command = profiles.empty() || has(profiles, std::string{"command"});
  if (command)
    return out + "`troupe daemon run --command 'your script'`" +
           (profiles.empty() ? ", or `troupe daemon run` where a coding CLI is installed." : ".");
  return out + "`troupe daemon run` on a machine that has " + joined(profiles, " or ") + ".";
}

} // namespace

bool may_be_leased(json::value const& row) {
  if (!row.is_object() || !flag(row, "run_active"))
    return false;
  auto const is = word(row, "is");
  bool const waits = is == name(ticket::status::ready) || is == name(ticket::status::rework) ||
                     is == name(ticket::status::in_review) ||
                     is == name(ticket::status::in_gates) || is == name(ticket::status::merging);
  auto const* holder = row.get_object().if_contains("holder");
  auto const lease = holder != nullptr ? word(*holder, "is") : std::string_view{};
  return waits && lease != name(ticket::lease_status::offered) &&
         lease != name(ticket::lease_status::held);
}

std::vector<agent::state> const& workforce::agents_of(project_id const& project) {
  auto const [at, fresh] = agents_.try_emplace(project);
  if (fresh)
    at->second =
        all_of<agent::state>(on_.n.view(), tenant_, entity_kind::agent,
                             [&](state_view const& s) { return s.has("project", project.value); });
  return at->second;
}

std::vector<daemon::state> const& workforce::daemons() {
  if (!daemons_) {
    daemons_ = all_of<daemon::state>(on_.n.view(), tenant_, entity_kind::daemon, {});
    linked_ = on_.hub.linked();
  }
  return *daemons_;
}

std::vector<std::string> workforce::roles_of(project_id const& project) {
  std::vector<std::string> out;
  for (auto const& a : agents_of(project))
    if (a.is != agent::status::RETIRED && !has(out, a.spec.role))
      out.push_back(a.spec.role);
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<json::object> workforce::lack_of_daemon(offer const& o,
                                                      std::vector<std::string> profiles) {
  bool enrolled = false;
  bool elsewhere = false;
  for (auto const& d : daemons()) {
    enrolled = enrolled || d.is != daemon::status::REVOKED;
    if (d.is != daemon::status::online || !linked_.contains(daemon_id{d.self.id}))
      continue;
    bool const runs =
        profiles.empty() || std::any_of(d.runners.begin(), d.runners.end(),
                                        [&](auto const& r) { return has(profiles, r.profile); });
    bool const here = has(d.repositories, std::string{"*"}) || has(d.repositories, o.repository);
    if (runs && here)
      return std::nullopt;
    elsewhere = elsewhere || runs;
  }
  if (elsewhere)
    return lack("daemon", o, "a connected daemon that may work in " + o.repository,
                "Name it at one: `troupe daemon run --repository NAME=PATH`, or let daemons take "
                "any repository (daemon.any_repository).");
  auto out =
      lack("daemon", o,
           "a connected daemon" +
               (profiles.empty() ? std::string{} : " with the profile " + joined(profiles, " or ")),
           how_to_start(profiles, enrolled));
  if (!profiles.empty())
    out.emplace("profile", joined(profiles, " or "));
  return out;
}

std::optional<json::object> workforce::lack_of(offer const& o) {
  if (o.role.empty()) // gates and merges need a place, not a mind
    return lack_of_daemon(o, {});
  std::vector<std::string> resting; ///< with their status
  std::vector<std::string> thinkers;
  std::vector<std::string> profiles;
  std::string to_resume;
  bool in_role = false;
  bool author = false;
  bool any_daemon = false;
  for (auto const& a : agents_of(o.project)) {
    if (a.spec.role != o.role || a.is == agent::status::RETIRED)
      continue;
    in_role = true;
    if (has(o.excluded, agent_id{a.self.id})) {
      author = true;
    } else if (!is_available(a)) {
      resting.push_back(short_name(a.self) + " is " + name(a.is));
      to_resume = a.self.id;
    } else if (a.spec.engine == engine_kind::human) {
      return std::nullopt;
    } else if (!works_on_daemon(a.spec)) {
      thinkers.push_back(short_name(a.self) + " has the engine " + name(a.spec.engine));
    } else if (auto profile = profile_of(a.spec); profile.empty()) {
      any_daemon = true;
    } else if (!has(profiles, profile)) {
      profiles.push_back(std::move(profile));
    }
  }
  if (any_daemon)
    return lack_of_daemon(o, {});
  if (!profiles.empty())
    return lack_of_daemon(o, std::move(profiles));
  auto const change = "Give project " + o.project.value + " one: `troupe project change " +
                      o.project.value + " --patch FILE`.";
  if (!in_role)
    return lack("agent", o,
                "an agent with the role " + o.role +
                    "; there are: " + joined(roles_of(o.project), ", "),
                change);
  if (!resting.empty())
    return lack("agent", o, "an agent with the role " + o.role + ": " + joined(resting, ", "),
                "Let one work again: `troupe agents resume " + to_resume + "`.");
  if (!thinkers.empty())
    return lack("agent", o,
                "an agent with the role " + o.role +
                    " that can take tickets: " + joined(thinkers, ", "),
                change);
  if (author)
    return lack("agent", o, "an agent with the role " + o.role + " who has not worked on it",
                change);
  return std::nullopt;
}

std::optional<json::object> workforce::lack_of(ticket::state const& s) {
  for (auto const& o : ticket::obligations(s))
    if (auto const* offered = std::get_if<offer>(&o.what))
      return lack_of(*offered);
  return std::nullopt;
}

json::array workforce::lacks_of(project_id const& project, project_config const& config) {
  json::array out;
  std::vector<std::string> told;
  for (auto const& s : config.process.stages) {
    offer o;
    o.project = project;
    o.kind = s.kind;
    o.role = s.kind == stage_kind::gate ? std::string{} : s.role;
    o.repository = config.repository;
    auto lacking = lack_of(o);
    if (!lacking)
      continue;
    std::string text{std::string_view{lacking->at("text").get_string()}};
    // A daemon for the profile that is missing would do for gates and merges, too.
    bool const any = text == "a connected daemon";
    if (has(told, text) || (any && std::any_of(told.begin(), told.end(), [&](auto const& known) {
                              return known.starts_with(text);
                            })))
      continue;
    told.push_back(std::move(text));
    out.push_back(std::move(*lacking));
  }
  return out;
}

result<void> check_roles(plan_content const& content, std::vector<std::string> const& known) {
  json::array problems;
  std::string first;
  for (auto const& item : content.items) {
    if (item.role.empty() || has(known, item.role))
      continue;
    auto sentence = "item " + item.key + " is for the role " + item.role +
                    ", which no agent of the project has; there are: " + joined(known, ", ");
    if (first.empty())
      first = sentence;
    problems.emplace_back(std::move(sentence));
  }
  if (problems.empty())
    return {};
  return fail(
      errc::invalid_argument, std::move(first),
      {{"field", "content.items"}, {"problems", std::move(problems)}, {"known", json::to(known)}});
}

} // namespace troupe
