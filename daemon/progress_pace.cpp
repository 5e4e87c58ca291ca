#include "daemon/progress_pace.hpp"

#include <algorithm>

namespace troupe::local {

std::optional<link::progress> progress_pace::offer(link::progress p, clock::time_point now) {
  auto const [at, fresh] = lines_.try_emplace({p.ticket, p.token});
  auto& l = at->second;
  if (!fresh && now - l.sent < interval_) {
    l.waiting = std::move(p);
    return std::nullopt;
  }
  l.sent = now;
  l.waiting.reset();
  return p;
}

std::vector<link::progress> progress_pace::due(clock::time_point now) {
  std::vector<link::progress> out;
  for (auto& [id, l] : lines_) {
    if (!l.waiting || now - l.sent < interval_)
      continue;
    l.sent = now;
    out.push_back(std::move(*l.waiting));
    l.waiting.reset();
  }
  return out;
}

std::optional<progress_pace::clock::time_point> progress_pace::next() const {
  std::optional<clock::time_point> at;
  for (auto const& [id, l] : lines_) {
    if (l.waiting)
      at = at ? std::min(*at, l.sent + interval_) : l.sent + interval_;
  }
  return at;
}

std::optional<link::progress> progress_pace::end(ticket_id const& ticket, std::int64_t token) {
  auto const at = lines_.find({ticket, token});
  if (at == lines_.end())
    return std::nullopt;
  auto last = std::move(at->second.waiting);
  lines_.erase(at);
  return last;
}

} // namespace troupe::local
