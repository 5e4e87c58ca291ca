#include "cli/text/look.hpp"
#include "cli/text/render.hpp"
#include "cli/text/table.hpp"

namespace troupe {

namespace {

using row = std::vector<table::cell>;

table::cell id_of(json::value const& v) {
  return {look::text(v, "id"), ink::name};
}
table::cell status_of(json::value const& v) {
  auto const status = look::text(v, "status");
  return {status, ink_of_status(status)};
}

struct view {
  std::string_view kind;
  std::vector<table::column> columns;
  row (*row_of)(json::value const&, text_style const&);
};

row project_row(json::value const& v, text_style const&) {
  return {id_of(v), status_of(v), look::text(v, "name")};
}
row brief_row(json::value const& v, text_style const& style) {
  auto const& c = look::at(v, "content");
  auto title = look::text(c, "title");
  if (title.empty())
    title = look::text(look::at(v, "source"), "name");
  return {id_of(v),
          status_of(v),
          look::text(v, "project"),
          std::to_string(look::list(c, "requirements").size()),
          look::date(look::number(v, "submitted_at"), style.local_time),
          title};
}
row plan_row(json::value const& v, text_style const&) {
  auto const& c = look::at(v, "content");
  return {id_of(v), status_of(v), look::text(v, "project"),
          std::to_string(look::list(c, "items").size()), look::text(c, "note")};
}
row ticket_row(json::value const& v, text_style const&) {
  auto const& item = look::at(v, "item");
  auto const& holder = look::at(v, "holder");
  std::string agent;
  auto const lease = look::text(holder, "is");
  if (lease == "held" || lease == "offered")
    agent = look::who("agent:" + look::text(holder, "agent"));
  return {id_of(v),
          status_of(v),
          look::text(item, "role"),
          agent,
          look::joined(look::texts(v, "open_blockers"), " "),
          look::text(item, "title")};
}
row run_row(json::value const& v, text_style const& style) {
  auto const& items = look::list(v, "items");
  std::size_t done = 0;
  std::size_t counted = 0;
  for (auto const& i : items) {
    auto const outcome = look::text(i, "outcome");
    counted += outcome != "replaced";
    done += outcome == "done";
  }
  return {id_of(v),
          status_of(v),
          look::text(v, "project"),
          std::to_string(done) + "/" + std::to_string(counted),
          look::money(look::number(look::at(v, "used"), "cost_micros")),
          look::date(look::number(v, "created_at"), style.local_time)};
}
row budget_row(json::value const& v, text_style const&) {
  // The root scope has the budget's name; what its parts use counts there, too.
  auto const& root = look::at(look::at(v, "scopes"), look::text(v, "id"));
  auto const granted = look::number(root, "granted");
  auto const reserved = look::number(root, "reserved");
  auto const spent = look::number(root, "spent");
  return {id_of(v),
          status_of(v),
          look::money(granted),
          look::money(reserved),
          look::money(spent),
          look::money(granted - reserved - spent),
          std::to_string(look::list(v, "wanted").size())};
}
row agent_row(json::value const& v, text_style const&) {
  auto const& spec = look::at(v, "spec");
  std::vector<std::string> tickets;
  for (auto const& l : look::list(v, "leases"))
    tickets.push_back(look::text(l, "ticket"));
  auto engine = look::text(spec, "engine", "rules");
  if (auto const profile = look::text(spec, "profile"); !profile.empty())
    engine += ":" + profile;
  return {id_of(v),
          status_of(v),
          look::text(spec, "role"),
          engine,
          std::to_string(look::list(v, "inbox").size()),
          std::to_string(look::number(v, "answered")),
          look::joined(tickets, " ")};
}
row approval_row(json::value const& v, text_style const& style) {
  return {id_of(v), status_of(v), look::who(look::text(v, "subject")),
          look::date(look::number(v, "deadline"), style.local_time), look::text(v, "question")};
}
row daemon_row(json::value const& v, text_style const&) {
  std::vector<std::string> runners;
  for (auto const& r : look::list(v, "runners"))
    runners.push_back(look::text(r, "profile"));
  return {id_of(v),
          status_of(v),
          look::text(v, "name"),
          std::to_string(look::number(v, "slots", 1)),
          look::joined(runners, " "),
          look::joined(look::texts(v, "repositories"), " ")};
}
row token_row(json::value const& v, text_style const& style) {
  return {id_of(v),
          status_of(v),
          look::text(v, "kind", "token"),
          look::who(look::text(v, "who")),
          look::joined(look::texts(v, "roles"), " "),
          look::date(look::number(v, "expires"), style.local_time),
          look::text(v, "label")};
}

std::vector<view> const& views_of_kinds() {
  static std::vector<view> const all = {
      {"project", {{"project"}, {"status"}, {"name", true}}, project_row},
      {"brief",
       {{"brief"},
        {"status"},
        {"project", true},
        {"reqs", false, true},
        {"submitted"},
        {"title", true}},
       brief_row},
      {"plan",
       {{"plan"}, {"status"}, {"project", true}, {"tickets", false, true}, {"note", true}},
       plan_row},
      {"ticket",
       {{"ticket"}, {"status"}, {"role"}, {"agent", true}, {"after", true}, {"title", true}},
       ticket_row},
      {"run",
       {{"run"},
        {"status"},
        {"project", true},
        {"done", false, true},
        {"cost", false, true},
        {"begun"}},
       run_row},
      {"budget",
       {{"budget", true},
        {"status"},
        {"granted", false, true},
        {"reserved", false, true},
        {"spent", false, true},
        {"left", false, true},
        {"waiting", false, true}},
       budget_row},
      {"agent",
       {{"agent", true},
        {"status"},
        {"role"},
        {"engine"},
        {"inbox", false, true},
        {"answered", false, true},
        {"works on", true}},
       agent_row},
      {"approval",
       {{"approval"}, {"status"}, {"about"}, {"until"}, {"question", true}},
       approval_row},
      {"daemon",
       {{"daemon"},
        {"status"},
        {"name", true},
        {"slots", false, true},
        {"runs", true},
        {"repositories", true}},
       daemon_row},
      {"token",
       {{"id"}, {"status"}, {"kind"}, {"who", true}, {"roles", true}, {"expires"}, {"label", true}},
       token_row},
  };
  return all;
}

} // namespace

std::string render_list(std::string_view kind, json::value const& page, text_style const& style) {
  for (auto const& v : views_of_kinds()) {
    if (v.kind != kind)
      continue;
    table t{v.columns};
    for (auto const& item : look::list(page, "items"))
      t.add(v.row_of(item, style));
    if (t.empty())
      return "There is no " + std::string{kind} + " to show.\n";
    auto out = t.text(style);
    auto const shown = static_cast<std::int64_t>(look::list(page, "items").size());
    auto const total = look::number(page, "total", shown);
    auto const end = look::number(page, "skip") + shown;
    if (end < total)
      out += paint(style, ink::faint,
                   std::to_string(shown) + " of " + std::to_string(total) + "; more with --skip " +
                       std::to_string(end)) +
             "\n";
    return out;
  }
  return {};
}

} // namespace troupe
