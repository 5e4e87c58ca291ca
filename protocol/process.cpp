#include "protocol/process.hpp"

#include "protocol/known_fields.hpp"
#include "protocol/presets.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace troupe {

namespace {

/// A text of ours that does not read is a bug, found by the first test that runs.
template <class T>
T read_preset(presets::text const& t, json::value const& v) {
  auto out = json::from<T>(v);
  if (!out)
    throw std::logic_error("preset " + std::string{t.name} + ": " + out.error().message);
  return std::move(*out);
}

json::value parse_preset(presets::text const& t) {
  auto v = json::parse(t.json);
  if (!v)
    throw std::logic_error("preset " + std::string{t.name} + ": " + v.error().message);
  return std::move(*v);
}

std::vector<process_def> const& processes() {
  static auto const all = [] {
    std::vector<process_def> out;
    for (auto const& t : presets::processes)
      out.push_back(read_preset<process_def>(t, parse_preset(t)));
    return out;
  }();
  return all;
}

/// A template file names its process; the template carries it in full, so that both stay frozen.
project_template read_template(presets::text const& t) {
  auto v = parse_preset(t);
  auto& members = v.as_object();
  auto process = shipped_process(std::string_view{members.at("process").as_string()});
  if (!process)
    throw std::logic_error("preset " + std::string{t.name} + ": " + process.error().message);
  members.erase("process");
  auto out = read_preset<project_template>(t, v);
  out.config.process = std::move(*process);
  out.config.template_ref = out.name + "@" + std::to_string(out.version);
  return out;
}

template <class Range, class Name>
std::string names_of(Range const& all, Name name) {
  std::string out;
  for (auto const& x : all)
    out += (out.empty() ? "" : ", ") + name(x);
  return out;
}

error wrong(std::string field, std::string sentence) {
  return fail(errc::invalid_argument, std::move(sentence), {{"field", std::move(field)}});
}

result<void> check_stage(stage const& s, std::string const& at) {
  if (s.name.empty())
    return wrong(at + ".name", at + ".name must not be empty");
  if (s.name == "merge")
    return wrong(at + ".name", "merge is the name of the last step of every process; call the "
                               "stage otherwise");
  if (s.kind != stage_kind::gate && s.role.empty())
    return wrong(at + ".role", "stage " + s.name + " needs a role that does it");
  if (s.rounds < 0 || s.rounds > 20)
    return wrong(at + ".rounds", "stage " + s.name + ": rounds must be 0 to 20");
  if (s.kind != stage_kind::review && s.reports != finding::verdict)
    return wrong(at + ".reports", "stage " + s.name + " reports bugs but is not a review");
  if (s.kind == stage_kind::gate && s.gates.empty())
    return wrong(at + ".gates", "gate stage " + s.name + " needs at least one gate");
  if (s.kind != stage_kind::gate && !s.gates.empty())
    return wrong(at + ".gates", "stage " + s.name + " has gates but is not a gate stage");
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < s.gates.size(); ++i) {
    auto const here = at + ".gates[" + std::to_string(i) + "]";
    if (s.gates[i].name.empty())
      return wrong(here + ".name", here + ".name must not be empty");
    if (!names.insert(s.gates[i].name).second)
      return wrong(here + ".name", "gate " + s.gates[i].name + " stands twice in " + s.name);
    if (s.gates[i].limit < 0)
      return wrong(here + ".limit", here + ".limit must not be negative");
  }
  return {};
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// Names that git takes as they are: no option, no range, nothing a shell would look at.
bool is_branch(std::string_view text) {
  return !text.empty() && text.size() <= 200 && text.front() != '-' && text.front() != '/' &&
         text.back() != '/' && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.' || c == '/';
         });
}

result<void> check_agent(agent_spec const& a, std::string const& at) {
  if (!is_word(a.name))
    return wrong(at + ".name", at + ".name must be 1 to 40 of a-z, 0-9 and -");
  if (a.role.empty())
    return wrong(at + ".role", "agent " + a.name + " needs a role");
  if (a.engine == engine_kind::daemon && a.profile.empty())
    return wrong(at + ".profile", "agent " + a.name + " works on a daemon and needs a profile");
  if (a.engine == engine_kind::process && a.command.empty())
    return wrong(at + ".command", "agent " + a.name + " runs a process and needs a command");
  if (a.capacity < 1 || a.capacity > 64)
    return wrong(at + ".capacity", "agent " + a.name + ": capacity must be 1 to 64");
  return {};
}

template <class N>
result<void> within(char const* field, N value, N low, N high) {
  if (value >= low && value <= high)
    return {};
  return wrong(field, std::string{field} + " must be " + std::to_string(low) + " to " +
                          std::to_string(high) + ", not " + std::to_string(value));
}

