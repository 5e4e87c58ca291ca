#pragma once

#include "actors/engines/rules/transcript.hpp"
#include "protocol/brief_content.hpp"
#include "protocol/result.hpp"

namespace troupe {

/// Drafts a brief from a transcript without any model: what was asked for and not taken back, each
/// requirement with criteria and with the sentences that it came from; decisions, open questions,
/// what was left out, who does what, and when it is wanted.
///
/// Deterministic; linear in the length of the talk. A talk in which nothing is asked for gives a
/// brief without requirements, which is no error.
/// Errors: invalid_argument for a transcript without turns.
[[nodiscard]] result<brief_content> draft_brief(transcript const& t);

} // namespace troupe
