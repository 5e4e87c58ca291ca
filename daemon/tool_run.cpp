#include "daemon/tool_run.hpp"

#include "protocol/hex.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace troupe::local {

namespace {

using steady = std::chrono::steady_clock;

/// A line longer than this is cut: it is output for the log, not for us.
constexpr std::size_t longest_line = 4 * 1024 * 1024;

/// So much of each output's end is kept; twice as much on the way.
constexpr std::size_t kept_end = 8 * 1024;

void keep_end(std::string& end, std::string_view bytes) {
  end += bytes;
  if (end.size() <= 2 * kept_end)
    return;
  auto const from = end.size() - kept_end;
  auto cut = end.find('\n', from); // no half line, or else no half word: it may be half a secret
  if (cut == std::string::npos)
    cut = end.find_first_of(" \t\"',;=&", from);
  end.erase(0, cut == std::string::npos ? from : cut + 1);
}

/// Writes the log and digests it on the way.
class log_writer {
public:
  explicit log_writer(std::filesystem::path const& path)
      : fd_(path.empty() ? -1
                         : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
        digest_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(digest_, EVP_sha256(), nullptr);
  }
  ~log_writer() { EVP_MD_CTX_free(digest_); }
  log_writer(log_writer const&) = delete;
  log_writer& operator=(log_writer const&) = delete;

  void add(std::string_view bytes) {
    EVP_DigestUpdate(digest_, bytes.data(), bytes.size());
    size_ += static_cast<std::int64_t>(bytes.size());
    while (fd_.valid() && !bytes.empty()) {
      auto const n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return; // a full disk must not end the attempt; the digest still covers everything
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void finish(tool_end& into) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned n = 0;
    EVP_DigestFinal_ex(digest_, raw.data(), &n);
    into.log_digest = hex_of(raw.data(), n);
    into.log_bytes = size_;
  }

private:
  unique_fd fd_;
  EVP_MD_CTX* digest_;
  std::int64_t size_ = 0;
};

} // namespace

tool_control::tool_control() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void tool_control::wake() {
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const n = ::write(event_.get(), &one, sizeof one);
}

void tool_control::stop(stop_cause cause) {
  auto none = stop_cause::none;
  cause_.compare_exchange_strong(none, cause);
  wake();
}

void tool_control::hurry() {
  hurry_ = true;
  wake();
}

void tool_control::write(std::string text) {
  {
    std::lock_guard const lock{mutex_};
    input_ += text;
  }
  wake();
}

void tool_control::waiting(bool yes) {
  waiting_ += yes ? 1 : -1;
  wake();
}

class tool_loop {
public:
  tool_loop(tool_command const& command, tool_control& control, line_sink const& sink)
      : command_(command), control_(control), sink_(sink), log_(command.log) {}

