#include "daemon/spool.hpp"

#include "protocol/crash_point.hpp"
#include "protocol/hex.hpp"

#include <openssl/rand.h>

namespace troupe::local {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t compact_above = 256 * 1024;

std::string random_id() {
  std::array<unsigned char, 16> raw{};
  RAND_bytes(raw.data(), static_cast<int>(raw.size()));
  return hex_of(raw.data(), raw.size());
}

std::string record(json::object o) {
  return json::canonical(std::move(o));
}

std::string text_of(json::object const& o, std::string_view name) {
  auto const* v = o.if_contains(name);
  return v != nullptr && v->is_string() ? std::string{std::string_view{v->get_string()}}
                                        : std::string{};
}

template <class Number>
Number number_of(json::object const& o, std::string_view name) {
  auto const* v = o.if_contains(name);
  boost::system::error_code ec;
  auto const n = v != nullptr ? v->to_number<Number>(ec) : Number{};
  return ec ? Number{} : n;
}

} // namespace

result<identity> load_identity(fs::path const& data) {
  auto text = read_file(data / "identity.json");
  if (!text) {
    if (text.error().code == errc::not_found)
      return fail(errc::not_found,
                  "this daemon is not enrolled; with a token of an administrator: `troupe daemon "
                  "code | troupe daemon enroll --code -`");
    return text.error();
  }
  auto value = json::parse(*text);
  if (!value)
    return fail(errc::corrupt, (data / "identity.json").string() + " is not valid JSON");
  auto who = json::from<identity>(*value);
  if (!who || who->daemon.empty() || who->token.empty())
    return fail(errc::corrupt, (data / "identity.json").string() + " is not an identity");
  return who;
}

result<void> save_identity(fs::path const& data, identity const& who) {
  std::error_code ec;
  fs::create_directories(data, ec);
  return replace_file(data / "identity.json", json::canonical(json::to(who)) + "\n");
}

result<std::unique_ptr<spool>> spool::open(fs::path const& folder) {
  std::unique_ptr<spool> s{new spool};
  auto log = record_log::open(folder / "spool.log",
                              [&](std::string_view text) { return s->replay(text); });
  if (!log)
    return log.error();
  s->log_.emplace(std::move(*log));
  if (s->stream_.empty()) {
    s->stream_ = random_id();
    if (auto r = s->log_->rewrite(s->state()); !r)
      return r.error();
  }
  return s;
}

result<void> spool::replay(std::string_view text) {
  auto const damaged = [] {
    return fail(errc::corrupt, "the spool holds a record of no known form");
  };
  auto value = json::parse(text);
  if (!value || !value->is_object())
    return damaged();
  auto const& o = value->get_object();
  auto const kind = text_of(o, "is");
  auto const seq = number_of<std::uint64_t>(o, "seq");
  if (kind == "state") {
    stream_ = text_of(o, "stream");
    last_ = number_of<std::uint64_t>(o, "last");
    acked_ = number_of<std::uint64_t>(o, "acked");
    server_stream_ = text_of(o, "server_stream");
    taken_ = number_of<std::uint64_t>(o, "taken");
  } else if (kind == "out") {
    auto const frame = text_of(o, "frame");
    auto f = link::decode_frame(frame);
    if (!f)
      return damaged();
    apply_out(seq, f->body, frame);
  } else if (kind == "acked") {
    acked_ = std::max(acked_, seq);
    out_.erase(out_.begin(), out_.upper_bound(acked_));
  } else if (kind == "follow") {
    server_stream_ = text_of(o, "stream");
    taken_ = 0;
  } else if (kind == "in") {
    auto const frame = text_of(o, "frame");
    if (frame.empty()) {
      apply_in(seq, nullptr);
    } else {
      auto f = link::decode_frame(frame);
      if (!f)
        return damaged();
      apply_in(seq, &f->body);
    }
  } else if (kind == "seen") {
    seen_[ticket_id{text_of(o, "ticket")}] = {number_of<std::int64_t>(o, "token"),
                                              text_of(o, "repository")};
  } else if (kind == "released") {
    releases_.erase(ticket_id{text_of(o, "ticket")});
    seen_.erase(ticket_id{text_of(o, "ticket")});
  } else {
    return damaged();
  }
  return {};
}

std::vector<std::string> spool::state() const {
  std::vector<std::string> out;
  out.push_back(record({{"is", "state"},
                        {"stream", stream_},
                        {"last", last_},
                        {"acked", acked_},
                        {"server_stream", server_stream_},
                        {"taken", taken_}}));
  // A number below the ones taken: replaying it gives the order back and moves nothing.
  for (auto const& [key, o] : orders_)
    out.push_back(record({{"is", "in"}, {"seq", 0}, {"frame", link::encode({0, o})}}));
  for (auto const& [ticket, r] : releases_)
    out.push_back(record({{"is", "in"}, {"seq", 0}, {"frame", link::encode({0, r})}}));
  for (auto const& [ticket, s] : seen_)
    out.push_back(record({{"is", "seen"},
                          {"ticket", ticket.value},
                          {"token", s.token},
                          {"repository", s.repository}}));
  for (auto const& [seq, text] : out_)
    out.push_back(record({{"is", "out"}, {"seq", seq}, {"frame", text}}));
  return out;
}

