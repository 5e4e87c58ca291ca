#include "actors/tap/tap.hpp"
#include "gateway/auth/token.hpp"
#include "gateway/daemons/link_close.hpp"
#include "gateway/http/wire.hpp"
#include "gateway/routes/ledger_tail.hpp"
#include "gateway/routes/table.hpp"
#include "gateway/routes/watch_desk.hpp"
#include "gateway/routes/watch_request.hpp"

/// Live traffic as a stream or over a WebSocket: records are taken from the tap as fast as the
/// client reads, so that one who reads slowly is told what it missed, and holds up nobody.
namespace troupe {

namespace {

using traffic::line;
using traffic::line_kind;

/// The credential that a request came with: whatever it came in, admission has put it here.
std::string token_of(request const& r) {
  auto const authorization = r.headers.get("Authorization");
  return std::string{authorization.substr(authorization.rfind(' ') + 1)};
}

class watcher;

/// The client's end of a watch. It goes at any time; then all of these do nothing.
class outlet {
public:
  virtual ~outlet() = default;
  /// Instead of the watch.
  virtual void refuse(error const& e, std::string const& path) = 0;
  /// Begins to ask the watcher for lines.
  virtual void begin(std::shared_ptr<watcher> const& from,
                     std::function<void(std::string_view why)> on_close) = 0;
  /// There are lines. From any thread.
  virtual void wake() = 0;
  /// Nothing follows.
  virtual void end(line const& closed, std::string const& why) = 0;
};

/// One watcher on its way from the tap to a client.
class watcher : public std::enable_shared_from_this<watcher> {
public:
  watcher(api const& a, request const& r, std::shared_ptr<outlet> out)
      : a_(a), token_(token_of(r)), by_(r.principal.id), path_(r.path), out_(std::move(out)) {}

  /// Watches, and says so in the ledger; the stream begins once that is durable.
  void begin(result<watch_terms> const& terms) {
    auto const* what = terms ? &terms->live : nullptr;
    if (what == nullptr || a_.watches == nullptr || !traffic::is_built_in) {
      out_->refuse(
          terms ? fail(errc::unsupported, "this server was built, or started, without live traffic")
                : terms.error(),
          path_);
      return;
    }
    auto lines = a_.watches->hub().watch(*what, [out = out_] { out->wake(); });
    if (!lines) {
      out_->refuse(lines.error(), path_);
      return;
    }
    lines_ = std::move(*lines);
    most_records_ = what->limits.records;
    if (terms->has_past())
      tail_ = make_tail(*what);
    a_.watches->open(
        {what->tenant, hash_token(token_).substr(0, 32), by_, what->of.text(), what->contents},
        [weak = weak_from_this()](std::string_view why) {
          if (auto const me = weak.lock()) {
            me->lines_->close(why);
            me->out_->wake();
          }
        },
        [me = shared_from_this(), since = terms->since,
         after = terms->after](result<std::uint64_t> const& number) {
          if (!number) {
            me->out_->refuse(number.error(), me->path_);
            return;
          }
          auto const go_on = [me, n = *number](result<void> const& ok) {
            if (ok) {
              me->stream(n);
              return;
            }
            me->a_.watches->close(n, to_string(ok.error().code), 0);
            me->out_->refuse(ok.error(), me->path_);
          };
          if (after)
            me->tail_->begin_after(*after, go_on);
          else if (since)
            me->tail_->begin_since(me->a_.n.clock().now() - *since, go_on);
          else
            go_on({});
        });
  }

  /// The next lines. On an I/O thread, one call at a time.
  std::vector<line> next(std::size_t most) {
    check_token();
    auto all = tail_ ? spliced(std::min<std::uint64_t>(most, most_records_ - records_))
                     : lines_->take(most);
    for (auto const& l : all)
      records_ += l.kind == line_kind::record ? 1 : 0;
    if (tail_ && records_ >= most_records_)
      lines_->close("record_limit");
    if (!all.empty() && all.back().kind == line_kind::closed) {
      auto const said = json::parse(*all.back().text);
      out_->end(all.back(),
                said ? std::string{said->get_object().at("reason").get_string()} : std::string{});
      all.pop_back();
    }
    return all;
  }

  /// Where a client that comes back would go on.
  [[nodiscard]] std::string position() const {
    auto const at = tail_ ? tail_->position() : std::nullopt;
    return at ? encode_position(*at) : std::string{};
  }

private:
  std::shared_ptr<ledger_tail> make_tail(traffic::watch_request const& what) const {
    return std::make_shared<ledger_tail>(
        a_.watches->ledger().lines_of({what.tenant, what.of, {what.sample, what.rate}}, what.sample,
                                      what.contents),
        [out = out_] { out->wake(); },
        [desk = a_.watches](ledger_tail::call f) { desk->later(std::move(f)); });
  }

  void stream(std::uint64_t number) {
    out_->begin(shared_from_this(), [me = shared_from_this(), number](std::string_view why) {
      if (me->tail_)
        me->tail_->stop();
      me->a_.watches->close(number, why, me->records_);
      me->lines_->close(why);
    });
  }

  /// The past first, and then what is live, with what of it was lost on the way.
  std::vector<line> spliced(std::size_t most) {
    most = std::max<std::size_t>(most, 1); // for the line that says that it is over
    bool const live = tail_->caught_up() || lines_->ends();
    if (live && !std::exchange(live_, true))
      lines_->hurry();
    std::vector<line> out;
    for (bool more = live; more && out.empty();) {
      auto taken = lines_->take(most);
      more = !taken.empty();
      for (auto& l : taken) {
        bool const in_ledger = l.kind == line_kind::record && l.shard != traffic::no_shard;
        if (!in_ledger || tail_->take_live(l.shard, l.seq))
          out.push_back(std::move(l));
      }
    }
    return out.empty() && !lines_->over() ? tail_->next(most) : out;
  }

