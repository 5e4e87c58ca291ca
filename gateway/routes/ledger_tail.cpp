#include "gateway/routes/ledger_tail.hpp"

#include "actors/choke_points.hpp"
#include "actors/past.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

namespace {

/// A page of the store, and the pause after it: at most ten thousand events a second and watch.
constexpr std::size_t page_events = 1000;
constexpr auto page_pause = std::chrono::milliseconds{100};
constexpr auto failure_pause = std::chrono::seconds{1};
/// So long a live record of a commit may take to come.
constexpr auto head_start = std::chrono::milliseconds{200};
constexpr std::size_t most_ahead = 16'384;
constexpr std::size_t events_at_once = 256;

/// When an event was decided, by its place. Errors: those of the store.
result<time_point> time_of(board const& view, event_store& store, std::uint64_t n) {
  auto const at_hand = view.events(n - 1, 1, [](stored_event const&) { return true; });
  if (!at_hand.empty() && at_hand.front().n == n)
    return at_hand.front().event->event.at;
  auto const place = view.places(n - 1, 1);
  if (place.empty())
    return fail(errc::internal, "there is no event " + std::to_string(n));
  auto const found = store.read_shard(place.front().shard, place.front().seq - 1, 1);
  if (!found)
    return found.error();
  if (found->empty())
    return fail(errc::corrupt, "the ledger has lost an event; run `troupe verify`");
  return found->front().event.at;
}

/// n of the last event before a time. Times of neighbours may be the wrong way round by the time
/// that a commit takes.
result<std::uint64_t> last_before(board const& view, event_store& store, time_point at) {
  std::uint64_t before = 0;
  auto after = view.last() + 1;
  while (after - before > 1) {
    auto const middle = before + (after - before) / 2;
    auto const when = time_of(view, store, middle);
    if (!when)
      return when.error();
    (*when < at ? before : after) = middle;
  }
  return before;
}

/// n of the last event before the first that is not covered by a position.
std::uint64_t last_covered(board const& view, stream_position const& p) {
  constexpr std::size_t at_once = 20'000;
  for (std::uint64_t n = 0;;) {
    auto const places = view.places(n, at_once);
    if (places.empty())
      return n;
    for (auto const& place : places) {
      auto const found = p.find(place.shard);
      if (found == p.end() || place.seq > found->second)
        return n;
      n = place.n;
    }
  }
}

} // namespace

ledger_tail::ledger_tail(board& view, journal& log, traffic::sieve of, bool contents,
                         std::function<void()> wake, std::function<void()> later)
    : view_(view), log_(log), contents_(contents), wake_(std::move(wake)), later_(std::move(later)),
      sieve_(std::move(of)) {
  listens_ = view_.subscribe([wake = wake_](board_event const&) { wake(); }, {});
}

void ledger_tail::stop() {
  if (auto const id = listens_.exchange(0); id != 0)
    view_.unsubscribe(id);
}

void ledger_tail::begin_since(time_point at, begun const& done) {
  log_.read([me = shared_from_this(), at, done](event_store& store) {
    auto const n = last_before(me->view_, store, at);
    if (n)
      me->start(*n);
    done(n ? result<void>{} : result<void>{n.error()});
  });
}

void ledger_tail::begin_after(stream_position at, begun const& done) {
  auto const heads = view_.heads(view_.last());
  for (auto const& [shard, seq] : at) {
    auto const head = heads.find(shard);
    if (head == heads.end() || head->second < seq) {
      done(
          fail(errc::invalid_argument, "this position is of another ledger", {{"field", "after"}}));
      return;
    }
  }
  log_.read([me = shared_from_this(), at = std::move(at), done](event_store&) mutable {
    auto const n = last_covered(me->view_, at);
    {
      std::lock_guard lock{me->mutex_};
      me->told_ = std::move(at);
    }
    me->start(n);
    done({});
  });
}

void ledger_tail::start(std::uint64_t n) {
  std::lock_guard lock{mutex_};
  seen_ = n;
  target_ = view_.last();
  begun_ = true;
}

