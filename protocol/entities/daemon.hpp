#pragma once

#include "protocol/daemon_link.hpp"
#include "protocol/entities/shared.hpp"

/// A daemon as the server knows it: its identity outlives its connections.
namespace troupe::daemon {

enum class status { none, enrolled, online, suspect, draining, offline, REVOKED };
BOOST_DESCRIBE_ENUM(status, none, enrolled, online, suspect, draining, offline, REVOKED)

struct enroll {
  std::string name;
  TROUPE_RECORD(enroll, name);
};
/// A link is up: what the daemon offers now.
struct connect {
  std::string stream; ///< of its report numbers
  std::int32_t slots = 1;
  std::vector<link::runner_info> runners;
  std::vector<std::string> repositories;
  std::string process{}; ///< of this start of the daemon; empty: one with the stream
  TROUPE_RECORD(connect, stream, slots, runners, repositories, process);
};
struct suspect {
  TROUPE_RECORD(suspect);
};
struct disconnect {
  TROUPE_RECORD(disconnect);
};
struct drain {
  TROUPE_RECORD(drain);
};
struct revoke {
  std::string why;
  TROUPE_RECORD(revoke, why);
};
TROUPE_CHOICE(command, enroll, connect, suspect, disconnect, drain, revoke, settle, tick);

struct enrolled {
  std::string name;
  status to = status::enrolled;
  TROUPE_RECORD(enrolled, name, to);
};
struct connected {
  std::string stream;
  std::int32_t slots = 1;
  std::vector<link::runner_info> runners;
  std::vector<std::string> repositories;
  status to = status::online;
  std::string process{};
  TROUPE_RECORD(connected, stream, slots, runners, repositories, to, process);
};
struct moved {
  status to = status::offline;
  std::string why;
  TROUPE_RECORD(moved, to, why);
};
TROUPE_CHOICE(event, enrolled, connected, moved, settled);

} // namespace troupe::daemon

TROUPE_CODEC_ELSEWHERE(troupe::daemon::command);
TROUPE_CODEC_ELSEWHERE(troupe::daemon::event);
