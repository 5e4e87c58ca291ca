#pragma once

#include "protocol/brief_content.hpp"
#include "protocol/envelope.hpp"
#include "protocol/evidence.hpp"
#include "protocol/shared_value.hpp"

/// What server and daemon say to one another: JSON text frames over one WebSocket,
/// `/api/daemon/link`, authorised by the daemon's own bearer token.
///
/// Each frame is a `link_frame`. Both sides number what must not be lost (`seq` from 1, without
/// gaps, per direction and per `stream` id) and keep it until the other side acknowledged it
/// (`ack` = highest seq taken over durably). After a reconnect each side says in its first frame
/// what it has taken (`hello.taken`, `welcome.taken`), and the other sends the rest again. A frame
/// with seq 0 (heartbeat, progress, ack) may be lost.
///
/// The daemon's numbers are durable (its spool). The server's orders are derived from tickets, so a
/// restarted server opens a new `stream`, numbers from 1 and sends open orders again; an order is
/// recognised by (ticket, token), and taking one twice has no effect.
namespace troupe::link {

constexpr int protocol_version = 1;

enum class order_kind { work, review, gates, merge };
BOOST_DESCRIBE_ENUM(order_kind, work, review, gates, merge)

/// One attempt to be made in a worktree.
struct order {
  order_kind kind = order_kind::work;
  ticket_id ticket;
  std::int64_t token = 0; ///< fencing token of the lease; on every report
  std::string attempt;    ///< external id of the attempt
  std::string stage;
  std::string role;
  agent_id agent;
  project_id project;
  engine_kind engine = engine_kind::daemon;
  std::string profile; ///< runner profile (engine daemon)
  std::string command; ///< command line (engine process)
  std::string repository;
  std::string target_branch;
  std::string branch;        ///< `agent/<ticket>`
  std::string expected_head; ///< review, gates, merge: the commit it is about
  std::int32_t round = 0;    ///< 0 at first, +1 each time work was sent back
  std::int32_t attempt_number = 1;
  std::string session; ///< CLI session to resume, if any
  std::string instructions;
  std::vector<std::string> tools; ///< of the agent's roster entry
  shared_value<plan_item> item;   ///< title, text, criteria, files
  std::vector<shared_value<envelope>>
      conversation;             ///< what was said about the ticket so far, in order
  std::vector<gate_spec> gates; ///< order_kind::gates
  std::string test_command;
  std::vector<std::string> forbidden_paths;
  std::int32_t patch_lines = 2000;
  workspace_recipe recipe;
  duration timeout{std::chrono::minutes{60}};
  duration stall{std::chrono::minutes{5}};
  duration lease{std::chrono::seconds{60}};
  bool send_diffs = false;
  std::string trace; ///< W3C traceparent of the attempt; empty: it is not traced
  TROUPE_RECORD(order, kind, ticket, token, attempt, stage, role, agent, project, engine, profile,
                command, repository, target_branch, branch, expected_head, round, attempt_number,
                session, instructions, tools, item, conversation, gates, test_command,
                forbidden_paths, patch_lines, recipe, timeout, stall, lease, send_diffs, trace);
};

/// Stop an attempt: the lease is gone, or a person cancelled. The work stays on its branch.
struct stop {
  ticket_id ticket;
  std::int64_t token = 0;
  std::string why;
  TROUPE_RECORD(stop, ticket, token, why);
};

/// An answer for a running attempt that asked.
struct answer {
  ticket_id ticket;
  std::int64_t token = 0;
  envelope message;
  TROUPE_RECORD(answer, ticket, token, message);
};

/// The ticket is over: its worktree may be removed (snapshot first where anything is unsaved).
struct release {
  ticket_id ticket;
  std::string outcome; ///< `DONE`, `FAILED`, `CANCELLED`
  TROUPE_RECORD(release, ticket, outcome);
};

/// First frame of the server.
struct welcome {
  std::string stream;      ///< of the server's numbers, new at each start of the server
  std::uint64_t taken = 0; ///< highest seq of the daemon's stream that is durable here
  duration heartbeat{std::chrono::seconds{10}};
  TROUPE_RECORD(welcome, stream, taken, heartbeat);
};

struct ack {
  std::uint64_t taken = 0;
  TROUPE_RECORD(ack, taken);
};

/// A runner that a daemon offers.
struct runner_info {
  std::string profile; ///< `command`, `claude`, `codex`, `cursor`, …
  std::string version; ///< as the program says; empty for `command`
  std::int32_t slots = 1;
  TROUPE_FIELDS(runner_info, profile, version, slots);
};

/// An attempt that lives on the daemon.
struct held {
  ticket_id ticket;
  std::int64_t token = 0;
  TROUPE_FIELDS(held, ticket, token);
};

/// First frame of the daemon.
struct hello {
  std::int32_t version = protocol_version;
  daemon_id daemon;
  std::string name;          ///< of the machine
  std::string stream;        ///< of the daemon's numbers; stable while its spool is
  std::uint64_t taken = 0;   ///< highest seq of `server_stream` that is durable here
  std::string server_stream; ///< the server's stream it last saw
  std::int32_t slots = 1;    ///< attempts at once
  std::vector<runner_info> runners;
  std::vector<std::string> repositories; ///< names it has a clone of; `*`: any URL
  std::vector<held> attempts;
  std::string process{}; ///< new at each start of the daemon; empty: one with the stream
  TROUPE_RECORD(hello, version, daemon, name, stream, taken, server_stream, slots, runners,
                repositories, attempts, process);
};

/// Every `welcome.heartbeat`: which attempts live. Renews their leases.
struct heartbeat {
  std::vector<held> attempts;
  std::int32_t free_slots = 0;
  TROUPE_RECORD(heartbeat, attempts, free_slots);
};

/// The order is refused before anything was started.
struct declined {
  ticket_id ticket;
  std::int64_t token = 0;
  reason why = reason::none;
  std::string message;
  TROUPE_RECORD(declined, ticket, token, why, message);
};

/// The command runs in its worktree.
struct started {
  ticket_id ticket;
  std::int64_t token = 0;
  std::string base; ///< commit it starts from
  std::string session;
  TROUPE_RECORD(started, ticket, token, base, session);
};

/// A line of what the agent says it is doing. Not stored; seq 0.
struct progress {
  ticket_id ticket;
  std::int64_t token = 0;
  std::string text;
  TROUPE_RECORD(progress, ticket, token, text);
};

/// The agent says something to another one; a question waits for an `answer` frame.
struct said {
  ticket_id ticket;
  std::int64_t token = 0;
  std::string key; ///< unique in the attempt: `q1`, …
  message_kind kind = message_kind::question;
  std::string to; ///< role (`pm`) or agent name
  std::string text;
  std::string engine; ///< `scripted` where a script spoke
  TROUPE_RECORD(said, ticket, token, key, kind, to, text, engine);
};

enum class outcome { done, changes_requested, failed, timed_out, stalled, cancelled, conflict };
BOOST_DESCRIBE_ENUM(outcome, done, changes_requested, failed, timed_out, stalled, cancelled,
                    conflict)

/// The attempt ended. What counts depends on the order's kind: evidence for work, outcome and notes
/// for a review, gate results for gates, `merged` for a merge (or conflict with `proof.files`).
struct finished {
  ticket_id ticket;
  std::int64_t token = 0;
  outcome how = outcome::done;
  reason why = reason::none;
  std::string summary;            ///< the agent's own words, redacted
  std::vector<std::string> notes; ///< of a review, one point each
  evidence proof;
  std::vector<gate_result> gates;
  std::string merged; ///< commit on the target branch
  std::string session;
  std::string engine; ///< `scripted` where a script did it
  usage used;
  time_point resume_at{}; ///< rate limits: when it may go on
  TROUPE_RECORD(finished, ticket, token, how, why, summary, notes, proof, gates, merged, session,
                engine, used, resume_at);
};

TROUPE_CHOICE(frame_body, hello, heartbeat, ack, declined, started, progress, said, finished,
              welcome, order, stop, answer, release);

struct link_frame {
  std::uint64_t seq = 0;
  frame_body body;
};

/// One JSON text: `{"seq":1,"type":"order",…}`.
[[nodiscard]] std::string encode(link_frame const& f);
/// Errors: invalid_argument (not JSON, unknown type or field, with the path).
[[nodiscard]] result<link_frame> decode_frame(std::string_view text);

/// A frame larger than this closes the link (1009).
constexpr std::size_t max_frame_bytes = 1024 * 1024;

} // namespace troupe::link

TROUPE_CODEC_ELSEWHERE(troupe::link::order);
TROUPE_CODEC_ELSEWHERE(troupe::link::frame_body);
