#include "cli/text/event_words.hpp"
#include "cli/text/look.hpp"

namespace troupe::views {

namespace {

std::string by_engine(json::value const& data) {
  auto const engine = look::text(data, "engine");
  return look::who(look::text(data, "by")) + (engine.empty() ? "" : " (" + engine + ")");
}

void decided(json::value const& data, telling& out, std::string const& how,
             std::string_view to_by_default) {
  out.text = look::who(look::text(data, "by")) + " said " + how;
  if (auto const notes = look::text(data, "notes"); !notes.empty())
    out.text += ": " + notes;
  tell_move(data, out, to_by_default);
}

bool tell_brief(std::string_view name, json::value const& data, telling& out) {
  if (name == "submitted") {
    out.sign = "+";
    out.meaning = ink::strong;
    auto const& from = look::at(data, "from");
    out.text = "submitted: " + look::text(from, "name") + " (" + look::text(from, "kind") + ")";
  } else if (name == "drafted") {
    auto const& c = look::at(data, "content");
    out.text =
        "drafted by " + by_engine(data) + ": " + look::text(c, "title") + ", " +
        look::count(static_cast<std::int64_t>(look::list(c, "requirements").size()), "requirement");
    tell_move(data, out, "pending_approval");
  } else if (name == "draft_refused") {
    out.text = "no draft possible: " + look::text(data, "why");
    tell_move(data, out, "REJECTED");
  } else if (name == "approval_recorded")
    decided(data, out, look::text(data, "how", "approve"), "approved");
  else if (name == "redraft_began")
    tell_move(data, out, "drafting");
  else if (name == "resent") {
    out.text = "asked again";
    tell_move(data, out, "pending_approval");
  } else if (name == "planning_began") {
    out.text = "plan version " + std::to_string(look::number(data, "version", 1)) + " begun";
    if (auto const key = look::text(data, "failed_key"); !key.empty())
      out.text += " because ticket " + key + " failed: " + look::text(data, "why");
    tell_move(data, out, "planning");
  } else if (name == "delivery_began") {
    out.text = "delivery of " + look::text(data, "plan");
    tell_move(data, out, "in_delivery");
  } else if (name == "replan_queued")
    out.text = "replan for " + look::text(data, "ticket") + " waits: " + look::text(data, "why");
  else if (name == "replan_refused") {
    out.text = "no replan for " + look::text(data, "ticket") + ": " + look::text(data, "why");
    tell_move(data, out, "in_delivery");
    out.sign = "✗";
  } else if (name == "held") {
    out.text = look::text(data, "why");
    tell_move(data, out, "on_hold");
  } else if (name == "resumed")
    tell_move(data, out, "in_delivery");
  else if (name == "ended") {
    out.text = look::text(data, "why");
    tell_move(data, out, "COMPLETED");
  } else
    return false;
  return true;
}

bool tell_plan(std::string_view name, json::value const& data, telling& out) {
  if (name == "created") {
    out.sign = "+";
    out.meaning = ink::strong;
    out.text = "begun, version " + std::to_string(look::number(data, "version", 1));
  } else if (name == "proposed") {
    auto const& items = look::list(look::at(data, "content"), "items");
    out.text = "proposed by " + by_engine(data) + ": " +
               look::count(static_cast<std::int64_t>(items.size()), "ticket");
    tell_move(data, out, "proposed");
  } else if (name == "invalidated") {
    out.text = look::text(data, "why");
    if (auto const path = look::texts(data, "path"); !path.empty())
      out.text += ": " + look::joined(path, " -> ");
    tell_move(data, out, "invalid");
    out.sign = "✗";
  } else if (name == "critique_began")
    tell_move(data, out, "under_critique");
  else if (name == "critiqued") {
    auto const findings = look::texts(data, "findings");
    out.text = "critique by " + by_engine(data) + ": " +
               (findings.empty() ? "nothing to change" : look::joined(findings, "; "));
    tell_move(data, out, "ready");
  } else if (name == "approval_asked")
    tell_move(data, out, "pending_approval");
  else if (name == "approval_recorded")
    decided(data, out, look::flag(data, "approved") ? "approve" : "no", "active");
  else if (name == "edit_began") {
    out.text = "edited by " + look::who(look::text(data, "by"));
    tell_move(data, out, "revision_requested");
  } else if (name == "activated") {
    out.text = look::text(data, "why");
    tell_move(data, out, "active");
  } else if (name == "ended") {
    out.text = look::text(data, "why");
    tell_move(data, out, "COMPLETED");
  } else
    return false;
  return true;
}

bool tell_run(std::string_view name, json::value const& data, telling& out) {
  if (name == "created") {
    out.sign = "+";
    out.meaning = ink::strong;
    auto const plan = look::text(data, "plan"); // none: of a ticket that was made by hand
    auto const items = static_cast<std::int64_t>(look::list(data, "items").size());
    out.text = "begun with " + (plan.empty() ? "" : plan + ", ") + look::count(items, "ticket");
  } else if (name == "moved") {
    out.text = look::text(data, "why");
    tell_move(data, out, "running");
  } else if (name == "ticket_recorded") {
    auto const outcome = look::text(data, "outcome", "done");
    out.text = "ticket " + look::text(data, "ticket") + " is " + outcome;
    if (auto const why = look::text(data, "why"); !why.empty())
      out.text += ": " + why;
    out.meaning = ink_of_status(outcome);
    out.noise = outcome == "done"; // the ticket itself has told it
  } else if (name == "adopted") {
    out.sign = "↻";
    out.meaning = ink::attention;
    out.text = "goes on with " + look::text(data, "plan");
    if (auto const key = look::text(data, "failed_key"); !key.empty())
      out.text += ", which replaces ticket " + key;
  } else if (name == "replan_dropped")
    out.text = "no replan for " + look::text(data, "ticket") + ": " + look::text(data, "why");
  else if (name == "ended") {
    out.text = look::text(data, "why");
    tell_move(data, out, "COMPLETED");
  } else
    return false;
  return true;
}

} // namespace

bool tell_intake(std::string_view type, json::value const& data, telling& out) {
  auto const dot = type.find('.');
  auto const kind = type.substr(0, dot);
  auto const name = type.substr(dot + 1);
  if (kind == "brief")
    return tell_brief(name, data, out);
  if (kind == "plan")
    return tell_plan(name, data, out);
  return tell_run(name, data, out);
}

} // namespace troupe::views
