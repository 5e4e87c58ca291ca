#include "tests/sim/sim_daemon.hpp"

namespace troupe::sim {

namespace {

constexpr duration second{1000};

std::string commit_of(std::string const& text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (auto const c : text)
    h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < 40; ++i) {
    out += digits[(h >> static_cast<unsigned>(i % 16 * 4)) & 15U];
    if (i % 16 == 15)
      h *= 1099511628211ULL;
  }
  return out;
}

} // namespace

sim_daemon::sim_daemon(context& c, daemon_id name, connector connect)
    : c_(c), name_(std::move(name)), connect_(std::move(connect)) {}

void sim_daemon::start() {
  up_ = true;
  ++process_;
  sent_ = 0;
  // What ran when it died is over.
  for (auto const& [k, o] : std::map<key, link::order>{orders_}) {
    link::finished f;
    f.ticket = o.ticket;
    f.token = o.token;
    f.how = link::outcome::failed;
    f.why = reason::daemon_lost;
    f.summary = "The daemon was restarted while the attempt ran.";
    report(f);
  }
  retry();
  beat(process_);
}

void sim_daemon::crash(duration down) {
  if (!up_)
    return;
  c_.trace([&] { return name_.value + " is killed"; });
  c_.note(happening::daemon_killed);
  up_ = false;
  attempts_.clear();
  greeted_ = false;
  if (wire_)
    std::exchange(wire_, nullptr)->daemon_died();
  c_.time.after(down, [this] { start(); });
}

void sim_daemon::cut(duration how_long) {
  c_.trace([&] { return name_.value + " is cut off for " + std::to_string(how_long.count()); });
  c_.note(happening::link_cut);
  cut_until_ = std::max(cut_until_, c_.time.now() + how_long);
  if (wire_)
    wire_->close();
}

// ---- the link -------------------------------------------------------------------------------

void sim_daemon::retry() {
  if (connecting_)
    return;
  connecting_ = true;
  c_.time.after(c_.luck.between(duration{50}, 4 * second), [this] {
    connecting_ = false;
    connect();
  });
}

void sim_daemon::connect() {
  if (!up_ || wire_)
    return;
  if (c_.time.now() < cut_until_) {
    retry();
    return;
  }
  auto w = std::make_shared<wire>(c_);
  if (!connect_(name_, w)) {
    retry();
    return;
  }
  wire_ = w;
  greeted_ = false;
  w->daemon.received = [this, raw = w.get()](link::link_frame f) { received(raw, std::move(f)); };
  w->daemon.closed = [this, raw = w.get()] { closed(raw); };
  link::hello h;
  h.daemon = name_;
  h.name = "machine";
  h.stream = name_.value + "-spool";
  h.taken = taken_;
  h.server_stream = server_stream_;
  h.slots = 3;
  for (auto const* profile : {"command", "scripted", "claude"})
    h.runners.push_back({profile, "", 3});
  h.repositories = {"*"};
  h.attempts = held();
  h.process = name_.value + "-" + std::to_string(process_);
  w->to_server({0, h});
  // A server that does not greet is left again.
  c_.time.after(20 * second, [this, weak = std::weak_ptr<wire>{w}] {
    auto const same = weak.lock();
    if (same && same == wire_ && !greeted_)
      same->close();
  });
}

void sim_daemon::closed(wire const* w) {
  if (wire_.get() != w)
    return;
  wire_ = nullptr;
  greeted_ = false;
  if (up_)
    retry();
}

