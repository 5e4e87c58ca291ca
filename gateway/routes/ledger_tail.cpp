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
  if (is_told(shard, seq))
    return false;
  // Where very much was told ahead, the rest waits for its turn.
  return ahead_.size() < most_ahead && ahead_.emplace(shard, seq).second;
}

std::optional<stream_position> ledger_tail::position() const {
  std::lock_guard lock{mutex_};
  if (!ahead_.empty())
    return std::nullopt;
  auto out = passed_ ? *passed_ : stream_position{};
  for (auto const& [shard, seq] : told_)
    out[shard] = std::max(out[shard], seq);
  return out;
}

/// Under the lock.
void ledger_tail::add(ledger_lines::placed_line const& l, std::vector<traffic::line>& out) {
  seen_ = l.n;
  if (is_told(l.what.shard, l.what.seq))
    return;
  told_[l.what.shard] = l.what.seq;
  if (ahead_.erase({l.what.shard, l.what.seq}) == 0)
    out.push_back(l.what);
}

/// Under the lock.
bool ledger_tail::is_told(std::uint32_t shard, std::uint64_t seq) const {
  auto const reaches = [&](stream_position const& p) {
    auto const head = p.find(shard);
    return head != p.end() && seq <= head->second;
  };
  return reaches(told_) || (passed_ && reaches(*passed_));
}

/// All up to these was looked at. Under the lock.
void ledger_tail::pass(ledger_lines::heads_ptr heads) {
  passed_ = std::move(heads);
  std::erase_if(told_, [&](auto const& one) {
    auto const head = passed_->find(one.first);
    return head != passed_->end() && one.second <= head->second;
  });
  std::erase_if(ahead_, [&](auto const& one) { return is_told(one.first, one.second); });
}

/// Under the lock.
ledger_tail::step ledger_tail::take(ledger_lines& from, std::size_t most,
                                    std::vector<traffic::line>& out) {
  for (int i = 0; i < parts_at_once; ++i) {
    auto const piece = from.after(seen_, target_, most - out.size(), part_);
    if (piece.upto == seen_)
      return nothing_there(from, piece.in_store);
    for (auto const& l : piece.lines)
      add(l, out);
    seen_ = piece.upto;
    fetched_.reset();
    if (piece.heads)
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