bool ledger_tail::caught_up() const {
  std::lock_guard lock{mutex_};
  return begun_ && seen_ >= target_;
}

bool ledger_tail::take_live(std::uint32_t shard, std::uint64_t seq) {
  std::lock_guard lock{mutex_};
  if (auto const told = told_.find(shard); told != told_.end() && seq <= told->second)
    return false;
  // Where very much was told ahead, the rest waits for its turn.
  return ahead_.size() < most_ahead && ahead_.emplace(shard, seq).second;
}

std::optional<stream_position> ledger_tail::position() const {
  std::lock_guard lock{mutex_};
  return ahead_.empty() ? std::optional{told_} : std::nullopt;
}

/// Under the lock.
void ledger_tail::add(board_event const& e, std::vector<traffic::line>& out) {
  auto const& stored = *e.event;
  seen_ = e.n;
  auto& told = told_[stored.shard];
  if (stored.seq <= told)
    return;
  told = stored.seq;
  if (ahead_.erase({stored.shard, stored.seq}) > 0)
    return;
  auto const h = choke::record_of(stored);
  if (!sieve_.wants(h, false))
    return;
  std::string content;
  bool const shown = contents_ && stored.stream.kind != entity_kind::principal;
  if (shown) {
    traffic::preview p;
    p.text = stored.event.data;
    content = traffic::shown_content(p);
  }
  out.push_back(
      {traffic::line_kind::record,
       std::make_shared<std::string const>(encoder_.record(h, shown ? &content : nullptr, false)),
       h.shard, h.seq});
}

std::vector<traffic::line> ledger_tail::next(std::size_t most) {
  std::vector<traffic::line> out;
  auto then = step::wait;
  std::uint64_t after = 0;
  {
    std::lock_guard lock{mutex_};
    if (!begun_ || reading_)
      return out;
    then = page_.empty() ? take_at_hand(most, out) : take_page(most, out);
    reading_ = then == step::read;
    after = seen_;
  }
  if (then == step::read)
    read(after);
  else if (then == step::call_later)
    later_();
  else if (then == step::go_on)
    wake_();
  return out;
}

/// Under the lock.
ledger_tail::step ledger_tail::take_page(std::size_t most, std::vector<traffic::line>& out) {
  while (!page_.empty() && out.size() < most) {
    add(page_.front(), out);
    page_.pop_front();
  }
  return step::go_on;
}

/// Under the lock.
ledger_tail::step ledger_tail::take_at_hand(std::size_t most, std::vector<traffic::line>& out) {
  auto const found =
      view_.events(seen_, std::max(most, events_at_once), [](stored_event const&) { return true; });
  // Asked for after the read: what fell out of the board meanwhile is not passed over.
  if (seen_ + 1 < view_.first())
    return std::chrono::steady_clock::now() < read_again_ ? step::call_later : step::read;
  auto const limit = std::chrono::floor<duration>(std::chrono::system_clock::now() - head_start);
  for (auto const& e : found) {
    if (e.n > target_ && e.event->event.at > limit)
      return step::call_later; // its live record comes first
    add(e, out);
    if (out.size() >= most)
      return step::go_on;
  }
  return found.empty() ? step::wait : step::go_on;
}

void ledger_tail::read(std::uint64_t after) {
  log_.read([me = shared_from_this(), after](event_store& store) {
    auto const page = read_past(
        me->view_, store, after, page_events, [](stored_event const&) { return true; },
        page_events);
    {
      std::lock_guard lock{me->mutex_};
      me->reading_ = false;
      me->read_again_ =
          std::chrono::steady_clock::now() + (page ? page_pause : duration{failure_pause});
      if (page)
        me->page_.assign(page->events.begin(), page->events.end());
      else
        spdlog::info("a watch waits for its past why=\"{}\"", page.error().message);
    }
    if (page)
      me->wake_();
    else
      me->later_();
  });
}

} // namespace troupe