void sim_daemon::received(wire const* w, link::link_frame f) {
  if (wire_.get() != w || !up_)
    return;
  if (auto const* x = std::get_if<link::welcome>(&f.body)) {
    if (server_stream_ != x->stream) {
      server_stream_ = x->stream;
      taken_ = 0;
    }
    out_.erase(out_.begin(), out_.upper_bound(x->taken));
    greeted_ = true;
    sent_ = 0;
    send_reports();
    return;
  }
  if (!greeted_) {
    wire_->close();
    return;
  }
  if (auto const* a = std::get_if<link::ack>(&f.body)) {
    out_.erase(out_.begin(), out_.upper_bound(a->taken));
    return;
  }
  if (f.seq == 0) {
    act(f.body);
    return;
  }
  bool fresh = false;
  if (!take(f, fresh)) {
    wire_->close();
    return;
  }
  wire_->to_server({0, link::ack{taken_}});
  if (fresh)
    act(f.body);
}

/// False: a frame before it is missing.
bool sim_daemon::take(link::link_frame const& f, bool& fresh) {
  if (f.seq <= taken_)
    return true;
  if (f.seq != taken_ + 1)
    return false;
  taken_ = f.seq;
  c_.audit.taken(name_, f.body);
  fresh = true;
  if (auto const* o = std::get_if<link::order>(&f.body)) {
    auto& highest = seen_[o->ticket];
    if (o->token <= highest) {
      fresh = false;
    } else {
      highest = o->token;
      orders_[{o->ticket, o->token}] = *o;
    }
  }
  return true;
}

void sim_daemon::report(link::frame_body body) {
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
  out_.emplace(++last_, std::move(body));
  send_reports();
}

void sim_daemon::send_reports() {
  if (!greeted_ || !wire_)
    return;
  for (auto it = out_.upper_bound(sent_); it != out_.end(); ++it) {
    wire_->to_server({it->first, it->second});
    sent_ = it->first;
  }
}

void sim_daemon::beat(std::uint64_t process) {
  if (process != process_ || !up_)
    return;
  // One of them may get lost; several in a row are a lost lease.
  bool const silent = c_.can(trouble::frames) && c_.luck.percent(5);
  if (silent)
    c_.note(happening::heartbeat_missed);
  if (greeted_ && wire_ && !silent)
    wire_->to_server({0, link::heartbeat{held(), 1}});
  c_.time.after(20 * second, [this, process] { beat(process); });
}

std::vector<link::held> sim_daemon::held() const {
  std::vector<link::held> out;
  for (auto const& [k, a] : attempts_)
    out.push_back({k.first, k.second});
  return out;
}

// ---- work -----------------------------------------------------------------------------------

void sim_daemon::act(link::frame_body const& body) {
  std::visit(overloaded{
                 [&](link::order const& x) { begin(x); },
                 [&](link::stop const& x) {
                   stop({x.ticket, x.token}, "The server took the lease back.");
                 },
                 [&](link::answer const& x) {
                   auto const at = attempts_.find({x.ticket, x.token});
                   if (at == attempts_.end() || at->second.waits.empty())
                     return;
                   at->second.waits.clear();
                   plan(at->first);
                 },
                 [](auto const&) {},
             },
             body);
}

void sim_daemon::begin(link::order const& o) {
  for (auto const& [k, a] : std::map<key, attempt>{attempts_})
    if (k.first == o.ticket)
      stop(k, "A newer order for the ticket came.");
  c_.audit.begun(context::ref(entity_kind::ticket, o.ticket.value), o.token, name_);
  c_.trace([&] { return name_.value + " begins " + o.attempt + " " + o.stage; });
  key const k{o.ticket, o.token};
  attempts_[k] = {o, 0, false, {}, 0};
  plan(k);
}

void sim_daemon::plan(key const& k) {
  auto& a = attempts_.at(k);
  a.step = ++steps_;
  bool const trouble_now = c_.can(trouble::agents);
  auto const wait = trouble_now ? c_.luck.skewed(second / 5, std::chrono::minutes{4})
                                : c_.luck.between(second / 5, 20 * second);
  c_.time.after(wait, [this, k, step = a.step] { go_on(k, step); });
}

