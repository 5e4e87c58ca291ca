#include "gateway/routes/ledger_lines.hpp"

#include "actors/choke_points.hpp"
#include "actors/past.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>

namespace troupe {

namespace {

/// A reader of the store is busy with so many for some milliseconds.
constexpr std::size_t part_events = 256;
/// At hand, without those that watchers hold besides: so many, or so many bytes of lines.
constexpr std::size_t most_parts = 32;
constexpr std::size_t most_bytes = 4 * 1024 * 1024;
/// So long a live record of a commit may take to come.
constexpr auto head_start = std::chrono::milliseconds{200};
/// Of time, so that of many watchers one finds what is new, and the others what it has made of it.
constexpr auto grain = std::chrono::milliseconds{50};

std::uint64_t number_of(std::uint64_t seen) {
  return seen / part_events; // of the part with the event after `seen`
}

bool everything(stored_event const&) {
  return true;
}

/// Whether its live record may still come. Where a clock was put back, events have times to come.
bool is_fresh(board_event const& e, time_point now) {
  auto const at = e.event->event.at;
  return at > now - head_start && at <= now + grain;
}

time_point coarse_now() {
  auto const now = std::chrono::floor<duration>(std::chrono::system_clock::now());
  return time_point{now.time_since_epoch() / duration{grain} * duration{grain}};
}

} // namespace

ledger_lines::ledger_lines(board& view, journal& log, traffic::sieve of, bool contents)
    : view_(view), log_(log), contents_(contents), sieve_(std::move(of)) {
  listens_ = view_.subscribe([this](board_event const&) { event_came(); }, {});
}

ledger_lines::~ledger_lines() {
  view_.unsubscribe(listens_);
}

/// On the board's thread, under its lock.
void ledger_lines::event_came() {
  if (!anybody_waits_)
    return;
  std::map<void const*, std::function<void()>> all;
  {
    std::lock_guard lock{wait_mutex_};
    all.swap(waiting_);
    anybody_waits_ = false;
  }
  for (auto const& [whose, call] : all)
    call();
}

void ledger_lines::wait(void const* whose, std::function<void()> call) {
  std::lock_guard lock{wait_mutex_};
  waiting_[whose] = std::move(call);
  anybody_waits_ = true;
}

void ledger_lines::forget(void const* whose) {
  std::lock_guard lock{wait_mutex_};
  waiting_.erase(whose);
}

/// Under the lock, as all that follow.
std::shared_ptr<ledger_lines::part> ledger_lines::find(std::uint64_t number) {
  auto const first = number * part_events + 1;
  auto const at =
      std::find_if(parts_.begin(), parts_.end(), [&](auto const& p) { return p->first == first; });
  if (at == parts_.end())
    return nullptr;
  std::rotate(parts_.begin(), at, std::next(at));
  return parts_.front();
}

std::shared_ptr<ledger_lines::part> ledger_lines::open(std::uint64_t number) {
  if (auto p = find(number))
    return p;
  auto const before = number * part_events;
  auto heads = std::make_shared<stream_position const>(view_.heads(before));
  parts_.push_front(std::make_shared<part>(part{before + 1, before, std::move(heads), {}, 0}));
  auto bytes = std::accumulate(parts_.begin(), parts_.end(), std::size_t{0},
                               [](std::size_t sum, auto const& p) { return sum + p->bytes; });
  while (parts_.size() > most_parts || (bytes > most_bytes && parts_.size() > 2)) {
    bytes -= parts_.back()->bytes;
    parts_.pop_back();
  }
  return parts_.front();
}

bool ledger_lines::extend(part& p, std::uint64_t until) {
  auto const end = p.first + part_events;
  if (p.upto + 1 >= end)
    return true;
  auto const found = view_.events(p.upto, end - p.upto - 1, everything);
  // Asked for after the read: what fell out of the board meanwhile is not passed over.
  if (p.upto + 1 < view_.first())
    return false;
  add(p, found, until);
  return true;
}

void ledger_lines::add(part& p, std::vector<board_event> const& events, std::uint64_t until) {
  auto const now = coarse_now();
  auto const before = p.upto;
  for (auto const& e : events) {
    if (is_fresh(e, now)) {
      if (e.n > until)
        break;
      p.fresh_from = p.fresh_from == 0 ? e.n : p.fresh_from;
      p.settled_at = std::max(p.settled_at, e.event->event.at + head_start + grain);
    }
    add(p, e);
  }
  if (p.upto == before)
    return;
  auto now_at = *p.heads;
  for (auto const& e : events)
    if (e.n <= p.upto)
      now_at[e.event->shard] = e.event->seq;
  p.heads = std::make_shared<stream_position const>(std::move(now_at));
}

void ledger_lines::add(part& p, board_event const& e) {
  auto const& stored = *e.event;
  p.upto = e.n;
  auto const h = choke::record_of(stored);
  if (!sieve_.wants(h, false))
    return;
  std::string content;
  bool const shown = contents_ && stored.stream.kind != entity_kind::principal;
  if (shown) {
    traffic::preview text;
    text.text = stored.event.data;
    content = traffic::shown_content(text);
  }
  auto line =
      std::make_shared<std::string const>(encoder_.record(h, shown ? &content : nullptr, false));
  p.bytes += line->size();
  p.lines.push_back({e.n, {traffic::line_kind::record, std::move(line), h.shard, h.seq}});
}

/// n of the last event that who had those up to `until` in its past may be told.
std::uint64_t ledger_lines::end_for(part& p, std::uint64_t until) {
  if (p.fresh_from != 0 && coarse_now() >= p.settled_at)
    p.fresh_from = 0;
  return p.fresh_from == 0 ? p.upto : std::clamp(until, p.fresh_from - 1, p.upto);
}

ledger_lines::piece ledger_lines::after(std::uint64_t seen, std::uint64_t until, std::size_t most,
                                        std::shared_ptr<part>& held) {
  piece out;
  out.upto = seen;
  auto const number = number_of(seen);
  std::lock_guard lock{mutex_};
  // Its own may be another one than the part that has grown since.
  if (!held || held->first != number * part_events + 1 || held->upto <= seen)
    held = open(number);
  auto& p = *held;
  bool const at_hand = extend(p, until);
  auto const end = end_for(p, until);
  if (end <= seen) {
    out.in_store = !at_hand;
    return out;
  }
  auto from = std::upper_bound(p.lines.begin(), p.lines.end(), seen,
                               [](std::uint64_t n, placed_line const& l) { return n < l.n; });
  for (; from != p.lines.end() && from->n <= end; ++from) {
    if (out.lines.size() == most)
      return out;
    out.lines.push_back(*from);
    out.upto = from->n;
  }
  out.upto = end;
  out.heads = end == p.upto ? p.heads : nullptr;
  return out;
}

void ledger_lines::fetch(std::uint64_t seen, fetched done) {
  auto const number = number_of(seen);
  {
    std::lock_guard lock{mutex_};
    auto& callers = fetching_[number];
    callers.push_back(std::move(done));
    if (callers.size() > 1)
      return;
  }
  log_.browse([weak = weak_from_this(), number](event_store& store) {
    if (auto const me = weak.lock())
      me->read(store, number);
  });
}

/// On a reader's thread. Whatever comes of it, who waits for it hears.
void ledger_lines::read(event_store& store, std::uint64_t number) {
  auto const filled = [&]() -> result<void> {
    try {
      return fill(store, number);
    } catch (std::exception const& x) {
      return fail(errc::internal, x.what());
    }
  }();
  if (!filled)
    spdlog::info("a watch waits for its past why=\"{}\"", filled.error().message);
  std::vector<fetched> callers;
  {
    std::lock_guard lock{mutex_};
    callers = std::move(fetching_.extract(number).mapped());
  }
  for (auto const& call : callers)
    call(filled.has_value());
}

result<void> ledger_lines::fill(event_store& store, std::uint64_t number) {
  std::unique_lock lock{mutex_};
  auto const p = open(number);
  auto const from = p->upto;
  auto const end = (number + 1) * part_events;
  if (from >= end)
    return {};
  lock.unlock();
  auto const page = read_past(view_, store, from, end - from, everything, end - from);
  if (!page)
    return page.error();
  lock.lock();
  if (p->upto == from) // else somebody has gone on from what the board has
    add(*p, page->events, 0);
  return {};
}

std::shared_ptr<ledger_lines> ledger_shelf::lines_of(traffic::sieve const& what, double sample,
                                                     bool contents) {
  auto const key = what.tenant().value + '\n' + what.of().text() + '\n' + std::to_string(sample) +
                   (contents ? "\nc" : "");
  std::lock_guard lock{mutex_};
  std::erase_if(all_, [](auto const& one) { return one.second.expired(); });
  auto& kept = all_[key];
  if (auto lines = kept.lock())
    return lines;
  auto const lines = std::make_shared<ledger_lines>(view_, log_, what, contents);
  kept = lines;
  return lines;
}

} // namespace troupe
