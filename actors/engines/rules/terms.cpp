#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/lexicon.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace troupe::rules {

std::vector<std::string> terms_of(std::vector<word> const& words) {
  std::vector<std::string> out;
  for (auto const& w : words) {
    if (w.what == word::kind::number) {
      if (w.text.size() >= 3) // 429 is a name; 10 is not
        out.push_back(w.stem);
    } else if (w.what != word::kind::plain) {
      out.push_back(w.stem);
      // `"month"` and months are about the same thing.
      for (auto const& inner : words_of(w.low))
        if (inner.low != w.low && inner.what == word::kind::plain && inner.low.size() > 2 &&
            !lexicon::is_stopword(inner.low))
          out.push_back(inner.stem);
      if (w.what == word::kind::literal && w.low.size() > 2)
        out.push_back(stem_of(w.low));
    } else if (!lexicon::is_stopword(w.low) && w.low.size() > 1 && !ordinal_of(w.low) &&
               !is_number_word(w.low)) {
      out.push_back(w.stem);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool says_content(unit const& u) {
  return !terms_of(u.words).empty() || !quantities_of(u.words).empty();
}

citation citation_of(unit const& u) {
  return {static_cast<std::int32_t>(u.turn), u.speaker, u.at, u.quote};
}

term_weights::term_weights(std::vector<unit> const& units) {
  std::unordered_map<std::string, std::size_t> last;
  for (auto const& u : units) {
    total_ = static_cast<double>(u.turn + 1);
    for (auto const& t : terms_of(u.words)) {
      auto& seen = last[t];
      if (seen != u.turn + 1) {
        seen = u.turn + 1;
        ++turns_[t];
      }
    }
  }
}

double term_weights::of(std::string const& stem) const {
  auto const i = turns_.find(stem);
  auto const n = i == turns_.end() ? 1.0 : static_cast<double>(i->second);
  return std::log((total_ + 1) / n) / std::log(total_ + 1);
}

std::size_t term_weights::turns(std::string const& stem) const {
  auto const i = turns_.find(stem);
  return i == turns_.end() ? 0 : i->second;
}

} // namespace troupe::rules