void sim_daemon::stop(key const& k, std::string const& why) {
  auto const at = attempts_.find(k);
  if (at == attempts_.end())
    return;
  link::finished f;
  f.ticket = k.first;
  f.token = k.second;
  f.how = link::outcome::cancelled;
  f.summary = why;
  f.engine = "scripted";
  attempts_.erase(at);
  report(f);
}

void sim_daemon::go_on(key const& k, std::uint64_t step) {
  auto const at = attempts_.find(k);
  if (at == attempts_.end() || at->second.step != step)
    return;
  auto& a = at->second;
  bool const trouble_now = c_.can(trouble::agents);
  switch (a.phase++) {
  case 0:
    if (trouble_now && c_.luck.percent(6)) {
      c_.note(happening::attempt_declined);
      link::declined d{k.first, k.second,
                       c_.luck.percent(80) ? reason::workspace_busy : reason::missing_tool, "no"};
      attempts_.erase(at);
      report(d);
      return;
    }
    report(link::started{k.first, k.second, commit_of("base"), a.order.session});
    plan(k);
    return;
  case 1:
    if (a.order.kind == link::order_kind::work && c_.luck.percent(25)) {
      link::said s;
      s.ticket = k.first;
      s.token = k.second;
      s.key = "q1";
      s.kind = c_.luck.percent(75) ? message_kind::question : message_kind::note;
      s.to = a.order.project.value + ".pm";
      s.text = "Which encoding do the words have?";
      s.engine = "scripted";
      a.asked = true;
      if (s.kind == message_kind::question && a.order.agent.value != s.to)
        a.waits = s.key;
      report(s);
      if (!a.waits.empty())
        return;
    }
    plan(k);
    return;
  default: {
    auto f = result_of(a);
    attempts_.erase(at);
    report(std::move(f));
  }
  }
}

link::finished sim_daemon::result_of(attempt const& a) {
  auto const& o = a.order;
  link::finished f;
  f.ticket = o.ticket;
  f.token = o.token;
  f.engine = "scripted";
  f.summary = "did what was asked";
  f.session = "s" + std::to_string(o.token);
  f.used.cost_micros = 3;
  f.proof.branch = o.branch;
  f.proof.head = o.expected_head;
  bool const fails = c_.can(trouble::agents) && c_.luck.percent(25);
  if (fails)
    c_.note(happening::attempt_failed);
  if (fails && c_.luck.percent(40)) {
    constexpr reason reasons[] = {reason::provider_network, reason::provider_server,
                                  reason::rate_limited,     reason::workspace_busy,
                                  reason::invalid_output,   reason::context_overflow};
    constexpr link::outcome outcomes[] = {link::outcome::failed, link::outcome::failed,
                                          link::outcome::timed_out, link::outcome::stalled};
    f.how = outcomes[c_.luck.index(std::size(outcomes))];
    f.why = reasons[c_.luck.index(std::size(reasons))];
    if (c_.luck.percent(30))
      f.resume_at = c_.wall() + std::chrono::minutes{2};
    return f;
  }
  switch (o.kind) {
  case link::order_kind::work:
    f.proof.base = commit_of("base");
    f.proof.head = commit_of(o.ticket.value + "#" + std::to_string(o.token));
    f.proof.files = o.item->files;
    break;
  case link::order_kind::review:
    if (fails) {
      f.how = link::outcome::changes_requested;
      f.notes = {"name it better"};
    }
    break;
  case link::order_kind::gates:
    for (auto const& g : o.gates) {
      gate_result x;
      x.gate = g.name;
      x.passed = !(fails && c_.luck.percent(50));
      x.message = x.passed ? "passed" : "red";
      x.proof.head = f.proof.head;
      f.gates.push_back(std::move(x));
    }
    break;
  case link::order_kind::merge:
    if (fails) {
      f.how = link::outcome::conflict;
      f.proof.files = {"count.py"};
    } else {
      f.merged = commit_of("merged " + o.expected_head);
    }
    break;
  }
  return f;
}

} // namespace troupe::sim
