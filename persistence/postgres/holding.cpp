#include "persistence/postgres/holding.hpp"

#include "persistence/event_store.hpp"
#include "persistence/postgres/queries.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace troupe::postgres {

namespace {

constexpr int first_wait_ms = 100;
constexpr int longest_wait_ms = 5000;

struct holder {
  std::string who;
  std::string identity; ///< of its session: one process id may come again
};

std::optional<holder> find_holder(session& s) {
  auto const r = s.query(sql::holder);
  if (r.size() == 0)
    return std::nullopt;
  return holder{r.text(0, 0) + ", process " + r.text(0, 1) + " of the database, connected from " +
                    r.text(0, 2) + " since " + r.text(0, 3),
                r.text(0, 1) + ' ' + r.text(0, 3)};
}

} // namespace

holding::holding(std::string url) : url_(std::move(url)), wake_(::eventfd(0, EFD_CLOEXEC)) {
  if (wake_ < 0)
    throw std::system_error{errno, std::generic_category(), "eventfd"};
}

holding::~holding() {
  stopping_ = true;
  ::eventfd_write(wake_, 1);
  if (watcher_.joinable())
    watcher_.join();
  ::close(wake_);
}

result<std::shared_ptr<holding>> holding::take(std::string const& url, std::string const& owner,
                                               duration wait) {
  std::shared_ptr<holding> h{new holding{url}};
  try {
    h->connect();
    auto& s = *h->session_;
    auto const ms_left = std::to_string(std::max<std::int64_t>(wait.count(), 1));
    try {
      s.run("set lock_timeout = " + ms_left + "; set statement_timeout = 0");
      s.query(sql::hold);
      s.run("set lock_timeout = '2s'; set statement_timeout = '5s'");
    } catch (failure const& e) {
      if (e.lost || e.code != errc::busy)
        throw;
      s.run("set lock_timeout = '2s'; set statement_timeout = '5s'");
      auto const other = find_holder(s);
      return fail(errc::busy, "another server holds this database: " +
                                  (other ? other->who : "a server that is just ending") +
                                  "; stop it and start " + owner + " again, or use --take-over");
    }
    h->note_taken();
  } catch (failure const& e) {
    return not_stored(e.code, e.message);
  }
  h->watcher_ = std::thread{[raw = h.get()] { raw->watch(); }};
  return h;
}

void holding::connect() {
  session_ = std::make_unique<session>(url_);
  // The server, too, must notice soon that this machine is gone, else the lock stays for hours.
  session_->run("set tcp_keepalives_idle = 3; set tcp_keepalives_interval = 2;"
                "set tcp_keepalives_count = 2");
}

void holding::note_taken() {
  locked_ = true;
  if (auto const mine = find_holder(*session_))
    identity_ = mine->identity;
}

result<void> holding::check() {
  std::lock_guard const lock{mutex_};
  if (!gone_ && locked_ && session_->alive())
    return {};
  auto ok = renew();
  ::eventfd_write(wake_, 1); // another connection is to be watched, or none
  return ok;
}

/// With the lock of the mutex.
result<void> holding::renew() {
  if (gone_)
    return *gone_;
  try {
    return take_again();
  } catch (failure const& e) {
    session_.reset();
    return not_stored(e.code, e.message);
  }
}

/// With the lock of the mutex. Throws failure.
result<void> holding::take_again() {
  locked_ = false;
  if (!session_ || !session_->alive()) {
    session_.reset();
    connect();
  }
  if (session_->query(sql::try_hold).truth(0, 0)) {
    note_taken();
    return {};
  }
  auto const other = find_holder(*session_);
  if (!other)
    return not_stored(errc::busy, "another server was just holding this database");
  // The database has not seen the end of our last connection yet: until then nobody else gets in.
  if (other->identity == identity_)
    return {};
  gone_ = fail(errc::fenced, "another server holds this database now: " + other->who);
  session_.reset();
  return *gone_;
}

void holding::watch() {
  int wait = first_wait_ms;
  while (!stopping_) {
    pollfd ends[2] = {{wake_, POLLIN, 0}, {-1, POLLRDHUP, 0}};
    bool settled = false;
    {
      std::lock_guard const lock{mutex_};
      settled = locked_ || gone_.has_value();
      if (locked_)
        ends[1].fd = session_->socket();
    }
    if (::poll(ends, 2, settled ? -1 : wait) < 0 && errno != EINTR)
      return;
    if (ends[0].revents != 0) {
      eventfd_t many = 0;
      ::eventfd_read(wake_, &many);
      continue;
    }
    if (settled && ends[1].revents == 0)
      continue;
    std::lock_guard const lock{mutex_};
    if (locked_ && session_->alive())
      continue; // somebody who writes was faster
    (void)renew();
    wait = settled ? first_wait_ms : std::min(wait * 2, longest_wait_ms);
  }
}

} // namespace troupe::postgres