result<void> check_limits(work_limits const& l) {
  using std::chrono::hours;
  auto const ms = [](duration d) { return static_cast<std::int64_t>(d.count()); };
  std::int64_t const day = ms(hours{24});
  result<void> const all[] = {
      within("limits.attempts", l.attempts, 1, 20),
      within("limits.rounds", l.rounds, 0, 20),
      within("limits.in_flight", l.in_flight, 1, 10'000),
      within("limits.patch_lines", l.patch_lines, 1, 1'000'000),
      within("limits.plan_items", l.plan_items, 1, 1000),
      within("limits.replans", l.replans, 0, 20),
      within<std::int64_t>("limits.attempt_timeout", ms(l.attempt_timeout), 1, 7 * day),
      within<std::int64_t>("limits.stall", ms(l.stall), 1, 7 * day),
      within<std::int64_t>("limits.lease", ms(l.lease), 1, day),
      within<std::int64_t>("limits.approval", ms(l.approval), 1, 366 * day),
      within<std::int64_t>("limits.budget_micros", l.budget_micros, 0, 1'000'000'000'000'000),
      within<std::int64_t>("limits.run_budget_micros", l.run_budget_micros, 0,
                           1'000'000'000'000'000),
      within<std::int64_t>("limits.ticket_budget_micros", l.ticket_budget_micros, 0,
                           1'000'000'000'000'000),
      within<std::int64_t>("limits.attempt_budget_micros", l.attempt_budget_micros, 0,
                           1'000'000'000'000'000),
  };
  for (auto const& one : all) {
    if (!one)
      return one;
  }
  return {};
}

/// RFC 7396, 2.
void merge_patch(json::value& target, json::value const& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object())
    target.emplace_object();
  auto& members = target.get_object();
  for (auto const& change : patch.get_object()) {
    if (change.value().is_null())
      members.erase(change.key());
    else
      merge_patch(members[change.key()], change.value());
  }
}

} // namespace

result<process_def> shipped_process(std::string_view name) {
  for (auto const& p : processes()) {
    if (p.name == name)
      return p;
  }
  return fail(errc::not_found, "there is no process " + std::string{name} + "; there are " +
                                   names_of(processes(), [](auto const& p) { return p.name; }));
}

result<void> check(process_def const& p) {
  if (p.stages.empty())
    return wrong("stages", "a process needs at least one stage");
  if (p.stages.size() > 50)
    return wrong("stages", "a process has at most 50 stages");
  if (p.stages.front().kind != stage_kind::work)
    return wrong("stages[0].kind", "the first stage must be a work stage");
  std::set<std::string_view> names;
  auto latest = stage_kind::work;
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    auto const& s = p.stages[i];
    auto const at = "stages[" + std::to_string(i) + "]";
    if (auto ok = check_stage(s, at); !ok)
      return ok;
    if (!names.insert(s.name).second)
      return wrong(at + ".name", "stage " + s.name + " stands twice in the process");
    // The enumerators stand in the order that the stages must have.
    if (s.kind < latest)
      return wrong(at + ".kind", "stage " + s.name +
                                     " comes too late: work stages first, then "
                                     "reviews, then gates");
    latest = s.kind;
  }
  return {};
}

std::vector<project_template> const& shipped_templates() {
  static auto const all = [] {
    std::vector<project_template> out;
    for (auto const& t : presets::templates)
      out.push_back(read_template(t));
    return out;
  }();
  return all;
}

result<project_template> find_template(std::string_view ref) {
  auto const at = ref.find('@');
  auto const name = ref.substr(0, at);
  project_template const* found = nullptr;
  for (auto const& t : shipped_templates()) {
    if (t.name != name)
      continue;
    if (at != std::string_view::npos && ref.substr(at + 1) != std::to_string(t.version))
      continue;
    if (!found || found->version < t.version)
      found = &t;
  }
  if (found)
    return *found;
  json::array known;
  for (auto const& t : shipped_templates())
    known.emplace_back(t.config.template_ref);
  return fail(
      errc::not_found,
      "there is no template " + std::string{ref} + "; there are " +
          names_of(shipped_templates(), [](auto const& t) { return t.config.template_ref; }),
      {{"known", std::move(known)}});
}

result<project_config> overlay(project_config const& base, json::value const& patch) {
  if (!patch.is_object())
    return wrong("", "a patch must be an object");
  auto merged = json::to(base);
  merge_patch(merged, patch);
  auto out = json::from<project_config>(merged);
  if (!out)
    return with_known_fields<project_config>(out.error());
  if (auto ok = check(*out); !ok)
    return ok.error();
  return out;
}

result<void> check(project_config const& c) {
  if (auto ok = check(c.process); !ok) {
    auto e = ok.error();
    if (auto* field = e.details.if_contains("field"))
      *field = "process." + std::string{std::string_view{field->as_string()}};
    e.message = "process: " + e.message;
    return e;
  }
  if (!is_branch(c.target_branch))
    return wrong("target_branch", "target_branch must be the name of a git branch");
  if (c.repository.starts_with('-'))
    return wrong("repository", "repository must be a name, a path or a URL");
  if (c.roster.size() > 500)
    return wrong("roster", "a roster has at most 500 agents");
  std::set<std::string_view> names;
  std::set<std::string_view> roles;
  for (std::size_t i = 0; i < c.roster.size(); ++i) {
    auto const at = "roster[" + std::to_string(i) + "]";
    if (auto ok = check_agent(c.roster[i], at); !ok)
      return ok;
    if (!names.insert(c.roster[i].name).second)
      return wrong(at + ".name", "agent " + c.roster[i].name + " stands twice in the roster");
    roles.insert(c.roster[i].role);
  }
  for (std::size_t i = 0; i < c.process.stages.size(); ++i) {
    auto const& s = c.process.stages[i];
    if (s.kind != stage_kind::gate && !roles.contains(s.role))
      return wrong("process.stages[" + std::to_string(i) + "].role",
                   "no agent of the roster has the role " + s.role + ", which stage " + s.name +
                       " needs");
  }
  if (c.recipe.ports < 0 || c.recipe.ports > 100)
    return wrong("recipe.ports", "recipe.ports must be 0 to 100");
  return check_limits(c.limits);
}

} // namespace troupe
