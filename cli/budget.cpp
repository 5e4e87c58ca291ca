#include "cli/entity_commands.hpp"

#include <algorithm>
#include <charconv>

namespace troupe {

namespace {

entity_words const budget_words{"budget", "/api/budgets/", "project:tally"};

/// `2.50` as millionths of the currency unit; none where it is no such amount above 0. Exact: a
/// detour by a floating number would not be.
std::optional<std::int64_t> micros_of(std::string const& text) {
  constexpr std::size_t most_digits = 9; // the server's bound is a thousand million
  constexpr std::size_t places = 6;
  auto const point = std::min(text.find('.'), text.size());
  auto const whole = text.substr(0, point);
  auto part = point < text.size() ? text.substr(point + 1) : std::string{};
  bool const has_part = point < text.size();
  auto const digits = [](std::string const& s) {
    return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || whole.size() > most_digits || !digits(whole) || !digits(part) ||
      part.size() > places || (has_part && part.empty()))
    return std::nullopt;
  part.resize(places, '0');
  auto const all = whole + part;
  std::int64_t out = 0;
  std::from_chars(all.data(), all.data() + all.size(), out);
  return out > 0 ? std::optional{out} : std::nullopt;
}

/// The command that gives a project its first money.
std::string way_to_open(std::string const& id, std::int64_t micros) {
  constexpr std::string_view of_project = "project:";
  auto const project = id.starts_with(of_project) ? id.substr(of_project.size()) : "PROJECT";
  return "A project's budget begins with a limit: `echo '{\"limits\":{\"budget_micros\":" +
         std::to_string(micros) + "}}' | troupe project change " + project +
         " --patch -`. It counts for briefs that come after.";
}

int list(console& out, list_flags const& f) {
  auto const code = show_list(out, "budget", "/api/budgets", f);
  if (code == exit_code::ok && f.filters.empty() && f.skip == 0) {
    auto const all = out.api().get("/api/budgets", {{"limit", "1"}});
    if (all && look::list(*all, "items").empty())
      out.note(way_to_open("", 5'000'000) + " Amounts are in millionths: this is 5.00.");
  }
  return code;
}

/// The runs that the budget had stopped, each with the command that lets it go on.
void note_runs(console const& out, result<json::value> const& stopped, std::string const& budget) {
  constexpr std::string_view of_project = "project:";
  std::string text = "Tickets that waited for it go on by themselves";
  bool any = false;
  if (stopped)
    for (auto const& run : look::list(*stopped, "items")) {
      bool const ours = !budget.starts_with(of_project) ||
                        look::text(run, "project") == budget.substr(of_project.size());
      auto const way_on = look::text(look::at(run, "lacks"), "do");
      if (!ours || way_on.empty())
        continue;
      text += (any ? "\n" : ".\n") + ("Run " + look::text(run, "id")) + " was stopped for it. " +
              way_on;
      any = true;
    }
  out.note(any ? text
               : text + "; a run that was stopped for it goes on with `troupe run continue RUN`.");
}

struct grant_flags {
  std::string id, amount, scope;
};

int grant(console& out, grant_flags const& f) {
  auto const micros = micros_of(f.amount);
  if (!micros)
    return out.misuse("--amount " + f.amount +
                          " is no sum of money above 0 with at most six decimal places",
                      "Write it as 5 or 2.50; see `troupe budget grant --help`.");
  auto const done = out.api().post(budget_words.path_of(f.id) + "/grant",
                                   json::object{{"amount", *micros}, {"scope", f.scope}});
  if (!done)
    return out.fail(done.error(),
                    done.error().code == errc::not_found
                        ? look::text(json::value(done.error().details), "field") == "scope"
                              ? "`troupe budget show " + f.id + "` lists its scopes."
                              : way_to_open(f.id, *micros) + " `troupe budget list` shows what "
                                                             "there is."
                        : "");
  auto const code = out.show(*done, render_budget(*done, out.style()));
  if (look::text(*done, "status") != "exhausted")
    note_runs(out, out.api().all("/api/runs", {{"status", "STOPPED_BUDGET"}}), f.id);
  return code;
}

} // namespace

void add_budget_commands(command_line& line) {
  auto const group =
      line.add_group("budget", "Money: what there is, what is spent, who waits for it.",
                     "  troupe budget list\n"
                     "  troupe budget show project:tally\n"
                     "  troupe budget grant project:tally --amount 5");
  {
    auto const f = std::make_shared<list_flags>();
    auto const c = line.add(group, "list", "Lists budgets, newest change first.",
                            "  troupe budget list --status exhausted",
                            [f](console& out) { return list(out, *f); });
    add_list_flags(c, f, {"status"});
  }
  {
    auto const id = std::make_shared<std::string>();
    auto const c =
        line.add(group, "show", "Shows a budget with its scopes, and who waits for money.",
                 "  troupe budget show project:tally", [id](console& out) {
                   return show_one(out, budget_words.path_of(*id), render_budget);
                 });
    c.add_option("budget", *id, "id of the budget").required().type_name("ID");
  }
  auto const f = std::make_shared<grant_flags>();
  auto const c =
      line.add(group, "grant", "Gives a scope of a budget more money.",
               "  troupe budget grant project:tally --amount 5\n"
               "  troupe budget grant project:tally --amount 2.50 --scope run:k3f9q2mx.r1",
               [f](console& out) { return grant(out, *f); });
  c.add_option("budget", f->id, "id of the budget").required().type_name("ID");
  c.add_option("--amount", f->amount, "how much more, in units of the currency")
      .required()
      .type_name("MONEY");
  c.add_option("--scope", f->scope, "which part of it; none: all of it").type_name("SCOPE");
}

} // namespace troupe
