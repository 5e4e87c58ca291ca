#include "actors/domain/daemon.hpp"

namespace troupe::daemon {

namespace {

using events = std::vector<event>;

constexpr std::int32_t max_slots = 256;

constexpr transition<status> rows[] = {
    {status::none, status::enrolled, "code redeemed"},
    {status::enrolled, status::online, "link up"},
    {status::online, status::suspect, "heartbeat missed"},
    {status::suspect, status::online, "heard again"},
    {status::suspect, status::offline, "link gone"},
    {status::online, status::draining, "takes no more work"},
    {status::draining, status::offline, "link gone"},
    {status::offline, status::online, "same identity, spool replayed"},
    {status::enrolled, status::REVOKED, "revoked"},
    {status::online, status::REVOKED, "revoked"},
    {status::suspect, status::REVOKED, "revoked"},
    {status::draining, status::REVOKED, "revoked"},
    {status::offline, status::REVOKED, "revoked"},
};

/// Which start of the daemon speaks. One that does not tell cannot be told from another one with
/// the same spool.
template <class Connection>
std::string const& process_of(Connection const& c) {
  return c.process.empty() ? c.stream : c.process;
}

/// Decides one command; one small function an alternative.
struct judge {
  state const& s;

  [[nodiscard]] error refuse(std::string sentence) const {
    return conflict(std::move(sentence), s.is, transitions());
  }
  [[nodiscard]] error revoked() const {
    return refuse("daemon " + s.self.id + " is revoked; enrol the machine again");
  }

  result<events> operator()(enroll const& c) const {
    if (s.is == status::REVOKED)
      return revoked();
    if (s.is != status::none) {
      if (c.name == s.name)
        return events{};
      return refuse("daemon " + s.self.id + " is enrolled already, as " + s.name);
    }
    if (c.name.empty())
      return fail(errc::invalid_argument, "a daemon needs the name of its machine",
                  {{"field", "name"}});
    return events{enrolled{c.name, status::enrolled}};
  }

  result<events> operator()(connect const& c) const {
    if (s.is == status::REVOKED)
      return revoked();
    if (c.slots < 1 || c.slots > max_slots)
      return fail(errc::invalid_argument,
                  "a daemon offers 1 to " + std::to_string(max_slots) + " slots",
                  {{"field", "slots"}});
    // Draining ends only with the process: a link that came back may be the same process.
    bool const drained = s.drained && process_of(c) == s.process;
    bool const stays = s.is == status::draining && drained;
    auto const to = stays ? status::draining : status::online;
    bool const same = s.is == to && process_of(c) == s.process && c.stream == s.stream &&
                      c.slots == s.slots && c.runners == s.runners &&
                      c.repositories == s.repositories;
    if (same)
      return events{};
    events out;
    if (s.is == status::draining && !stays) // its end was not seen
      out.push_back(moved{status::offline, "its process ended"});
    out.push_back(connected{c.stream, c.slots, c.runners, c.repositories, to, c.process});
    if (drained && !stays)
      out.push_back(moved{status::draining, "drained before its link was lost"});
    return out;
  }

  result<events> operator()(suspect const&) const {
    if (s.is == status::REVOKED)
      return revoked();
    if (s.is != status::online)
      return events{}; // nothing better is believed of it
    return events{moved{status::suspect, "no heartbeat"}};
  }

  result<events> operator()(disconnect const&) const {
    switch (s.is) {
    case status::online: // a link that ends without good-bye was suspect first
      return events{moved{status::suspect, "the link ended"},
                    moved{status::offline, "the link ended"}};
    case status::suspect:
    case status::draining:
      return events{moved{status::offline, "the link ended"}};
    case status::none:
    case status::enrolled:
    case status::offline:
    case status::REVOKED:
      break;
    }
    return events{};
  }

  result<events> operator()(drain const&) const {
    if (s.is == status::draining)
      return events{};
    if (s.is != status::online)
      return refuse("daemon " + s.self.id + " is " + name(s.is) +
                    "; only one that is online can be drained");
    return events{moved{status::draining, "drained"}};
  }

  result<events> operator()(revoke const& c) const {
    if (s.is == status::REVOKED)
      return events{};
    return events{moved{status::REVOKED, c.why}};
  }

  // Nothing is told to anybody, so nothing is acknowledged.
  result<events> operator()(settle const&) const { return events{}; }
  result<events> operator()(tick const&) const { return events{}; }
};

struct fold {
  state& s;
  event_context const& ctx;

  void operator()(enrolled const& e) const {
    s.name = e.name;
    s.enrolled_at = ctx.at;
  }
  void operator()(connected const& e) const {
    s.drained = s.drained && process_of(e) == s.process;
    s.stream = e.stream;
    s.process = process_of(e);
    s.slots = e.slots;
    s.runners = e.runners;
    s.repositories = e.repositories;
    s.why.clear();
  }
  void operator()(moved const& e) const {
    s.why = e.why;
    s.drained = s.drained || e.to == status::draining;
  }
  void operator()(settled const&) const {}
};

} // namespace

transition_table<status> transitions() {
  return rows;
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const&) {
  if (s.is == status::none && !std::holds_alternative<enroll>(c))
    return fail(errc::not_found, "there is no daemon " + s.self.id);
  return std::visit(judge{s}, c);
}

state evolve(state s, event const& e, event_context const& ctx) {
  std::visit(fold{s, ctx}, e);
  if (auto const to = target_of<status>(e); to != status::none) {
    if (to != s.is)
      s.changed_at = ctx.at;
    s.is = to;
  }
  s.version = ctx.version;
  return s;
}

std::vector<obligation> obligations(state const&) {
  return {};
}

} // namespace troupe::daemon
