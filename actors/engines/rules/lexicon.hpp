#pragma once

#include <string_view>

/// Closed word classes and small open ones: what a reader of English knows, nothing about a
/// project.
namespace troupe::rules::lexicon {

[[nodiscard]] bool is_stopword(std::string_view low);  ///< says nothing about the topic
[[nodiscard]] bool is_auxiliary(std::string_view low); ///< be, have, do, modals, contracted too
[[nodiscard]] bool is_past(std::string_view low);      ///< past forms that are nothing else
[[nodiscard]] bool
is_participle(std::string_view low); ///< past behind a subject, else a participle
[[nodiscard]] bool is_change_verb(std::string_view low); ///< base form; asks for something
[[nodiscard]] bool is_verb_form(std::string_view low);   ///< any form that is hardly a noun
[[nodiscard]] bool is_noun_too(std::string_view low);    ///< verb that is as often a noun (`list`)
[[nodiscard]] bool is_unit(std::string_view low); ///< measures or is counted: ms, days, tries
[[nodiscard]] bool is_software_word(std::string_view low);
[[nodiscard]] bool is_social_word(std::string_view low); ///< holidays, food, weather, headsets
[[nodiscard]] bool is_yes(std::string_view low);
[[nodiscard]] bool is_no(std::string_view low);
[[nodiscard]] bool is_filler(std::string_view low);   ///< um, well, so, okay as a beginning
[[nodiscard]] bool is_people(std::string_view low);   ///< users, people, somebody, finance
[[nodiscard]] bool is_pronoun(std::string_view low);  ///< it, that, this, they, both
[[nodiscard]] bool is_doc_word(std::string_view low); ///< readme, changelog, manual, …
[[nodiscard]] bool is_test_word(std::string_view low);
[[nodiscard]] bool is_delivery_word(std::string_view low); ///< branch, version, dependencies, …

} // namespace troupe::rules::lexicon
