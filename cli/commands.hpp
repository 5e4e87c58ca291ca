#pragma once

#include "cli/command_line.hpp"
#include "cli/text/look.hpp"
#include "cli/text/render.hpp"

namespace troupe {

// One function a file: adds its commands to the tree.
void add_serve_command(command_line& line);
void add_daemon_commands(command_line& line);
void add_demo_command(command_line& line);
void add_init_command(command_line& line);
void add_doctor_command(command_line& line);
void add_project_commands(command_line& line);
void add_brief_commands(command_line& line);
void add_plan_commands(command_line& line);
void add_ticket_commands(command_line& line);
void add_run_commands(command_line& line);
void add_budget_commands(command_line& line);
void add_approve_command(command_line& line);
void add_agent_commands(command_line& line);
void add_watch_command(command_line& line);
void add_why_command(command_line& line);
void add_ledger_commands(command_line& line);
void add_bench_command(command_line& line);
void add_token_commands(command_line& line);
void add_config_commands(command_line& line);
void add_dashboard_command(command_line& line);
void add_dead_letter_command(command_line& line);
void add_completion_command(command_line& line);
void add_help_commands(command_line& line);

// ---- what several of them share -----------------------------------------------------------------

/// Flags of every `list`.
struct list_flags {
  std::map<std::string, std::string> filters; ///< query name -> value
  std::int64_t skip = 0;
  std::int64_t limit = 50;
  bool all = false;
};
/// Adds a filter `--name`, and `--skip`, `--limit`, `--all`.
void add_list_flags(command to, std::shared_ptr<list_flags> const& flags,
                    std::vector<std::string> const& filters);
/// Shows a page of a kind as a table.
[[nodiscard]] int show_list(console& out, std::string_view kind, std::string const& path,
                            list_flags const& flags);

/// Says of tickets that nobody takes what they wait for, once for each reason, and the way out.
void note_lacks(console const& out, json::array const& waiting);

using renderer = std::string (*)(json::value const&, text_style const&);
/// Gets one thing and shows it.
[[nodiscard]] int show_one(console& out, std::string const& path, renderer render);
/// Shows the outcome of a command, or the refusal.
[[nodiscard]] int show_done(console& out, result<json::value> const& done, std::string_view text);
/// `Ticket k3-1 is ready.` of an entity as the API answers it.
[[nodiscard]] std::string status_line(console const& out, std::string_view kind,
                                      json::value const& entity);

/// Waits on the stream of a brief until `ended` says so of the entity at `path`; on the way it
/// tells what happens (on a terminal), or nothing, and when the server goes away and comes back.
/// `begun` is called once, when from then on nothing is missed. Answers the entity as it is then.
/// Ctrl-C: the error is `timeout` with the detail `interrupted`.
[[nodiscard]] result<json::value>
wait_for(console& out, std::string const& path, std::string const& brief,
         std::function<bool(json::value const& entity)> const& ended,
         std::function<void()> const& begun = {});
/// Says why `wait_for` ended without an entity, and what to do; 130 after Ctrl-C.
[[nodiscard]] int fail_waiting(console& out, error const& e, std::string_view way_out);
/// Set by Ctrl-C while something is followed; the first call takes the signal over.
[[nodiscard]] std::atomic<bool>& stop_on_interrupt();

/// Indented JSON, for people to edit and read.
[[nodiscard]] std::string pretty_json(json::value const& v);
/// Opens a text in $VISUAL or $EDITOR and answers what was saved. Errors: not_found (no editor),
/// invalid_argument (it ended with an error). `kept` is the file, which stays.
[[nodiscard]] result<std::string> edit_text(console& out, std::string const& text,
                                            std::string const& name, std::string& kept);

} // namespace troupe
