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

/// How the rows of one list are shown.
struct showing {
  bool local_time = false;
  int places = 2; ///< of every amount of money in it
};
struct view {
  std::string_view kind;
  std::vector<table::column> columns;
  row (*row_of)(json::value const&, showing const&);
  /// Decimal places that its amounts need; null: it has none.
  int (*places_of)(json::value const&, int at_least) = nullptr;
};

row project_row(json::value const& v, showing const&) {
  return {id_of(v), status_of(v), look::text(v, "name")};
}
row brief_row(json::value const& v, showing const& as) {
  auto const& c = look::at(v, "content");
  auto title = look::text(c, "title");
  auto const name = look::text(look::at(v, "source"), "name");
  auto const& requirements = look::list(c, "requirements");
  // A talk without a title has that of its file, which says little; what is wanted first says more.
  bool const of_file = title == name || title == name.substr(0, name.rfind('.'));
  if (of_file && !requirements.empty())
    title = look::text(requirements.front(), "title") +
            (requirements.size() > 1 ? ", and " + std::to_string(requirements.size() - 1) + " more"
                                     : std::string{});
  else if (title.empty()) // not drafted yet
    title = "from " + name;
  return {id_of(v),
          status_of(v),
          look::text(v, "project"),
          std::to_string(look::list(c, "requirements").size()),
          look::date(look::number(v, "submitted_at"), as.local_time),
          title};
}
row plan_row(json::value const& v, showing const&) {
  auto const& c = look::at(v, "content");
  return {id_of(v), status_of(v), look::text(v, "project"),
          std::to_string(look::list(c, "items").size()), look::text(c, "note")};
}
/// Who worked on the ticket: whose evidence it has, else who tried last.
std::string worker_of(json::value const& ticket) {
  auto who = look::text(look::at(ticket, "holder"), "agent");
  auto const& workers = look::list(ticket, "workers");
  if (!workers.empty())
    who = look::text(workers[workers.size() - 1], "agent");
  for (auto const& w : workers)
    if (look::flag(w, "author"))
      who = look::text(w, "agent");
  return who.empty() ? std::string{} : look::who("agent:" + who);
}
row ticket_row(json::value const& v, showing const&) {
  auto const& item = look::at(v, "item");
  auto const& holder = look::at(v, "holder");
  std::string agent;
  auto const lease = look::text(holder, "is");
  if (lease == "held" || lease == "offered")
    agent = look::who("agent:" + look::text(holder, "agent"));
  auto const status = look::text(v, "status");
  // Of one that is over, or failed: whose work it was, where the machine did the rest.
  if (agent.empty() && (status == "DONE" || status == "FAILED" || status == "failed_pending"))
    agent = worker_of(v);
  return {id_of(v),
          status_of(v),
          look::text(item, "role"),
          agent,
          look::joined(look::texts(v, "open_blockers"), " "),
          look::text(item, "title")};
}
row run_row(json::value const& v, showing const& as) {
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
          look::money(look::number(look::at(v, "used"), "cost_micros"), as.places),
          look::date(look::number(v, "created_at"), as.local_time)};
}
int run_places(json::value const& v, int at_least) {
  return look::places_for({look::number(look::at(v, "used"), "cost_micros")}, at_least);
}
row budget_row(json::value const& v, showing const& as) {
  // The root scope has the budget's name; what its parts use counts there, too.
  auto const& root = look::at(look::at(v, "scopes"), look::text(v, "id"));
  auto const granted = look::number(root, "granted");
  auto const reserved = look::number(root, "reserved");
  auto const spent = look::number(root, "spent");
  return {id_of(v),
          status_of(v),
          look::money(granted, as.places),
          look::money(reserved, as.places),
          look::money(spent, as.places),
          look::money(granted - reserved - spent, as.places),
          std::to_string(look::list(v, "wanted").size())};
}
int budget_places(json::value const& v, int at_least) {
  auto const& root = look::at(look::at(v, "scopes"), look::text(v, "id"));
  auto const granted = look::number(root, "granted");
  auto const reserved = look::number(root, "reserved");
  auto const spent = look::number(root, "spent");
  return look::places_for({granted, reserved, spent, granted - reserved - spent}, at_least);
}
row agent_row(json::value const& v, showing const&) {
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
row approval_row(json::value const& v, showing const& as) {
  return {id_of(v), status_of(v), look::who(look::text(v, "subject")),
          look::date(look::number(v, "deadline"), as.local_time), look::text(v, "question")};
}
row daemon_row(json::value const& v, showing const&) {
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
row token_row(json::value const& v, showing const& as) {
  return {id_of(v),
          status_of(v),
          look::text(v, "kind", "token"),
          look::who(look::text(v, "who")),
          look::joined(look::texts(v, "roles"), " "),
          look::date(look::number(v, "expires"), as.local_time),
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
       run_row,
       run_places},
      {"budget",
       {{"budget", true},
        {"status"},
        {"granted", false, true},
        {"reserved", false, true},
        {"spent", false, true},
        {"left", false, true},
        {"waiting", false, true}},
       budget_row,
       budget_places},
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
    showing as{style.local_time, 2};
    for (auto const& item : look::list(page, "items"))
      as.places = v.places_of != nullptr ? v.places_of(item, as.places) : as.places;
    for (auto const& item : look::list(page, "items"))
      t.add(v.row_of(item, as));
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
