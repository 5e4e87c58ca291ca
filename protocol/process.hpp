#pragma once

#include "protocol/json.hpp"

namespace troupe {

/// What a stage is: an agent changes the work, an agent judges it, or a machine does.
enum class stage_kind { work, review, gate };
BOOST_DESCRIBE_ENUM(stage_kind, work, review, gate)

/// What an automatic condition looks at.
enum class gate_kind {
  tests,           ///< `command` must exit 0 on the head commit
  lint,            ///< the same, another name on the board
  patch_size,      ///< changed lines <= `limit`
  forbidden_paths, ///< no changed file matches one of `patterns` (shell globs)
  secrets,         ///< nothing secret-shaped in the diff, by pattern and entropy
};
BOOST_DESCRIBE_ENUM(gate_kind, tests, lint, patch_size, forbidden_paths, secrets)

struct gate_spec {
  std::string name;
  gate_kind kind = gate_kind::tests;
  std::string command;               ///< shell command; empty: the project's `test_command`
  std::int64_t limit = 0;            ///< lines; 0: the project's default
  std::vector<std::string> patterns; ///< globs
  TROUPE_FIELDS(gate_spec, name, kind, command, limit, patterns);
};

/// What happens when a stage says no and rounds are left; when none are left the ticket is
/// `failed_pending` and the chief of staff is asked.
enum class on_failure { rework, fail };
BOOST_DESCRIBE_ENUM(on_failure, rework, fail)

/// What a review posts when it asks for changes: its verdict, or a bug with the evidence for it.
enum class finding { verdict, bug };
BOOST_DESCRIBE_ENUM(finding, verdict, bug)

struct stage {
  std::string name;
  stage_kind kind = stage_kind::work;
  std::string role;             ///< who does it; empty for a gate
  std::vector<gate_spec> gates; ///< of a gate stage
  std::int32_t rounds = 3;      ///< how often this stage may send work back
  on_failure failure = on_failure::rework;
  finding reports = finding::verdict; ///< of a review stage
  TROUPE_FIELDS(stage, name, kind, role, gates, rounds, failure, reports);
};

/// The way of a ticket: work stages first, then reviews, then gates, then the merge.
struct process_def {
  std::string name;
  std::int32_t version = 1;
  std::vector<stage> stages;
  TROUPE_FIELDS(process_def, name, version, stages);
};

/// `solo`, `standard`, `company`; not_found for another name.
[[nodiscard]] result<process_def> shipped_process(std::string_view name);
/// Refuses: no stage, no work stage first, a work stage after a review or gate, a review after a
/// gate, a name twice, rounds outside 0..20, a review or work stage without role, a gate stage
/// without gates, a stage that reports bugs and is no review.
[[nodiscard]] result<void> check(process_def const& p);

/// How an agent does its work.
enum class engine_kind { rules, scripted, daemon, process, human, llm, a2a };
BOOST_DESCRIBE_ENUM(engine_kind, rules, scripted, daemon, process, human, llm, a2a)

/// One named agent of a project's roster.
struct agent_spec {
  std::string name; ///< `dev-ada`, unique in the project
  std::string
      role; ///< `dev`, `pm`, `tech-lead`, `qa`, `chief-of-staff`, or any word of the process
  engine_kind engine = engine_kind::rules;
  std::string profile; ///< runner profile for `daemon`: `command`, `claude`, …
  std::string command; ///< for `process`: the command line
  std::string instructions;
  /// What a coding CLI need not be asked for, in its own words; docs/runners.md, Tools.
  std::vector<std::string> tools;
  std::int32_t capacity = 1; ///< tickets at once
  TROUPE_FIELDS(agent_spec, name, role, engine, profile, command, instructions, tools, capacity);
};

/// How a fresh worktree becomes ready to run.
struct workspace_recipe {
  std::vector<std::string> copy; ///< files outside of git to copy from the operator's checkout
  std::string setup;             ///< command, run in the worktree
  std::int32_t ports = 0;        ///< how many free ports to hand over as TROUPE_PORT_1…
  TROUPE_FIELDS(workspace_recipe, copy, setup, ports);
};

/// Bounds of a project's work.
struct work_limits {
  std::int32_t attempts = 3;       ///< of one stage, not counting reviews that send back
  std::int32_t rounds = 3;         ///< over all stages of a ticket
  std::int32_t in_flight = 8;      ///< tickets worked at once in one project
  std::int32_t patch_lines = 2000; ///< default of the patch_size gate
  std::int32_t plan_items = 200;
  std::int32_t replans = 3;
  duration attempt_timeout{std::chrono::minutes{60}};
  duration stall{std::chrono::minutes{5}}; ///< no output for this long: stalled
  duration lease{std::chrono::seconds{60}};
  duration approval{std::chrono::hours{72}};
  // Money, in millionths of the currency unit; 0: no limit, and nothing is counted for it.
  std::int64_t budget_micros = 0;         ///< of the project in all
  std::int64_t run_budget_micros = 0;     ///< of each run
  std::int64_t ticket_budget_micros = 0;  ///< of each ticket
  std::int64_t attempt_budget_micros = 0; ///< set aside for one attempt; 0: a tenth of the smallest
                                          ///< limit
  TROUPE_FIELDS(work_limits, attempts, rounds, in_flight, patch_lines, plan_items, replans,
                attempt_timeout, stall, lease, approval, budget_micros, run_budget_micros,
                ticket_budget_micros, attempt_budget_micros);
};

/// When a human is asked.
enum class autonomy {
  ask,  ///< brief and plan wait for a person
  plan, ///< brief waits, plan goes on by itself when the critique finds nothing
  full, ///< only the brief waits (nothing is planned before a person approved it)
};
BOOST_DESCRIBE_ENUM(autonomy, ask, plan, full)

/// Everything that shapes the work of a project; a run keeps its own frozen copy.
struct project_config {
  std::string repository; ///< name or URL; the daemon maps it to a clone on its machine
  std::string target_branch = "main";
  std::string template_ref; ///< `name@version` that this came from; empty: none
  process_def process;
  std::vector<agent_spec> roster;
  workspace_recipe recipe;
  work_limits limits;
  autonomy mode = autonomy::ask;
  std::string test_command;
  std::vector<std::string> forbidden_paths;
  bool send_diffs = false; ///< opt-in: the server may get diffs
  TROUPE_FIELDS(project_config, repository, target_branch, template_ref, process, roster, recipe,
                limits, mode, test_command, forbidden_paths, send_diffs);
};

/// An immutable, versioned preset of a project.
struct project_template {
  std::string name;
  std::int32_t version = 1;
  std::string summary;
  project_config config;
  TROUPE_FIELDS(project_template, name, version, summary, config);
};

/// The shipped templates: `solo@1`, `standard@1`, `company@1`.
[[nodiscard]] std::vector<project_template> const& shipped_templates();
/// The template `name@version`, or the newest of `name`; not_found with the list of known ones.
[[nodiscard]] result<project_template> find_template(std::string_view ref);
/// `base` with a JSON merge patch (RFC 7396) on it, checked. invalid_argument with the path.
[[nodiscard]] result<project_config> overlay(project_config const& base, json::value const& patch);
/// Refuses a config that cannot work: bad process, a role of the process without an agent, limits
/// out of range, a name twice.
[[nodiscard]] result<void> check(project_config const& c);

} // namespace troupe

TROUPE_CODEC_ELSEWHERE(troupe::stage);
TROUPE_CODEC_ELSEWHERE(troupe::process_def);
TROUPE_CODEC_ELSEWHERE(troupe::project_config);