  tool_end run(guard_program const& guard) {
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    if (!in || !out || !err)
      return not_started("no pipes left");
    auto started = spawn_guarded(guard, command_.argv, command_.env, command_.directory,
                                 in->read.get(), out->write.get(), err->write.get());
    if (!started)
      return not_started(started.error().message);
    in->read.reset();
    out->write.reset();
    err->write.reset();
    guard_ = std::move(*started);
    out_ = std::move(out->read);
    err_ = std::move(err->read);
    if (command_.keep_input)
      in_ = std::move(in->write);
    in->write.reset();
    for (int const fd : {in_.get(), out_.get(), err_.get(), guard_.reports.get()})
      if (fd >= 0)
        ::fcntl(fd, F_SETFL, O_NONBLOCK);

    last_output_ = last_tick_ = steady::now();
    left_ = command_.timeout;
    while (out_.valid() || err_.valid() || guard_.reports.valid())
      step();
    while (::waitpid(guard_.guard, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (!line_.empty())
      give_line();
    if (!ended_) {
      end_.how = tool_how::signalled;
      end_.exit_code = 137;
      end_.message = "its guard was killed";
    }
    if (forced_ && end_.how != tool_how::not_started)
      end_.how = *forced_;
    log_.finish(end_);
    return std::move(end_);
  }

private:
  tool_end not_started(std::string why) {
    end_.how = tool_how::not_started;
    end_.exit_code = 127;
    end_.message = std::move(why);
    log_.finish(end_);
    return std::move(end_);
  }

  void step() {
    std::string pending;
    {
      std::lock_guard const lock{control_.mutex_};
      if (in_.valid())
        pending = control_.input_;
    }
    std::array<pollfd, 5> fds{pollfd{out_.get(), POLLIN, 0}, pollfd{err_.get(), POLLIN, 0},
                              pollfd{guard_.reports.get(), POLLIN, 0},
                              pollfd{control_.event_.get(), POLLIN, 0},
                              pollfd{pending.empty() ? -1 : in_.get(), POLLOUT, 0}};
    auto const wait = clocks();
    if (::poll(fds.data(), fds.size(), wait) < 0)
      return;
    if (fds[0].revents != 0)
      read_output(out_, true);
    if (fds[1].revents != 0)
      read_output(err_, false);
    if (fds[2].revents != 0)
      read_reports();
    if (fds[3].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] auto const n = ::read(control_.event_.get(), &count, sizeof count);
    }
    if (fds[4].revents != 0)
      write_input(pending);
  }

  /// Moves the clocks on, starts the ladder where one has run out, and says how long to sleep.
  int clocks() {
    auto const now = steady::now();
    auto const passed = now - last_tick_;
    last_tick_ = now;
    if (!guard_.reports.valid()) {
      // The guard is gone and with it the tool; only a killed guard can leave someone behind that
      // holds our pipes, and that one is not waited for.
      if (guard_gone_ == steady::time_point{})
        guard_gone_ = now;
      if (now - guard_gone_ > std::chrono::seconds{5}) {
        out_.reset();
        err_.reset();
        return 0;
      }
      return 1000;
    }
    if (forced_) {
      if (!killed_ && (now >= kill_at_ || control_.hurried())) {
        order('K');
        killed_ = true;
      }
      return killed_ ? 1000 : milliseconds_until(kill_at_, now);
    }
    if (control_.stopped() != stop_cause::none) {
      force(tool_how::stopped, now);
      return 0;
    }
    bool const waits = control_.waiting_ > 0;
    if (waits || waited_) {
      waited_ = waits; // the time until it was told that the wait is over does not count either
      last_output_ = now;
      return waits ? 60000 : 0;
    }
    left_ -= passed;
    if (left_ <= steady::duration::zero()) {
      force(tool_how::timed_out, now);
      return 0;
    }
    auto wake_at = now + left_;
    if (command_.stall.count() > 0) {
      auto const stalls_at = last_output_ + command_.stall;
      if (now >= stalls_at) {
        force(tool_how::stalled, now);
        return 0;
      }
      wake_at = std::min<steady::time_point>(wake_at, stalls_at);
    }
    return milliseconds_until(wake_at, now);
  }

  static int milliseconds_until(steady::time_point when, steady::time_point now) {
    auto const n = std::chrono::ceil<std::chrono::milliseconds>(when - now).count();
    return static_cast<int>(std::clamp<long>(n, 0, 60000));
  }

  void force(tool_how how, steady::time_point now) {
    if (ended_)
      return;
    forced_ = how;
    kill_at_ = now + command_.grace;
    order('T');
  }

  void order(char what) { [[maybe_unused]] auto const n = ::write(guard_.orders.get(), &what, 1); }

  void read_output(unique_fd& fd, bool standard_output) {
    std::array<char, 65536> buffer;
    auto const n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n <= 0) {
      fd.reset();
      return;
    }
    last_output_ = steady::now();
    std::string_view bytes{buffer.data(), static_cast<std::size_t>(n)};
    log_.add(bytes);
    keep_end(standard_output ? end_.output_end : end_.error_end, bytes);
    if (!standard_output || !sink_)
      return;
    while (!bytes.empty()) {
      auto const end = bytes.find('\n');
      if (line_.size() < longest_line)
        line_.append(bytes.substr(0, end));
      if (end == std::string_view::npos)
        return;
      give_line();
      bytes.remove_prefix(end + 1);
    }
  }

  void give_line() {
    if (line_.ends_with('\r'))
      line_.pop_back();
    if (sink_)
      sink_(line_);
    line_.clear();
  }

  void read_reports() {
    std::array<char, 256> buffer;
    auto const n = ::read(guard_.reports.get(), buffer.data(), buffer.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n <= 0) {
      guard_.reports.reset();
      return;
    }
    reports_.append(buffer.data(), static_cast<std::size_t>(n));
    for (auto end = reports_.find('\n'); end != std::string::npos; end = reports_.find('\n')) {
      int value = 0;
      std::from_chars(reports_.data() + 2, reports_.data() + end, value);
      take_report(reports_[0], value);
      reports_.erase(0, end + 1);
    }
  }

  void take_report(char kind, int value) {
    if (kind == 'S')
      return;
    ended_ = true;
    in_.reset();
    switch (kind) {
    case 'E':
      end_.how = tool_how::not_started;
      end_.exit_code = 127;
      end_.message = "cannot start " + command_.argv[0] + ": " + std::strerror(value);
      break;
    case 'G':
      end_.how = tool_how::signalled;
      end_.exit_code = 128 + value;
      end_.message = "ended by signal " + std::to_string(value);
      break;
    default:
      end_.how = tool_how::exited;
      end_.exit_code = value;
    }
  }

  void write_input(std::string_view pending) {
    auto const n = ::write(in_.get(), pending.data(), pending.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    std::lock_guard const lock{control_.mutex_};
    if (n <= 0) {
      in_.reset(); // the tool closed its input; what was meant for it is in the log of messages
      return;
    }
    control_.input_.erase(0, static_cast<std::size_t>(n));
  }

  tool_command const& command_;
  tool_control& control_;
  line_sink const& sink_;
  log_writer log_;
  guarded guard_;
  unique_fd in_;
  unique_fd out_;
  unique_fd err_;
  std::string line_;
  std::string reports_;
  tool_end end_;
  bool ended_ = false;
  bool killed_ = false;
  bool waited_ = false;
  std::optional<tool_how> forced_;
  steady::time_point kill_at_;
  steady::time_point guard_gone_;
  steady::time_point last_output_;
  steady::time_point last_tick_;
  steady::duration left_{};
};

tool_end run_tool(guard_program const& guard, tool_command const& command, tool_control& control,
                  line_sink const& sink) {
  if (control.stopped() != stop_cause::none) {
    tool_end end;
    end.how = tool_how::stopped;
    end.exit_code = 143;
    return end;
  }
  return tool_loop{command, control, sink}.run(guard);
}

} // namespace troupe::local