result<void> spool::write(std::vector<std::string> records) {
  if (log_->size() > compact_above) {
    auto all = state();
    std::size_t live = 0;
    for (auto const& r : all)
      live += r.size() + 10;
    // The records to add are not applied yet, so they come after the state.
    if (live < log_->size() / 2) {
      all.insert(all.end(), records.begin(), records.end());
      return log_->rewrite(all);
    }
  }
  return log_->append(records);
}

void spool::apply_out(std::uint64_t seq, link::frame_body const& body, std::string text) {
  last_ = std::max(last_, seq);
  out_[seq] = std::move(text);
  std::visit(overloaded{
                 [&](link::finished const& x) {
                   orders_.erase({x.ticket, x.token});
                 },
                 [&](link::declined const& x) {
                   orders_.erase({x.ticket, x.token});
                 },
                 [](auto const&) {},
             },
             body);
}

void spool::apply_in(std::uint64_t seq, link::frame_body const* body) {
  taken_ = std::max(taken_, seq);
  if (body == nullptr)
    return;
  std::visit(overloaded{
                 [&](link::order const& x) {
                   orders_[{x.ticket, x.token}] = x;
                   seen_[x.ticket] = {x.token, x.repository};
                 },
                 [&](link::release const& x) { releases_[x.ticket] = x; },
                 [](auto const&) {},
             },
             *body);
}

std::string spool::stream() const {
  std::lock_guard const lock{mutex_};
  return stream_;
}

result<std::uint64_t> spool::append(link::frame_body const& body) {
  std::lock_guard const lock{mutex_};
  auto const seq = last_ + 1;
  auto text = link::encode({seq, body});
  TROUPE_CRASH_POINT(40, "spool: before a record is written");
  if (auto r = write({record({{"is", "out"}, {"seq", seq}, {"frame", text}})}); !r)
    return r.error();
  TROUPE_CRASH_POINT(41, "spool: report written, not sent");
  apply_out(seq, body, std::move(text));
  return seq;
}

std::optional<std::pair<std::uint64_t, std::string>> spool::next(std::uint64_t after) const {
  std::lock_guard const lock{mutex_};
  auto const found = out_.upper_bound(after);
  if (found == out_.end())
    return std::nullopt;
  return *found;
}

result<void> spool::acknowledged(std::uint64_t seq) {
  std::lock_guard const lock{mutex_};
  seq = std::min(seq, last_);
  if (seq <= acked_)
    return {};
  TROUPE_CRASH_POINT(50, "spool: acknowledged, not recorded");
  if (auto r = write({record({{"is", "acked"}, {"seq", seq}})}); !r)
    return r;
  acked_ = seq;
  out_.erase(out_.begin(), out_.upper_bound(seq));
  return {};
}

std::size_t spool::waiting() const {
  std::lock_guard const lock{mutex_};
  return out_.size();
}

std::uint64_t spool::acknowledged_up_to() const {
  std::lock_guard const lock{mutex_};
  return acked_;
}

std::string spool::server_stream() const {
  std::lock_guard const lock{mutex_};
  return server_stream_;
}

std::uint64_t spool::taken() const {
  std::lock_guard const lock{mutex_};
  return taken_;
}

result<void> spool::follow(std::string const& server_stream) {
  std::lock_guard const lock{mutex_};
  if (server_stream == server_stream_)
    return {};
  if (auto r = write({record({{"is", "follow"}, {"stream", server_stream}})}); !r)
    return r;
  server_stream_ = server_stream;
  taken_ = 0;
  return {};
}

result<taking> spool::take(std::uint64_t seq, link::frame_body const& body) {
  std::lock_guard const lock{mutex_};
  if (seq <= taken_)
    return taking::known;
  if (seq != taken_ + 1)
    return taking::gap;
  auto answer = taking::fresh;
  bool keep = false;
  if (auto const* o = std::get_if<link::order>(&body)) {
    auto const before = seen_.find(o->ticket);
    if (before != seen_.end() && o->token <= before->second.token)
      answer = taking::known;
    keep = answer == taking::fresh;
  } else {
    keep = std::holds_alternative<link::release>(body);
  }
  json::object in{{"is", "in"}, {"seq", seq}};
  if (keep)
    in["frame"] = link::encode({0, body});
  if (auto r = write({record(std::move(in))}); !r)
    return r.error();
  apply_in(seq, keep ? &body : nullptr);
  return answer;
}

std::vector<link::order> spool::open_orders() const {
  std::lock_guard const lock{mutex_};
  std::vector<link::order> out;
  for (auto const& [key, o] : orders_)
    out.push_back(o);
  return out;
}

std::vector<link::release> spool::open_releases() const {
  std::lock_guard const lock{mutex_};
  std::vector<link::release> out;
  for (auto const& [key, r] : releases_)
    out.push_back(r);
  return out;
}

result<void> spool::released(ticket_id const& ticket) {
  std::lock_guard const lock{mutex_};
  if (!releases_.contains(ticket))
    return {};
  if (auto r = write({record({{"is", "released"}, {"ticket", ticket.value}})}); !r)
    return r;
  releases_.erase(ticket);
  seen_.erase(ticket);
  return {};
}

std::string spool::repository_of(ticket_id const& ticket) const {
  std::lock_guard const lock{mutex_};
  auto const found = seen_.find(ticket);
  return found == seen_.end() ? std::string{} : found->second.repository;
}

} // namespace troupe::local
