#pragma once

#include "actors/engines/rules/revise_notes.hpp"

/// What one sentence of the notes does to a draft.
namespace troupe::rules {

/// The open question that a sentence becomes which changed nothing.
[[nodiscard]] cited_statement not_understood(citation said, std::string const& why);

/// Takes out what it names and lists it as out of scope; says as an open question what failed.
void apply(brief_content& b, removal const& r);
/// True if the draft says it now.
[[nodiscard]] bool apply(brief_content& b, condition const& c);
/// Who says that one waits for the other turns round what was said before. Answers why it was not
/// done, and then nothing is changed; empty if it was.
[[nodiscard]] std::string apply(brief_content& b, order_note const& n);
/// True if the draft has the requirement.
[[nodiscard]] bool apply(brief_content& b, addition const& a);

} // namespace troupe::rules
