#pragma once

#include "actors/engines/rules/transcript.hpp"
#include "protocol/brief_content.hpp"
#include "protocol/result.hpp"

namespace troupe {

/// Who said the notes of a revision, in citations.
inline constexpr std::string_view reviewer_name = "Reviewer";

/// Drafts a brief again after a person asked for changes.
///
/// Sentences that take something out (`leave months out`, `drop R3`, `X is out of scope`) remove
/// the criteria or requirements that they name and list them as out of scope; all others count as
/// said last in the talk. A sentence that changed nothing is an open question of the new draft
/// (`Not understood: …`), so that nothing a person wrote is lost in silence. Notes of earlier
/// rounds are found in the citations of the draft before and still hold.
/// Errors: as draft_brief.
[[nodiscard]] result<brief_content> revise_brief(brief_content const& before, transcript t,
                                                 std::string_view notes);

} // namespace troupe
