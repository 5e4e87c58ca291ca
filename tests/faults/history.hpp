#pragma once

#include "protocol/json.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <vector>

namespace troupe::faults {

/// What the client knows of an operation in the end.
enum class outcome {
  pending, ///< never answered before the run ended
  ok,      ///< acknowledged
  refused, ///< a definite no: nothing may have been stored
  unknown, ///< given up without a definite answer: it is stored once or not at all
};
BOOST_DESCRIBE_ENUM(outcome, pending, ok, refused, unknown)

/// What a client asked for. A write is one operation however often it is sent: each sending carries
/// the same Idempotency-Key.
enum class op_kind { ticket, comment, brief, project, read };
BOOST_DESCRIBE_ENUM(op_kind, ticket, comment, brief, project, read)

/// One operation of one client. Times are microseconds of the steady clock since the run began.
struct operation {
  std::int64_t number = 0;
  std::int32_t client = 0;
  op_kind kind = op_kind::read;
  std::string key;
  std::int64_t begun = 0;
  std::int64_t ended = 0;
  outcome how = outcome::pending;
  std::int32_t status = 0;
  std::string entity; ///< `ticket/<id>`, as answered
  std::int64_t version = 0;
  std::int32_t sendings = 0;
  TROUPE_FIELDS(operation, number, client, kind, key, begun, ended, how, status, entity, version,
                sendings);
};

/// A fault, from when it began to when what it took away was given back.
struct strike {
  std::string what;
  std::int64_t begun = 0;
  std::int64_t ended = 0;
  TROUPE_FIELDS(strike, what, begun, ended);
};

/// All that happened as the outside saw it. In a file, one line of JSON for each invocation, each
/// answer and each strike, written as they come, so that a history survives whoever writes it.
struct history {
  std::vector<operation> operations;
  std::vector<strike> strikes;
  /// Errors: not_found, corrupt (naming the line).
  [[nodiscard]] static result<history> read(std::filesystem::path const& file);
};

/// Writes a history; many threads.
class recorder {
public:
  explicit recorder(std::filesystem::path const& file);
  [[nodiscard]] std::int64_t now() const;
  /// Notes the invocation and gives the operation its number and time.
  void invoked(operation& o);
  void answered(operation o, outcome how);
  void struck(strike s);
  [[nodiscard]] history so_far() const;
  /// Number of acknowledged writes.
  [[nodiscard]] std::size_t acknowledged() const;

private:
  void line(std::string_view what, json::value const& v);

  std::chrono::steady_clock::time_point const start_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::ofstream out_;
  history all_;
  std::size_t acknowledged_ = 0;
};

/// The text that marks what an operation has stored; found again by `marks_in`.
[[nodiscard]] std::string mark_of(std::string const& key);
/// Keys of all marks in a text.
[[nodiscard]] std::vector<std::string> marks_in(std::string_view text);

} // namespace troupe::faults
