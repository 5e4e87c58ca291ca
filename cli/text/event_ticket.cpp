#include "cli/text/event_words.hpp"
#include "cli/text/look.hpp"

namespace troupe::views {

namespace {

std::string agent_name(json::value const& data) {
  return look::who("agent:" + look::text(data, "agent"));
}

void opened(json::value const& data, telling& out) {
  auto const& item = look::at(data, "item");
  out.sign = "+";
  out.meaning = ink::strong;
  out.text = "opened: " + look::text(item, "title");
  if (auto const after = look::texts(data, "blocked_by"); !after.empty())
    out.text += " (after " + look::joined(after) + ")";
  if (auto const instead = look::text(data, "supersedes"); !instead.empty())
    out.text += " (instead of " + instead + ")";
}

void leased(json::value const& data, telling& out) {
  out.sign = "●";
  out.meaning = ink::active;
  out.text = "taken";
  if (!look::text(data, "agent").empty()) // gates and merges are nobody's work
    out.text += " by " + agent_name(data);
  if (auto const daemon = look::text(data, "daemon"); !daemon.empty())
    out.text += " on " + daemon;
  out.text += ", token " + std::to_string(look::number(data, "token"));
  if (auto const n = look::number(data, "attempt_number", 1); n > 1)
    out.text += ", attempt " + std::to_string(n);
}

void attempt_ended(json::value const& data, telling& out) {
  auto const how = look::text(data, "how", "SUCCEEDED");
  // That it ended well says nothing about the verdict that it brought: the next line does.
  bool const ended = how == "SUCCEEDED";
  out.meaning = out.text_meaning = ended ? ink::plain : ink_of_status(how);
  out.sign = ended ? "·" : "✗";
  out.text = ended ? "attempt ended" : "attempt " + how;
  if (auto const why = look::text(data, "why"); !why.empty() && why != "none")
    out.text += " (" + why + ")";
  if (look::text(data, "lease") == "EXPIRED")
    out.text += ", lease expired";
  if (auto const summary = look::text(data, "summary"); !summary.empty())
    out.text += ": " + summary;
  if (auto const to = look::text(data, "to"); !to.empty() && to != "none")
    out.text += " → " + to;
}

void evidence(json::value const& data, telling& out) {
  auto const& p = look::at(data, "proof");
  out.sign = "✓";
  out.meaning = ink::good;
  out.text = "evidence";
  if (auto const head = look::text(p, "head"); !head.empty())
    out.text += ": commit " + look::short_hash(head) + ", " +
                look::count(static_cast<std::int64_t>(look::list(p, "files").size()), "file") +
                ", +" + std::to_string(look::number(p, "insertions")) + " -" +
                std::to_string(look::number(p, "deletions"));
  if (auto const command = look::text(p, "command"); !command.empty()) {
    if (auto const exit = look::number(p, "exit_code"); exit == 0) {
      out.text += ", `" + command + "` exit 0";
    } else { // the work is there all the same: a reviewer or a gate says what becomes of it
      out.sign = "!";
      out.meaning = out.text_meaning = ink::attention;
      out.text += ", tests fail (exit " + std::to_string(exit) + "): `" + command + "`";
    }
  }
  if (auto const to = look::text(data, "to"); !to.empty() && to != "none")
    out.text += " → " + to;
}

void reviewed(json::value const& data, telling& out) {
  bool const yes = look::flag(data, "approved");
  out.sign = yes ? "✓" : "✗";
  out.meaning = out.text_meaning = yes ? ink::good : ink::attention;
  auto const by = look::text(data, "by");
  auto const carried = yes && by == "system" && !look::texts(data, "notes").empty();
  out.text = carried ? std::string{"review stands"}
             : yes && by == "system"
                 ? std::string{"no review in this process"}
                 : "review by " + look::who(by) + (yes ? ": approved" : ": changes requested");
  if (auto const notes = look::texts(data, "notes"); !notes.empty())
    out.text += ": " + look::joined(notes, "; ");
}

void gated(json::value const& data, telling& out) {
  bool const yes = look::flag(data, "passed");
  out.sign = yes ? "✓" : "✗";
  out.meaning = out.text_meaning = yes ? ink::good : ink::bad;
  std::vector<std::string> names, failures;
  for (auto const& g : look::list(data, "results")) {
    names.push_back(look::text(g, "gate"));
    if (!look::flag(g, "passed"))
      failures.push_back(look::text(g, "gate") + ": " + look::text(g, "message"));
  }
  out.text = yes ? "gates passed" + (names.empty() ? "" : ": " + look::joined(names))
                 : "gate failed: " + look::joined(failures, "; ");
}

void waits(json::value const& data, telling& out) {
  out.sign = "…";
  out.meaning = out.text_meaning = ink::attention;
  out.text =
      "waits for " + look::who(look::text(data, "owner")) + ": " + look::text(data, "action");
}

} // namespace

bool tell_ticket(std::string_view type, json::value const& data, telling& out) {
  if (type == "opened")
    opened(data, out);
  else if (type == "readiness_changed") {
    auto const open = look::texts(data, "open_blockers");
    tell_move(data, out);
    if (out.text.empty())
      out.noise = true;
    else if (!open.empty())
      out.text += " (after " + look::joined(open) + ")";
  } else if (type == "leased")
    leased(data, out);
  else if (type == "renewed") {
    out.noise = true;
    out.text = "lease renewed, token " + std::to_string(look::number(data, "token"));
  } else if (type == "attempt_started") {
    out.text = "attempt started";
    if (auto const base = look::text(data, "base"); !base.empty())
      out.text += " on " + look::short_hash(base);
    tell_move(data, out);
  } else if (type == "attempt_ended")
    attempt_ended(data, out);
  else if (type == "evidence_attached")
    evidence(data, out);
  else if (type == "reviewed")
    reviewed(data, out);
  else if (type == "gated")
    gated(data, out);
  else if (type == "merged") {
    out.sign = "✓";
    out.meaning = out.text_meaning = ink::good;
    out.text = "merged as " + look::short_hash(look::text(data, "commit"));
    tell_move(data, out, "DONE");
  } else if (type == "merge_refused") {
    out.sign = "↻";
    out.text = "merge refused: " + look::text(data, "why");
    if (auto const files = look::texts(data, "files"); !files.empty())
      out.text += " (" + look::joined(files) + ")";
    tell_move(data, out, "rework");
  } else if (type == "sent_back") {
    bool const over = look::text(data, "to") == "failed_pending";
    auto const round = look::number(data, "round");
    out.sign = over ? "✗" : "↻";
    out.text = (over ? "given up at " : "sent back by ") + look::text(data, "stage") +
               (over && round == 0 ? std::string{} : ", round " + std::to_string(round));
    tell_move(data, out, "rework");
  } else if (type == "wait_began")
    waits(data, out);
  else if (type == "wait_ended") {
    out.text = look::flag(data, "timed_out") ? "nobody answered in time" : "answered";
    tell_move(data, out, "in_progress");
  } else if (type == "funded") {
    out.noise = true; // who takes it next says so
    out.text = "there is money for lease " + std::to_string(look::number(data, "token"));
  } else if (type == "funds_refused") {
    out.sign = "✗";
    out.meaning = out.text_meaning = ink::attention;
    out.text = "no money: " + look::text(data, "why", look::text(data, "scope"));
  } else if (type == "taken_over") {
    out.text = "goes on in run " + look::text(data, "run");
    tell_move(data, out);
  } else if (type == "message_posted")
    tell_message(look::at(data, "message"), out);
  else if (type == "commented") {
    out.sign = "✎";
    out.meaning = ink::name;
    out.text = look::who(look::text(data, "by")) + ": " + look::text(data, "text");
  } else if (type == "resolved") {
    out.text = look::who(look::text(data, "by")) + " decides: " + look::text(data, "how", "retry");
    if (auto const why = look::text(data, "why"); !why.empty())
      out.text += ", " + why;
    tell_move(data, out);
  } else if (type == "cancelled") {
    out.text = "cancelled: " + look::text(data, "why");
    tell_move(data, out, "CANCELLED");
  } else if (type == "orphaned") {
    out.sign = "!";
    out.meaning = out.text_meaning = ink::attention;
    out.text = "late report with token " + std::to_string(look::number(data, "token")) +
               " kept, not applied";
  } else
    return false;
  return true;
}

} // namespace troupe::views
