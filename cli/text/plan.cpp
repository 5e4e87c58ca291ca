#include "cli/text/graph.hpp"
#include "cli/text/heading.hpp"

#include <set>

namespace troupe {

namespace {

using namespace views;

struct mark {
  std::string sign;
  ink meaning;
};

mark mark_of(std::string const& status) {
  auto const meaning = ink_of_status(status);
  if (status.empty() || status == "backlog" || status == "open")
    return {"○", ink::plain};
  if (meaning == ink::good)
    return {"✓", meaning};
  if (meaning == ink::bad)
    return {"✗", meaning};
  if (meaning == ink::faint)
    return {"–", meaning};
  return {status == "blocked" || status == "ready" ? "○" : "●", meaning};
}

/// Status of the ticket of an item key, from a page of tickets.
std::map<std::string, std::string> statuses(json::value const& tickets) {
  std::map<std::string, std::string> out;
  json::array const& items =
      tickets.is_array() ? tickets.get_array() : look::list(tickets, "items");
  for (auto const& t : items)
    out[look::text(look::at(t, "item"), "key")] = look::text(t, "status");
  return out;
}

std::string note_of(json::value const& item) {
  std::vector<std::string> parts;
  if (auto const role = look::text(item, "role"); !role.empty())
    parts.push_back(role);
  if (auto const p = look::text(item, "importance"); !p.empty() && p != "normal")
    parts.push_back(p);
  if (auto const s = look::text(item, "supersedes"); !s.empty())
    parts.push_back("instead of " + s);
  return look::joined(parts, ", ");
}

graph_node node_of(json::value const& item, std::string const& status) {
  auto const m = mark_of(status);
  return {look::text(item, "key"), look::text(item, "title"),      m.sign, m.meaning, status,
          note_of(item),           look::texts(item, "blocked_by")};
}

std::string detail(json::value const& item, std::string const& status, text_style const& style) {
  auto out = said(look::text(item, "title"), 2, style, ink::strong,
                  columns::pad(look::text(item, "key"), 4));
  if (ink_of_status(status) == ink::bad)
    out += said(status, 6, style, ink::bad, "✗ ");
  if (auto const text = look::block(item, "text");
      !text.empty() && text != look::text(item, "title"))
    out += said(text, 6, style);
  for (auto const& c : look::texts(item, "criteria"))
    out += said(c, 6, style, ink::plain, status == "DONE" ? "☑ " : "☐ ");
  std::vector<std::string> marks;
  if (auto const r = look::texts(item, "requirements"); !r.empty())
    marks.push_back("for " + look::joined(r));
  if (auto const b = look::texts(item, "blocked_by"); !b.empty())
    marks.push_back("after " + look::joined(b));
  if (auto const f = look::texts(item, "files"); !f.empty())
    marks.push_back("files " + look::joined(f));
  if (!marks.empty())
    out += said(look::joined(marks, " · "), 6, style, ink::faint);
  return out;
}

/// Items that the version before has just so.
std::set<std::string> unchanged(json::value const& plan) {
  std::set<std::string> out;
  for (auto const& old : look::list(look::at(plan, "previous"), "items"))
    for (auto const& now : look::list(look::at(plan, "content"), "items"))
      if (old == now)
        out.insert(look::text(now, "key"));
  return out;
}

/// Tickets that failed and that this version leaves as they are: it replaces one of them.
std::string failed_besides(json::value const& plan, std::map<std::string, std::string> const& known,
                           text_style const& style) {
  auto const status = look::text(plan, "status");
  bool const over = !status.empty() && status.front() >= 'A' && status.front() <= 'Z';
  std::vector<std::string> keys;
  for (auto const& item : look::list(look::at(plan, "content"), "items")) {
    auto const key = look::text(item, "key");
    auto const found = known.find(key);
    if (found != known.end() && found->second == "FAILED")
      keys.push_back(key);
  }
  if (keys.empty() || over)
    return {};
  return said((keys.size() == 1 ? "Ticket " : "Tickets ") + look::joined(keys) +
                  " failed: each failed ticket is replaced in a version of the plan of its own.",
              0, style, ink::attention);
}

} // namespace

std::string render_plan(json::value const& plan, text_style const& style,
                        json::value const& tickets, plan_details details) {
  auto const& content = look::at(plan, "content");
  auto out = heading("Plan", plan, style);
  auto const& items = look::list(content, "items");
  auto summary = "version " + std::to_string(look::number(plan, "number", 1)) + " for brief " +
                 look::text(plan, "brief") + ": " +
                 look::count(static_cast<std::int64_t>(items.size()), "ticket");
  if (auto const t = look::number(content, "forecast_time"); t > 0)
    summary += ", about " + look::span(t);
  if (auto const c = look::number(content, "forecast_cost_micros"); c > 0)
    summary += ", about " + look::money(c);
  out += said(summary, 0, style);
  if (auto const note = look::block(content, "note"); !note.empty())
    out += said(note, 0, style);
  // The planner's note mostly says it already.
  if (auto const failure = look::text(plan, "failure");
      !failure.empty() && look::text(content, "note").find(failure) == std::string::npos)
    out += said(failure, 0, style, ink::attention,
                "because ticket " + look::text(plan, "failed_key") + " failed: ");
  if (auto const path = look::texts(plan, "path"); !path.empty())
    out += said(look::joined(path, " -> "), 0, style, ink::bad, "cycle: ");
  for (auto const& p : look::texts(plan, "problems"))
    out += said(p, 0, style, ink::bad, "✗ ");
  if (auto const why = look::text(plan, "why"); !why.empty())
    out += said(why, 0, style, ink::attention);
  if (auto const notes = look::block(plan, "notes"); !notes.empty())
    out += said(notes, 0, style, ink::attention, "asked for: ");

  if (!items.empty()) {
    out += "\n";
    auto const known = statuses(tickets);
    auto const status_of = [&](json::value const& item) {
      auto const found = known.find(look::text(item, "key"));
      return found == known.end() ? std::string{} : found->second;
    };
    std::vector<graph_node> nodes;
    for (auto const& item : items)
      nodes.push_back(node_of(item, status_of(item)));
    out += draw_graph(nodes, style);
    out += failed_besides(plan, known, style);
    auto const same = details == plan_details::changed ? unchanged(plan) : std::set<std::string>{};
    out += part(same.empty() ? "Tickets" : "Tickets that are new or changed", style);
    bool first = true;
    for (auto const& item : items) {
      if (same.contains(look::text(item, "key")))
        continue;
      out += (first ? "" : "\n") + detail(item, status_of(item), style);
      first = false;
    }
  }
  if (auto const findings = look::texts(plan, "findings"); !findings.empty()) {
    auto const critic = look::text(plan, "critic");
    out += part("Critique" + (critic.empty() ? std::string{} : " by " + look::who(critic)), style);
    for (auto const& f : findings)
      out += said(f, 2, style, ink::plain, "• ");
  } else if (auto const critic = look::text(plan, "critic"); !critic.empty()) {
    out += "\n" + fact("critique", look::who(critic) + " found nothing to change", style);
  }
  out += "\n";
  if (auto const by = look::text(plan, "by"); !by.empty()) {
    auto const engine = look::text(plan, "engine");
    out += fact("planned by", look::who(by) + by_engine(engine), style);
  }
  if (auto const by = look::text(plan, "decided_by"); !by.empty())
    out += fact("decided by", look::who(by), style);
  out += fact("content", look::short_hash(look::text(plan, "content_hash")), style);
  return out;
}

std::string render_run(json::value const& run, text_style const& style,
                       json::value const& tickets) {
  auto out = heading("Run", run, style);
  out += fact("plan", look::text(run, "plan"), style);
  out += fact("project", look::text(run, "project"), style);
  out += fact("forked from", look::text(run, "forked_from"), style);
  out += fact("why", look::text(run, "why"), style);
  auto const begun = look::number(run, "created_at");
  auto const ended = look::number(run, "ended_at");
  if (begun > 0)
    out += fact("begun", look::date(begun, style.local_time), style);
  if (ended > 0)
    out +=
        fact("ended", look::date(ended, style.local_time) + ", after " + look::span(ended - begun),
             style);
  auto const& used = look::at(run, "used");
  out += fact("cost",
              look::money(look::number(used, "cost_micros")) + " (" +
                  std::to_string(look::number(used, "input_tokens")) + " tokens in, " +
                  std::to_string(look::number(used, "output_tokens")) + " out)",
              style);
  auto const& known = look::list(tickets, "items");
  auto const status_of = [&](std::string const& ticket) {
    for (auto const& t : known)
      if (look::text(t, "id") == ticket)
        return look::text(t, "status");
    return std::string{};
  };
  std::vector<graph_node> nodes;
  for (auto const& i : look::list(run, "items")) {
    auto outcome = look::text(i, "outcome", "open");
    if (outcome == "open") // then the ticket says more
      if (auto const status = status_of(look::text(i, "ticket")); !status.empty())
        outcome = status;
    auto node = node_of(look::at(i, "item"), outcome == "replaced" ? "SUPERSEDED" : outcome);
    node.status = outcome;
    if (auto const ticket = look::text(i, "ticket"); !ticket.empty())
      node.note = ticket + (node.note.empty() ? "" : ", ") + node.note;
    if (auto const commit = look::text(i, "commit"); !commit.empty())
      node.note += (node.note.empty() ? "" : ", ") + look::short_hash(commit);
    if (auto const why = look::text(i, "why"); !why.empty())
      node.note += (node.note.empty() ? "" : ", ") + why;
    nodes.push_back(std::move(node));
  }
  if (!nodes.empty())
    out += "\n" + draw_graph(nodes, style);
  auto const lacking = lack_sentence(look::at(run, "lacks"));
  // A run that rests says so once, and not with each of its tickets.
  auto const waiting = lacking.empty() ? render_waiting(known, style) : std::string{};
  if (!lacking.empty() || !waiting.empty())
    out += part("Waits for", style) + waiting;
  if (!lacking.empty())
    out += said(lacking, 2, style, ink::attention, "• ");
  return out;
}

} // namespace troupe
