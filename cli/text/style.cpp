#include "cli/text/style.hpp"

#include <array>
#include <utility>

namespace troupe {

namespace {

constexpr std::string_view code_of(ink meaning) {
  switch (meaning) {
  case ink::plain:
    return "";
  case ink::strong:
    return "1";
  case ink::faint:
    return "2";
  case ink::good:
    return "32";
  case ink::bad:
    return "31";
  case ink::attention:
    return "33";
  case ink::active:
    return "34";
  case ink::name:
    return "36";
  }
  return "";
}

constexpr std::array<std::pair<std::string_view, ink>, 49> meanings = {{
    {"DONE", ink::good},
    {"COMPLETED", ink::good},
    {"APPROVED", ink::good},
    {"SUCCEEDED", ink::good},
    {"RELEASED", ink::good},
    {"done", ink::good},
    {"ok", ink::good},
    {"online", ink::good},
    {"approved", ink::good},
    {"FAILED", ink::bad},
    {"REJECTED", ink::bad},
    {"TIMED_OUT", ink::bad},
    {"STALLED", ink::bad},
    {"LOST", ink::bad},
    {"EXPIRED", ink::bad},
    {"REVOKED", ink::bad},
    {"STOPPED_BUDGET", ink::bad},
    {"STOPPED_POLICY", ink::bad},
    {"STOPPED_OPERATOR", ink::bad},
    {"failed", ink::bad},
    {"failed_pending", ink::bad},
    {"invalid", ink::bad},
    {"crashed", ink::bad},
    {"quarantined", ink::bad},
    {"offline", ink::bad},
    {"pending_approval", ink::attention},
    {"revision_requested", ink::attention},
    {"pending", ink::attention},
    {"escalated", ink::attention},
    {"waiting", ink::attention},
    {"waiting_approval", ink::attention},
    {"rework", ink::attention},
    {"expired", ink::attention},
    {"on_hold", ink::attention},
    {"paused", ink::attention},
    {"pausing", ink::attention},
    {"suspect", ink::attention},
    {"draining", ink::attention},
    {"in_progress", ink::active},
    {"in_review", ink::active},
    {"in_gates", ink::active},
    {"merging", ink::active},
    {"claimed", ink::active},
    {"running", ink::active},
    {"working", ink::active},
    {"in_delivery", ink::active},
    {"active", ink::active},
    {"planning", ink::active},
    {"under_critique", ink::active},
}};

} // namespace

std::string paint(text_style const& style, ink meaning, std::string_view text) {
  auto const code = code_of(meaning);
  if (!style.colour || code.empty() || text.empty())
    return std::string{text};
  std::string out{"\x1b["};
  out += code;
  out += 'm';
  out += text;
  out += "\x1b[0m";
  return out;
}

ink ink_of_status(std::string_view status) {
  for (auto const& [word, meaning] : meanings) {
    if (word == status)
      return meaning;
  }
  // Other terminal statuses (CANCELLED, SUPERSEDED, RETIRED, …) are over and need nobody.
  bool const terminal = !status.empty() && status.front() >= 'A' && status.front() <= 'Z';
  return terminal ? ink::faint : ink::plain;
}

std::string paint_status(text_style const& style, std::string_view status) {
  return paint(style, ink_of_status(status), status);
}

} // namespace troupe
