#pragma once

#include "protocol/process.hpp"

namespace troupe {

/// Proof that a machine collected; never a model's word.
struct evidence {
  std::string branch;
  std::string base;               ///< commit that the work started from
  std::string head;               ///< commit it describes
  std::vector<std::string> files; ///< changed against base; names only
  std::int64_t insertions = 0;
  std::int64_t deletions = 0;
  std::string command; ///< what was run on `head`, if anything
  std::int32_t exit_code = 0;
  std::string log_digest; ///< sha256 of the full log, which stays on the operator's machine
  std::int64_t log_bytes = 0;
  std::string diff; ///< only where the project opts in
  /// From `base` to `head`, full ids, oldest first, as git has them: the newest `max_commits`.
  std::vector<std::string> commits;
  std::int64_t commits_left_out = 0; ///< older ones that are not named
  TROUPE_FIELDS(evidence, branch, base, head, files, insertions, deletions, command, exit_code,
                log_digest, log_bytes, diff, commits, commits_left_out);
  static constexpr std::size_t max_commits = 200;
};

/// One gate's answer, about one commit.
struct gate_result {
  std::string gate;
  bool passed = false;
  std::string message; ///< one sentence without secrets: rule, file and line, never the secret
  evidence proof;
  TROUPE_FIELDS(gate_result, gate, passed, message, proof);
};

/// What an attempt used.
struct usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cost_micros = 0;
  duration wall{0};
  TROUPE_FIELDS(usage, input_tokens, output_tokens, cost_micros, wall);
};

/// Why an attempt ended without success: the closed catalogue.
enum class reason {
  none,
  provider_network,
  provider_server,
  rate_limited,
  daemon_lost,
  workspace_busy,
  auth,
  quota,
  missing_tool,
  bad_config,
  context_overflow,
  policy,
  invalid_output,
  changes_requested,
  gate_failed,
  budget,
};
BOOST_DESCRIBE_ENUM(reason, none, provider_network, provider_server, rate_limited, daemon_lost,
                    workspace_busy, auth, quota, missing_tool, bad_config, context_overflow, policy,
                    invalid_output, changes_requested, gate_failed, budget)

/// Only these are tried again without a person.
[[nodiscard]] constexpr bool is_transient(reason r) {
  return r == reason::provider_network || r == reason::provider_server ||
         r == reason::rate_limited || r == reason::daemon_lost || r == reason::workspace_busy;
}

} // namespace troupe

TROUPE_CODEC_ELSEWHERE(troupe::evidence);
TROUPE_CODEC_ELSEWHERE(troupe::gate_result);
TROUPE_CODEC_ELSEWHERE(troupe::usage);
