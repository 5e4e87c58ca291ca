#pragma once

#include "daemon/profile.hpp"

#include <memory>

/// What a program says on its standard output, in one form whatever CLI it is.
namespace troupe::local {

/// A message to another agent.
struct tool_message {
  message_kind kind = message_kind::note;
  std::string to;
  std::string text;
  std::string engine;
};

/// What happens while lines are read.
struct reader_events {
  std::function<void(std::string text)> progress;
  std::function<void(tool_message message)> said;
};

/// What a program said about its own end; the exit code is judged with it.
struct tool_verdict {
  link::outcome how = link::outcome::done;
  reason why = reason::none;
  std::string summary;
  std::vector<std::string> notes;
  std::string session;
  std::string engine;
  usage used;
  time_point resume_at{};
};

/// Reads one program's lines.
class output_reader {
public:
  virtual ~output_reader() = default;
  virtual void line(std::string_view text) = 0;
  /// After the last line.
  [[nodiscard]] virtual tool_verdict end(int exit_code, link::order_kind kind) = 0;
};

/// The reader of a profile's format. `jsonl` takes lines that are objects of the types `progress`,
/// `question`, `message`, `result` and `usage`; any other line is only for the log.
[[nodiscard]] std::unique_ptr<output_reader> make_reader(runner_profile const& profile,
                                                         reader_events events);

/// How a model says its verdict in a review: the last line `VERDICT: APPROVED` or
/// `VERDICT: CHANGES_REQUESTED` of its text, with points as list items. Without such a line the
/// review has failed.
void read_verdict(std::string_view text, tool_verdict& into);

} // namespace troupe::local
