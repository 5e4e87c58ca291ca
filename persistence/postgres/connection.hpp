#pragma once

#include "persistence/postgres/appender.hpp"
#include "persistence/postgres/holding.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/postgres/settler.hpp"
#include "persistence/postgres/tail.hpp"

#include <mutex>
#include <numeric>

namespace troupe::postgres {

/// What the handles of one program have together: none of them appends while the store is not held,
/// once one of them has held it.
struct program {
  std::mutex mutex;
  std::shared_ptr<holding> held;
  fresh_segments fresh;
};

/// The way of one handle to its database: makes the session, and a new one after it was lost; turns
/// failures into errors; knows what goes stale with a session and with a transaction that is taken
/// back.
class connection {
public:
  connection(std::string url, bool read_only, std::shared_ptr<program> shared)
      : url_(std::move(url)), read_only_(read_only), shared_(std::move(shared)),
        appender_(shared_->fresh) {}
  ~connection() { let_go(); }
  connection(connection const&) = delete;
  connection& operator=(connection const&) = delete;

  [[nodiscard]] bool read_only() const { return read_only_; }

  /// `event_store::hold`, `freeze`, `thaw`.
  result<void> hold(std::string const& owner, duration wait);
  result<void> freeze();
  result<void> thaw();

  /// Where failures become errors. A lost connection is never used again: the next call makes one.
  template <class F>
  auto run(F f) -> std::invoke_result_t<F, session&> {
    if (frozen_ && !session_)
      return fail(errc::unavailable, "the connection of a frozen store is lost");
    // A server that was stopped has closed the connection: seen before anything is sent over it,
    // there is no doubt about what was stored.
    if (session_ && !frozen_ && !session_->alive())
      session_.reset();
    try {
      if (!session_) {
        session_ = std::make_unique<session>(url_);
        tail_.clear();
        stands_still_ = false;
        appender_.forget();
        // Whoever finds the database again sees to it that it is held, readers too: a server that
        // says it is ready has shut others out, however long its watcher would still wait. That it
        // is lost to another matters to those who append, and they ask for themselves.
        (void)still_held();
      }
    } catch (failure const& e) {
      return not_stored(e.code, e.message);
    }
    try {
      return f(*session_);
    } catch (failure const& e) {
      if (e.lost)
        session_.reset();
      return fail(e.code, e.message);
    } catch (...) { // a transaction may be open: it must not take in what comes next
      session_.reset();
      throw;
    }
  }

  /// Reads with what is not settled: `f(session, tail)`.
  template <class F>
  auto read(F f) -> std::invoke_result_t<F, session&, tail const&> {
    return run([&](session& s) -> std::invoke_result_t<F, session&, tail const&> {
      if (!stands_still_) {
        tail_.refresh(s);
        stands_still_ = frozen_;
      }
      return f(s, tail_);
    });
  }

  template <class F>
  auto write(F f) -> std::invoke_result_t<F, session&> {
    if (frozen_ || read_only_)
      return for_reading_only();
    return run(f);
  }

  /// Settles a part of a lane; answers whether there may be more. Throws failure.
  [[nodiscard]] bool settle(session& s, std::uint32_t lane) {
    return postgres::settle(s, shared_->fresh, lane);
  }

  /// Appends: `f(session, tail, appender)`.
  template <class F>
  auto append(F f) -> std::invoke_result_t<F, session&, tail&, appender&> {
    return write([&](session& s) { return f(s, tail_, appender_); });
  }

  /// A transaction of several statements; for what nobody waits for, never an append.
  template <class F>
  result<void> transaction(F f) {
    return write([&](session& s) -> result<void> {
      s.begin();
      try {
        auto out = f(s);
        if (out)
          s.commit();
        else
          s.rollback();
        return out;
      } catch (failure const&) {
        s.rollback();
        throw;
      }
    });
  }

  /// A transaction behind which whoever appends to these lanes looks again; nobody appends to any
  /// while it lasts.
  template <class F>
  result<void> alone(std::vector<std::uint32_t> const& lanes, F f) {
    appender_.forget();
    constexpr int most_tries = 3; // a vacuum gives way after a second, a settling ends
    for (int tries = 1;; ++tries) {
      bool had = false;
      auto out = transaction([&](session& s) {
        array given;
        for (auto const lane : lanes)
          given.add(lane);
        s.query(sql::bar, with(std::move(given)));
        had = true;
        return f(s);
      });
      tail_.clear(); // what it may have seen was not durable yet
      if (out || had || out.error().code != errc::busy || tries == most_tries)
        return out;
    }
  }

  [[nodiscard]] static std::vector<std::uint32_t> all_lanes() {
    std::vector<std::uint32_t> out(lane_count);
    std::iota(out.begin(), out.end(), 0u);
    return out;
  }

  /// The same, with everything settled, for what is put beside what was appended.
  template <class F>
  result<void> beside(F f) {
    constexpr int most_tries = 5;
    for (int tries = 1;; ++tries) {
      auto settled = write([&](session& s) -> result<void> {
        settle_all(s, shared_->fresh);
        return {};
      });
      if (!settled)
        return settled;
      bool appended = false;
      auto out = alone(all_lanes(), [&](session& s) -> result<void> {
        tail_.clear();
        tail_.refresh(s);
        appended = !tail_.empty();
        return appended ? fail(errc::busy, "somebody else appends") : f(s);
      });
      if (!appended || tries == most_tries)
        return out;
    }
  }

  /// See `holding::check`; after the connection was made that asks, so that a lock that was lost
  /// with an earlier one of the same database is seen.
  result<void> still_held();

private:
  [[nodiscard]] static error for_reading_only() {
    return fail(errc::unsupported, "the store is open for reading only");
  }
  void let_go();

  std::string url_;
  bool read_only_;
  std::shared_ptr<program> shared_;
  std::shared_ptr<holding> mine_; ///< what `hold` has taken
  std::unique_ptr<session> session_;
  tail tail_;
  appender appender_;
  bool frozen_ = false;
  bool stands_still_ = false; ///< frozen, and the tail is as it was then
};

} // namespace troupe::postgres
