#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::rules {

/// One word of a sentence.
struct word {
  enum class kind { plain, number, literal, identifier };
  kind what = kind::plain;
  std::string text;      ///< as it stands; a literal with its quotation marks
  std::string low;       ///< lower case; a literal without its marks
  std::string stem;      ///< what `parser`, `parsing` and `parse` have in common
  std::size_t begin = 0; ///< byte offsets in the sentence
  std::size_t end = 0;
  char before = 0; ///< punctuation between this word and the one before, 0 for white space only
};

/// Words of a sentence. Quoted text is one word (a literal); `--flag`, `a.b`, `camelCase`,
/// `UPPER_CASE` and the like are identifiers.
[[nodiscard]] std::vector<word> words_of(std::string_view sentence);

/// The part of a word that its forms share; British and American spellings share it too.
[[nodiscard]] std::string stem_of(std::string_view lower_word);

/// ` word word word ` in lower case without punctuation, for phrase search.
[[nodiscard]] std::string flat_of(std::vector<word> const& words);

/// A number in a sentence, in digits or spelled out.
struct quantity {
  double value = 0;
  std::string unit;      ///< stem of the noun behind it, where that measures; else empty
  std::size_t first = 0; ///< words [first, last) that say the number, without the unit
  std::size_t last = 0;
  bool spelled = false; ///< in words, not digits
};

/// What a unit measures; values replace one another only within one measure.
enum class measure { none, time, size, count };
[[nodiscard]] measure measure_of(std::string_view unit_stem);

/// Value in the base unit of its measure (seconds, bytes), so that `30 days` and its milliseconds
/// compare equal; the value itself where nothing is known of the unit.
struct quantity;
[[nodiscard]] double base_value(quantity const& q);

/// Numbers of a sentence: `300`, `1.5`, `two hundred`, `thirty point four`, `a hundred`.
/// Ordinals are none, and `one` only before something that it measures.
[[nodiscard]] std::vector<quantity> quantities_of(std::vector<word> const& words);

/// 3 for `third`, 28 for `twenty-eighth` or `28th`; empty if the word is no ordinal.
[[nodiscard]] std::optional<int> ordinal_of(std::string_view lower_word);

/// `two`, `twenty-five`, `hundred`.
[[nodiscard]] bool is_number_word(std::string_view lower_word);

/// Shortest decimal form of a value (`30.4375`, `100`).
[[nodiscard]] std::string digits_of(double value);

} // namespace troupe::rules
