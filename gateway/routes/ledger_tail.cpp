#include "gateway/routes/ledger_tail.hpp"

namespace troupe {

namespace {

constexpr auto failure_pause = std::chrono::seconds{1};
constexpr std::size_t most_ahead = 16'384;
/// So many parts of the ledger are looked at before others have their turn.
constexpr int parts_at_once = 16;

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

} // namespace

ledger_tail::ledger_tail(std::shared_ptr<ledger_lines> of, call wake,
                         std::function<void(call)> later)
    : wake_(std::move(wake)), later_(std::move(later)), lines_(std::move(of)) {}

void ledger_tail::stop() {
  std::shared_ptr<ledger_lines> last; // goes when nothing is locked any more
  std::lock_guard lock{mutex_};
  if (lines_)
    lines_->forget(this);
  last = std::move(lines_);
}

void ledger_tail::begin_since(time_point at, begun const& done) {
  lines_->log().browse([me = shared_from_this(), of = lines_, at, done](event_store& store) {
    auto const n = last_before(of->view(), store, at);
    if (n)
      me->start(*n, of->view().last(), of->view().heads(*n));
    done(n ? result<void>{} : result<void>{n.error()});
  });
}

void ledger_tail::begin_after(stream_position at, begun const& done) {
  auto const& view = lines_->view();
  auto const heads = view.heads(view.last());
  for (auto const& [shard, seq] : at) {
    auto const head = heads.find(shard);
    if (head == heads.end() || head->second < seq) {
      done(
          fail(errc::invalid_argument, "this position is of another ledger", {{"field", "after"}}));
      return;
    }
  }
  auto const n = view.covered_by(at);
  start(n, view.last(), std::move(at));
  done({});
}

void ledger_tail::start(std::uint64_t n, std::uint64_t last, stream_position told) {
  std::lock_guard lock{mutex_};
  told_ = std::move(told);
  seen_ = n;
  target_ = last;
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
void ledger_tail::add(ledger_lines::placed_line const& l, std::vector<traffic::line>& out) {
  seen_ = l.n;
  auto& told = told_[l.what.shard];
  if (l.what.seq <= told)
    return;
  told = l.what.seq;
  if (ahead_.erase({l.what.shard, l.what.seq}) == 0)
    out.push_back(l.what);
}

/// All up to these was looked at. Under the lock.
void ledger_tail::pass(stream_position const& heads) {
  for (auto const& [shard, seq] : heads) {
    auto& told = told_[shard];
    told = std::max(told, seq);
  }
  std::erase_if(ahead_, [&](auto const& one) { return one.second <= told_[one.first]; });
}

/// Under the lock.
ledger_tail::step ledger_tail::take(ledger_lines& from, std::size_t most,
                                    std::vector<traffic::line>& out) {
  for (int i = 0; i < parts_at_once; ++i) {
    auto const piece = from.after(seen_, most - out.size(), part_);
    if (piece.upto == seen_)
      return nothing_there(from, piece.in_store);
    for (auto const& l : piece.lines)
      add(l, out);
    seen_ = piece.upto;
    fetched_.reset();
    pass(piece.heads);
    if (out.size() >= most)
      break;
  }
  return step::go_on;
}

/// Under the lock.
ledger_tail::step ledger_tail::nothing_there(ledger_lines const& from, bool in_store) {
  if (!in_store) // what there is may be too fresh to be told from here
    return from.view().last() > seen_ ? step::call_later : step::wait_for_event;
  if (fetched_ == seen_ || std::chrono::steady_clock::now() < fetch_again_) {
    fetched_.reset();
    return step::call_later;
  }
  fetched_ = seen_;
  return step::fetch;
}

std::vector<traffic::line> ledger_tail::next(std::size_t most) {
  std::vector<traffic::line> out;
  auto then = step::go_on;
  std::shared_ptr<ledger_lines> from;
  std::uint64_t seen = 0;
  {
    std::lock_guard lock{mutex_};
    if (!begun_ || asleep_ || !lines_)
      return out;
    from = lines_;
    then = take(*from, most, out);
    asleep_ = then != step::go_on;
    seen = seen_;
    if (then == step::wait_for_event)
      from->wait(this, [later = later_, then_call = called()] { later(then_call); });
  }
  if (then == step::go_on)
    wake_();
  else if (then == step::fetch)
    from->fetch(seen, [weak = weak_from_this()](bool ok) {
      if (auto const me = weak.lock())
        me->was_fetched(ok);
    });
  else if (then == step::call_later)
    later_(called());
  else if (from->view().last() > seen) // it came before anybody waited
    later_(called());
  return out;
}

/// Ends the sleep.
ledger_tail::call ledger_tail::called() {
  return [weak = weak_from_this()] {
    auto const me = weak.lock();
    if (!me)
      return;
    {
      std::lock_guard lock{me->mutex_};
      me->asleep_ = false;
    }
    me->wake_();
  };
}

void ledger_tail::was_fetched(bool ok) {
  if (!ok) {
    std::lock_guard lock{mutex_};
    fetch_again_ = std::chrono::steady_clock::now() + failure_pause;
  }
  called()();
}

} // namespace troupe
