#pragma once

#include "actors/admission.hpp"
#include "actors/ports.hpp"

namespace troupe {

/// Who sends a command from the outside, and how it is answered.
struct submit_options {
  principal_id by;
  std::string correlation; ///< the brief's id where there is one
  std::string cause;       ///< id of the request
  std::string trace;
  bool want_state = false;
  /// Somebody outside waits for the answer: while the store is away it is refused at once. Else it
  /// is kept until the store is back.
  bool asked = true;
  /// `source`, `key` and `request_hash` of an idempotent request.
  std::optional<inbox_entry> idempotency;
};

/// Commands and questions from the outside on their way to their entities. What is sent again under
/// the same key gets the answer that was stored for it. Thread-safe; no call blocks.
class request_desk {
public:
  /// `door`: refuses new work; null: takes everything.
  request_desk(journal_port& log, region const& where, id_port& ids, admission* door = nullptr)
      : log_(log), where_(where), ids_(ids), door_(door) {}
  /// Sends a command; `done` is called once, on some thread.
  void submit(entity_ref to, any_command command, submit_options options, completion done);
  /// State of an entity as JSON, from the entity itself; not_found.
  void query(entity_ref to, std::function<void(result<json::value>)> done);

private:
  void send(command_ptr m) const;

  journal_port& log_;
  region const& where_;
  id_port& ids_;
  admission* door_;
};

} // namespace troupe
