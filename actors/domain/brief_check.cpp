#include "actors/domain/brief.hpp"

#include <set>

namespace troupe::brief {

namespace {

constexpr std::size_t max_requirements = 500;

error wrong(std::string field, std::string sentence) {
  return fail(errc::invalid_argument, std::move(sentence), {{"field", std::move(field)}});
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

result<void> check_requirement(requirement const& r, std::string const& at,
                               std::set<std::string_view> const& keys) {
  if (is_blank(r.title))
    return wrong(at + ".title", "requirement " + r.key + " has no title");
  if (r.criteria.empty())
    return wrong(at + ".criteria", "requirement " + r.key +
                                       " needs at least one acceptance criterion: how can one tell "
                                       "that it is there?");
  for (auto const& one : r.criteria) {
    if (is_blank(one))
      return wrong(at + ".criteria", "requirement " + r.key + " has an empty criterion");
  }
  for (auto const& before : r.after) {
    if (before == r.key)
      return wrong(at + ".after", "requirement " + r.key + " cannot come after itself");
    if (!keys.contains(before))
      return wrong(at + ".after",
                   "requirement " + r.key + " comes after " + before + ", which is not there");
  }
  return {};
}

} // namespace

result<void> check_content(brief_content const& c) {
  if (is_blank(c.title))
    return wrong("title", "a brief needs a title");
  if (c.requirements.empty())
    return wrong("requirements", "a brief needs at least one requirement");
  if (c.requirements.size() > max_requirements)
    return wrong("requirements", "a brief has at most " + std::to_string(max_requirements) +
                                     " requirements; split it");
  std::set<std::string_view> keys;
  for (std::size_t i = 0; i < c.requirements.size(); ++i) {
    auto const& key = c.requirements[i].key;
    auto const at = "requirements[" + std::to_string(i) + "].key";
    if (is_blank(key))
      return wrong(at, "each requirement needs a key, such as R1");
    if (!keys.insert(key).second)
      return wrong(at, "the key " + key + " stands twice");
  }
  for (std::size_t i = 0; i < c.requirements.size(); ++i) {
    if (auto ok =
            check_requirement(c.requirements[i], "requirements[" + std::to_string(i) + "]", keys);
        !ok)
      return ok;
  }
  return {};
}

} // namespace troupe::brief
