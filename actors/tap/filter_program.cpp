#include "actors/tap/filter_program.hpp"

#include <algorithm>

namespace troupe::traffic {

namespace {

bool compare(std::uint32_t have, comparison how, std::uint32_t with) {
  switch (how) {
  case comparison::less:
    return have < with;
  case comparison::less_equal:
    return have <= with;
  case comparison::greater:
    return have > with;
  case comparison::greater_equal:
    return have >= with;
  }
  return false;
}

/// Of a name that was cut only the beginning is known: it agrees with every value that begins so.
bool agrees(std::string_view have, bool cut, std::string_view wanted, bool prefix) {
  if (have.empty())
    return false;
  if (cut && have.size() < wanted.size())
    return wanted.starts_with(have);
  return prefix ? have.starts_with(wanted) : !cut && have == wanted;
}

} // namespace

bool filter::program::names_one(instruction const& i, std::string_view name,
                                bool cut) const noexcept {
  for (std::size_t k = i.first; k < std::size_t{i.first} + i.count; ++k) {
    if (agrees(name, cut, name_of(patterns[k]), patterns[k].prefix))
      return true;
  }
  return false;
}

/// An agent is known by its id (`tally.dev-ada`), and by its name in its project (`dev-ada`).
bool filter::program::names_agent(instruction const& i, std::string_view id,
                                  bool cut) const noexcept {
  if (names_one(i, id, cut))
    return true;
  auto const dot = id.find('.');
  return dot != std::string_view::npos && names_one(i, id.substr(dot + 1), cut);
}

bool filter::program::names_agent_at(instruction const& i, header const& h,
                                     field principal) const noexcept {
  constexpr std::string_view agent = "agent:";
  auto const name = h.get(principal);
  return name.starts_with(agent) && names_agent(i, name.substr(agent.size()), h.is_cut(principal));
}

bool filter::program::holds(instruction const& i, header const& h) const noexcept {
  auto const has = [&](auto value) { return (i.mask & (1u << static_cast<unsigned>(value))) != 0; };
  switch (i.test) {
  case instruction::what::name:
    return names_one(i, h.get(i.of), h.is_cut(i.of));
  case instruction::what::agent:
    return names_agent_at(i, h, field::from) || names_agent_at(i, h, field::to) ||
           names_agent(i, h.get(field::agent), h.is_cut(field::agent));
  case instruction::what::point:
    return has(h.point);
  case instruction::what::direction:
    return has(h.way);
  case instruction::what::outcome:
    return has(h.how);
  case instruction::what::latency:
    return h.latency_us != no_latency && compare(h.latency_us, i.compare, i.number);
  case instruction::what::conversation:
    return h.conversation != 0 &&
           std::any_of(patterns.begin() + i.first, patterns.begin() + i.first + i.count,
                       [&](pattern const& p) { return p.hash == h.conversation; });
  }
  return false;
}

bool filter::matches(header const& h) const noexcept {
  if (!program_)
    return true;
  auto at = program_->entry;
  while (at >= 0) { // every jump goes to a smaller index or to an end
    auto const& i = program_->code[static_cast<std::size_t>(at)];
    at = program_->holds(i, h) ? i.yes : i.no;
  }
  return at == instruction::accept;
}

bool filter::program::reachable(category c) const {
  std::vector<bool> seen(code.size());
  std::vector<std::int16_t> open{entry};
  while (!open.empty()) {
    auto const at = open.back();
    open.pop_back();
    if (at == instruction::accept)
      return true;
    if (at < 0 || seen[static_cast<std::size_t>(at)])
      continue;
    seen[static_cast<std::size_t>(at)] = true;
    auto const& i = code[static_cast<std::size_t>(at)];
    bool const known = i.test == instruction::what::point;
    bool const is = (i.mask & bit_of(c)) != 0;
    if (!known || is)
      open.push_back(i.yes);
    if (!known || !is)
      open.push_back(i.no);
  }
  return false;
}

std::uint8_t filter::categories() const noexcept {
  return program_ ? program_->categories : every_category;
}

std::string const& filter::text() const {
  static std::string const everything;
  return program_ ? program_->source : everything;
}

} // namespace troupe::traffic
