#include "cli/text/heading.hpp"
#include "cli/text/table.hpp"

namespace troupe {

using namespace views;

namespace {

/// `3 attempts, 3 rounds, 3 replans; money 5.00 in all, 1.00 a run`.
std::string limits_of(json::value const& config) {
  auto const& l = look::at(config, "limits");
  auto out = look::count(look::number(l, "attempts", 3), "attempt") + ", " +
             look::count(look::number(l, "rounds", 3), "round") + ", " +
             look::count(look::number(l, "replans", 3), "replan") + ", " +
             look::count(look::number(l, "in_flight", 8), "ticket") + " at once";
  if (auto const t = look::number(l, "attempt_timeout"); t > 0)
    out += ", " + look::span(t) + " an attempt";
  if (auto const t = look::number(l, "approval"); t > 0)
    out += ", " + look::span(t) + " for an approval";
  std::vector<std::pair<char const*, std::int64_t>> const money{
      {"in all", look::number(l, "budget_micros")},
      {"a run", look::number(l, "run_budget_micros")},
      {"a ticket", look::number(l, "ticket_budget_micros")},
      {"an attempt", look::number(l, "attempt_budget_micros")}};
  int places = 2;
  for (auto const& [what, micros] : money)
    places = look::places_for({micros}, places);
  std::vector<std::string> parts;
  for (auto const& [what, micros] : money)
    if (micros > 0)
      parts.push_back(look::money(micros, places) + " " + what);
  return out + (parts.empty() ? "" : "; money " + look::joined(parts));
}

} // namespace

std::string render_project(json::value const& project, text_style const& style) {
  auto const& config = look::at(project, "config");
  auto out = heading("Project", project, style);
  out += fact("name", look::text(project, "name"), style);
  out += fact("template", look::text(config, "template_ref"), style);
  out += fact("repository", look::text(config, "repository"), style);
  out += fact("target", look::text(config, "target_branch", "main"), style);
  out += fact("tests", look::text(config, "test_command"), style);
  out += fact("autonomy", look::text(config, "mode", "ask"), style);
  out += fact("forbidden", look::joined(look::texts(config, "forbidden_paths")), style);
  auto const& recipe = look::at(config, "recipe");
  out += fact("copies", look::joined(look::texts(recipe, "copy")), style);
  out += fact("setup", look::text(recipe, "setup"), style);
  out += fact("limits", limits_of(config), style);
  auto const& process = look::at(config, "process");
  std::vector<std::string> stages;
  for (auto const& s : look::list(process, "stages"))
    stages.push_back(look::text(s, "name"));
  out += fact("process", look::text(process, "name") + ": " + look::joined(stages, " → "), style);
  table roster{{{"agent"}, {"role"}, {"engine"}, {"profile"}, {"at once", false, true}}};
  for (auto const& a : look::list(config, "roster"))
    roster.add({{look::text(a, "name"), ink::name},
                look::text(a, "role"),
                look::text(a, "engine", "rules"),
                look::text(a, "profile"),
                std::to_string(look::number(a, "capacity", 1))});
  if (!roster.empty())
    out += part("Roster", style) + roster.text(style, 2);
  if (auto const& lacks = look::list(project, "lacks"); !lacks.empty()) {
    out += part("Its tickets would wait for", style);
    for (auto const& lack : lacks)
      out += said(lack_sentence(lack), 2, style, ink::attention, "• ");
  }
  return out;
}

std::string lack_sentence(json::value const& lacks) {
  auto const what = look::text(lacks, "text");
  return what.empty() ? what : what + ". " + look::text(lacks, "do");
}

std::string render_agent(json::value const& agent, text_style const& style) {
  auto const& spec = look::at(agent, "spec");
  auto out = heading("Agent", agent, style);
  out += fact("role", look::text(spec, "role"), style);
  auto engine = look::text(spec, "engine", "rules");
  if (engine == "rules")
    engine += " (no model is used)";
  if (auto const profile = look::text(spec, "profile"); !profile.empty())
    engine += ", profile " + profile;
  out += fact("engine", engine, style);
  out += fact("command", look::text(spec, "command"), style);
  out += fact("project", look::text(agent, "project"), style);
  out += fact("hired", look::date(look::number(agent, "hired_at"), style.local_time), style);
  out += fact("answered", look::count(look::number(agent, "answered"), "message"), style);
  out += fact("why", look::text(agent, "why"), style);
  for (auto const& l : look::list(agent, "leases"))
    out += fact("works on",
                look::text(l, "ticket") + ", " + look::text(l, "stage") + ", token " +
                    std::to_string(look::number(l, "token")),
                style);
  if (auto const text = look::block(spec, "instructions"); !text.empty())
    out += part("Instructions", style) + said(text, 2, style);
  if (auto const& inbox = look::list(agent, "inbox"); !inbox.empty())
    out += part("To be answered", style) + render_conversation(inbox, style, 2);
  for (auto const& w : look::list(agent, "waits"))
    out += fact("until",
                look::date(look::number(w, "deadline"), style.local_time) + ", " +
                    look::text(w, "message") + ", with " + look::text(w, "content"),
                style);
  return out;
}

namespace {

/// What the deadline does. Nothing is ever approved by it.
std::string after_the_deadline(json::value const& approval) {
  auto const subject = look::text(approval, "subject");
  if (subject.find("brief") != std::string::npos)
    return "then it expires, and `troupe brief resend` asks again; nothing is approved by itself";
  auto const what = subject.find("plan") != std::string::npos ? "the plan" : "it";
  auto const fallback = look::text(approval, "fallback", "reject");
  if (fallback == "approve")
    return std::string{"then "} + what + " counts as approved";
  return std::string{"then "} + what +
         (fallback == "revise" ? " is sent back for another version"
                               : " counts as rejected; nothing is approved by itself");
}

} // namespace

std::string render_approval(json::value const& approval, text_style const& style) {
  auto out = heading("Approval", approval, style);
  out += said(look::text(approval, "question"), 0, style, ink::strong);
  out += fact("about", look::who(look::text(approval, "subject")), style);
  out += fact("project", look::text(approval, "project"), style);
  out += fact("asked", look::date(look::number(approval, "opened_at"), style.local_time), style);
  auto const until = look::number(approval, "deadline");
  auto const status = look::text(approval, "status");
  if (until > 0 && (status == "pending" || status == "escalated"))
    out +=
        fact("waits",
             "until " + look::date(until, style.local_time) + "; " + after_the_deadline(approval),
             style);
  out += fact("owner", look::who(look::text(approval, "owner")), style);
  if (auto const by = look::text(approval, "decided_by"); !by.empty())
    out += fact("decided by", look::who(by) + ": " + look::text(approval, "how", "approve"), style);
  out += fact("notes", look::text(approval, "notes"), style);
  out += fact("why", look::text(approval, "why"), style);
  out += fact("content", look::short_hash(look::text(approval, "content_hash")), style);
  return out;
}

} // namespace troupe
