#include "gateway/routes/ledger_lines.hpp"

#include "actors/choke_points.hpp"
#include "actors/past.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe {

namespace {

/// A reader of the store is busy with so many for some milliseconds.
constexpr std::size_t part_events = 512;
/// Each watcher holds its own besides.
constexpr std::size_t most_parts = 16;
/// So long a live record of a commit may take to come.
constexpr auto head_start = std::chrono::milliseconds{200};

std::uint64_t number_of(std::uint64_t seen) {
  return seen / part_events; // of the part with the event after `seen`
}

bool everything(stored_event const&) {
  return true;
}

/// Whether its live record may still come. Where a clock was put back, events have times to come.
bool is_fresh(board_event const& e, time_point now) {
  auto const at = e.event->event.at;
  return at > now - head_start && at <= now;
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
  parts_.push_front(std::make_shared<part>(part{before + 1, before, view_.heads(before), {}}));
  if (parts_.size() > most_parts)
    parts_.pop_back();
  return parts_.front();
}

bool ledger_lines::extend(part& p) {
  auto const end = p.first + part_events;
  if (p.upto + 1 >= end)
    return true;
  auto const found = view_.events(p.upto, end - p.upto - 1, everything);
  // Asked for after the read: what fell out of the board meanwhile is not passed over.
  if (p.upto + 1 < view_.first())
    return false;
  add(p, found);
  return true;
}

void ledger_lines::add(part& p, std::vector<board_event> const& events) {
  auto const now = std::chrono::floor<duration>(std::chrono::system_clock::now());
  for (auto const& e : events) {
    if (is_fresh(e, now))
      return;
    auto const& stored = *e.event;
    p.upto = e.n;
    p.heads[stored.shard] = stored.seq;
    auto const h = choke::record_of(stored);
    if (!sieve_.wants(h, false))
      continue;
    std::string content;
    bool const shown = contents_ && stored.stream.kind != entity_kind::principal;
    if (shown) {
      traffic::preview text;
      text.text = stored.event.data;
      content = traffic::shown_content(text);
    }
    auto line =
        std::make_shared<std::string const>(encoder_.record(h, shown ? &content : nullptr, false));
    p.lines.push_back({e.n, {traffic::line_kind::record, std::move(line), h.shard, h.seq}});
  }
}

ledger_lines::piece ledger_lines::after(std::uint64_t seen, std::size_t most,
                                        std::shared_ptr<part>& held) {
  piece out;
  out.upto = seen;
  auto const number = number_of(seen);
  std::lock_guard lock{mutex_};
  // Its own may be another one than the part that has grown since.
  if (!held || held->first != number * part_events + 1 || held->upto <= seen)
    held = open(number);
  auto& p = *held;
  bool const at_hand = extend(p);
  if (p.upto <= seen) {
    out.in_store = !at_hand;
    return out;
  }
  auto from = std::upper_bound(p.lines.begin(), p.lines.end(), seen,
                               [](std::uint64_t n, placed_line const& l) { return n < l.n; });
  while (from != p.lines.end() && out.lines.size() < most)
    out.lines.push_back(*from++);
  if (from != p.lines.end()) {
    out.upto = out.lines.empty() ? seen : out.lines.back().n;
    return out;
  }
  out.upto = p.upto;
  out.heads = p.heads;
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

/// On a reader's thread.
void ledger_lines::read(event_store& store, std::uint64_t number) {
  std::uint64_t from = 0;
  std::shared_ptr<part> p;
  {
    std::lock_guard lock{mutex_};
    p = open(number);
    from = p->upto;
  }
  auto const end = (number + 1) * part_events;
  auto const page = from < end ? read_past(view_, store, from, end - from, everything, end - from)
                               : result<past_page>{past_page{}};
  std::vector<fetched> callers;
  {
    std::lock_guard lock{mutex_};
    if (page && p->upto == from) // else somebody has gone on from what the board has
      add(*p, page->events);
    callers = std::move(fetching_.extract(number).mapped());
  }
  if (!page)
    spdlog::info("a watch waits for its past why=\"{}\"", page.error().message);
  for (auto const& call : callers)
    call(page.has_value());
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
