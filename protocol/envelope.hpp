#pragma once

#include "protocol/json.hpp"

namespace troupe {

/// A part of a message, after A2A 1.0: exactly one of `text`, `data`, `file` is set.
struct message_part {
  std::string text;
  json::value data; ///< null when not set
  std::string file; ///< name of an artifact; its content travels apart
  std::string media_type;
  TROUPE_FIELDS(message_part, text, data, file, media_type);
};

/// What a message is for. `Task` words of the A2A wire are mapped at the edge.
enum class message_kind {
  assignment, ///< work is given to an agent
  question,   ///< wants an answer
  answer,
  verdict, ///< a review's outcome
  bug,     ///< a defect with evidence
  report,  ///< work ended, with evidence
  request, ///< draft a brief, make a plan, criticise it, replan
  note,
};
BOOST_DESCRIBE_ENUM(message_kind, assignment, question, answer, verdict, bug, report, request, note)

/// Every message between agents, tickets and people. It passes one send point, where the hop limit,
/// the loop guard and the tap are. `id` is derived from the event that caused it, so that sending
/// again is recognised.
struct envelope {
  std::string id;
  std::string cause;       ///< id of the message or event that led to this one
  std::string correlation; ///< the same for a whole conversation: the brief's id
  std::string reply_to;    ///< id of the message this answers; empty: none
  message_kind kind = message_kind::note;
  principal_id from;
  principal_id to;
  std::int32_t hops = 0; ///< 0 for a message that a person or an entity started
  time_point deadline{}; ///< zero: none
  std::string trace;     ///< W3C traceparent; may be empty
  std::string engine;    ///< engine of the sender: `scripted`, `rules`, …; empty for people
  std::vector<message_part> parts;
  TROUPE_FIELDS(envelope, id, cause, correlation, reply_to, kind, from, to, hops, deadline, trace,
                engine, parts);
};

/// A message with more hops than this is refused: no conversation goes on by itself for ever.
constexpr std::int32_t hop_limit = 16;

/// The text parts of a message, joined with new lines.
[[nodiscard]] std::string text_of(envelope const& e);
/// The first data part, or null.
[[nodiscard]] json::value const& data_of(envelope const& e);
[[nodiscard]] inline message_part text_part(std::string text) {
  return {std::move(text), {}, {}, {}};
}
[[nodiscard]] inline message_part data_part(json::value data) {
  return {{}, std::move(data), {}, "application/json"};
}

} // namespace troupe

TROUPE_CODEC_ELSEWHERE(troupe::envelope);
