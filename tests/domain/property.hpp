#pragma once

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <cstdlib>
#include <sstream>

namespace troupe::test {

/// More cases for a long run: TROUPE_PROPERTY_CASES=2000.
inline int cases_or(int usual) {
  auto const* wanted = std::getenv("TROUPE_PROPERTY_CASES");
  return wanted ? std::atoi(wanted) : usual;
}

/// RapidCheck inside Catch: the counterexample goes into the message.
template <class Property>
void holds(std::string const& what, int cases, Property property) {
  rc::detail::TestParams params;
  params.seed = rc::detail::configuration().testParams.seed;
  params.maxSuccess = cases_or(cases);
  params.maxSize = 100;
  rc::detail::TestMetadata metadata;
  metadata.id = what;
  metadata.description = what;
  auto const outcome = rc::detail::checkTestable(std::move(property), metadata, params);
  std::ostringstream text;
  rc::detail::printResultMessage(outcome, text);
  INFO(text.str());
  CHECK(outcome.template is<rc::detail::SuccessResult>());
}

} // namespace troupe::test