  /// Its entity says so when it is over, see `watch_desk`; this is for a board that is far behind.
  void check_token() {
    auto const now = std::chrono::steady_clock::now();
    if (now - checked_ < std::chrono::seconds{1})
      return;
    checked_ = now;
    if (!a_.tokens.check(token_))
      lines_->close("token_ended");
  }

  api const& a_;
  std::string const token_;
  principal_id const by_;
  std::string const path_;
  std::shared_ptr<outlet> const out_;
  std::shared_ptr<traffic::subscription> lines_;
  std::shared_ptr<ledger_tail> tail_; ///< null: from now on
  bool live_ = false;                 ///< the past, if any, is told
  std::uint64_t most_records_ = 0;
  std::chrono::steady_clock::time_point checked_{};
  std::atomic<std::uint64_t> records_{0};
};

class stream_outlet final : public outlet {
public:
  explicit stream_outlet(std::shared_ptr<event_stream> const& to) : to_(to) {}

  void refuse(error const& e, std::string const& path) override {
    if (auto const out = to_.lock())
      out->reject(problem(e, path));
  }
  void begin(std::shared_ptr<watcher> const& from,
             std::function<void(std::string_view)> on_close) override {
    auto const out = to_.lock();
    if (!out) {
      on_close("client_left");
      return;
    }
    out->open();
    out->pull([from] {
      constexpr std::size_t most = 256;
      std::string text;
      auto const all = from->next(most);
      for (auto const& l : all)
        text += format_event(&l == &all.back() ? from->position() : std::string{},
                             to_string(l.kind), *l.text);
      return text;
    });
    out->on_close(std::move(on_close));
  }
  void wake() override {
    if (auto const out = to_.lock())
      out->wake();
  }
  /// Whoever was told to go for another reason than reading slowly does not come back by itself.
  void end(line const&, std::string const& why) override {
    if (auto const out = to_.lock())
      out->close(why, why == "slow_reader");
  }

private:
  std::weak_ptr<event_stream> const to_;
};

/// The last line of a WebSocket that is refused, with the close code after it: a browser is shown
/// no more than these of what was wrong.
std::string closed_for(std::string_view reason, std::string_view detail, json::object more = {}) {
  more["type"] = "closed";
  more["reason"] = reason;
  more["detail"] = detail;
  return json::canonical(more);
}

void close_for(web_socket& out, error const& e) {
  out.send(closed_for(to_string(e.code), e.message, e.details));
  out.close(may_pass(e) ? close_try_again : close_policy, e.message);
}

/// What was refused before anything of a watch was looked at, as its problem.
error error_of(response const& why) {
  error e{why.status == 429 ? errc::busy : errc::forbidden, {}, {}};
  auto const problem = json::parse(why.body);
  if (!problem || !problem->is_object())
    return e;
  for (auto const& [key, value] : problem->get_object()) {
    if (key == "detail" && value.is_string())
      e.message = std::string{std::string_view{value.get_string()}};
    else if (key == "role" || key == "field")
      e.details[key] = value;
  }
  return e;
}

class socket_outlet final : public outlet {
public:
  explicit socket_outlet(std::shared_ptr<web_socket> const& to) : to_(to) {
    to->on_text([to = to_](std::string const&) {
      if (auto const out = to.lock())
        close_for(*out, fail(errc::invalid_argument,
                             "nothing is taken here; what to watch is in the address"));
    });
    to->last_word([](std::uint16_t code, std::string_view why) {
      return closed_for(code == close_going_away  ? "server_stopping"
                        : code == close_too_large ? to_string(errc::too_large)
                        : code == close_internal  ? to_string(errc::internal)
                                                  : to_string(errc::unsupported),
                        why);
    });
  }

  void refuse(error const& e, std::string const&) override {
    if (auto const out = to_.lock())
      close_for(*out, e);
  }
  void begin(std::shared_ptr<watcher> const& from,
             std::function<void(std::string_view)> on_close) override {
    auto const out = to_.lock();
    if (!out) {
      on_close("client_left");
      return;
    }
    out->pull([from]() -> std::optional<std::string> {
      auto const l = from->next(1);
      return l.empty() ? std::nullopt : std::optional{*l.front().text};
    });
    out->on_close([on_close = std::move(on_close)](std::uint16_t code, std::string_view why) {
      on_close(why.empty() ? "client_left" : code == 1001 ? "server_stopping" : why);
    });
  }
  void wake() override {
    if (auto const out = to_.lock())
      out->wake();
  }
  void end(line const& closed, std::string const& why) override {
    auto const out = to_.lock();
    if (!out)
      return;
    out->send(*closed.text);
    out->close(why == "slow_reader"   ? close_try_again
               : why == "token_ended" ? close_policy
               : why == "internal"    ? close_internal
                                      : close_normal,
               why);
  }

private:
  std::weak_ptr<web_socket> const to_;
};

} // namespace

void add_watch_routes(std::vector<route>& out, api const& a) {
  auto live = stream("/api/watch", role::observe,
                     [&a](request const& r, std::shared_ptr<event_stream> const& s) {
                       std::make_shared<watcher>(a, r, std::make_shared<stream_outlet>(s))
                           ->begin(watch_terms_of(r));
                     });
  live.upgraded = [&a](request const& r, std::shared_ptr<web_socket> const& s) {
    std::make_shared<watcher>(a, r, std::make_shared<socket_outlet>(s))->begin(watch_terms_of(r));
  };
  live.refuse_upgraded = [](response const& why, std::shared_ptr<web_socket> const& s) {
    close_for(*s, error_of(why));
  };
  out.push_back(std::move(live));
}

} // namespace troupe
