#pragma once

#include "protocol/brief_content.hpp"

#include <string>
#include <vector>

namespace troupe::test {

/// What a brief of one transcript must hold, hand-written: an item is found in a requirement if the
/// requirement's title, text and criteria hold one alternative of each group of key terms.
struct gold_item {
  std::string what;
  std::string topic; ///< items of one topic may share a requirement; empty: not said
  std::vector<std::vector<std::string>> terms;
};

/// Two requirements of which one has to wait for the other.
struct gold_order {
  gold_item later;
  gold_item earlier;
};

struct gold {
  std::string name;       ///< file name of the transcript
  std::string transcript; ///< its bytes
  std::vector<gold_item> must;
  std::vector<gold_item> must_not; ///< no requirement may hold all groups
  std::vector<gold_item> nice;     ///< right if it is there, no loss if it is not
  std::vector<gold_order> order;   ///< optional in the file
  std::string due;
  std::vector<std::pair<std::string, std::string>> people; ///< who, what (key words)
};

struct score {
  std::size_t wanted = 0;  ///< gold items
  std::size_t found = 0;   ///< of them
  std::size_t drafted = 0; ///< requirements
  std::size_t right = 0;   ///< of them: hold all groups of a gold item, or at least two
  std::vector<std::string> missing;
  std::vector<std::string> invented;  ///< requirements that are about no gold item
  std::vector<std::string> forbidden; ///< must_not items that a requirement holds
  std::size_t topical = 0;            ///< gold items that were found and name their topic
  std::vector<std::string> mixed;     ///< of them: found only together with one of another topic
  bool due = false;
  std::size_t ordered = 0; ///< gold orders that the requirements keep
  std::vector<std::string> unordered;
  std::vector<std::string> people_missing;

  [[nodiscard]] double recall() const;
  [[nodiscard]] double precision() const;
};

/// Every transcript with a `.gold.json` beside it in a folder of tests/data/transcripts, by name.
[[nodiscard]] std::vector<gold> golds_in(std::string const& folder);
[[nodiscard]] score score_of(brief_content const& b, gold const& g);
/// Bytes of a file below tests/data.
[[nodiscard]] std::string data_file(std::string const& path);

} // namespace troupe::test
