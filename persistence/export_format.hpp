#pragma once

#include "persistence/encoding.hpp"
#include "persistence/event_store.hpp"

#include <iosfwd>
#include <variant>

namespace troupe {

/// What an export holds.
struct export_stats {
  std::uint64_t events = 0;
  std::uint64_t shards = 0;  ///< that were ever claimed
  std::uint64_t wakes = 0;   ///< streams that wait for a time
  std::uint64_t effects = 0; ///< rows of the outbox
  std::uint64_t answers = 0; ///< rows of the inbox
  std::string digest;        ///< SHA-256 of all lines before the last

  friend bool operator==(export_stats const&, export_stats const&) = default;
};

/// An effect with the shard it is of.
using shard_effect = std::pair<std::uint32_t, outbox_row>;
/// One line between the first and the last of an export.
using export_record = std::variant<stored_event, shard_info, stream_info, shard_effect, inbox_row>;

/// Writes the file format of docs/event-encoding.md: one canonical JSON object a line; a header,
/// the records, a trailer with counts and digest.
class export_writer {
public:
  /// Writes the header.
  explicit export_writer(std::ostream& out);
  void put(export_record const& record);
  /// Writes the trailer.
  [[nodiscard]] export_stats finish();
  /// False once the stream did not take what was written.
  [[nodiscard]] bool good() const;

private:
  void line();

  std::ostream& out_;
  std::string text_;
  running_sha256 digest_;
  export_stats stats_;
};

/// Reads it. Strict: what the writer would not have written is `corrupt`, naming the line.
class export_reader {
public:
  explicit export_reader(std::istream& in) : in_(in) {}
  /// The next record; none after a trailer that is right, with nothing behind it.
  [[nodiscard]] result<std::optional<export_record>> next();
  [[nodiscard]] export_stats const& stats() const { return stats_; }
  /// Number of the line that was read last, from 1.
  [[nodiscard]] std::uint64_t line() const { return line_; }

private:
  [[nodiscard]] error wrong(std::string const& what) const;

  std::istream& in_;
  std::string text_;
  running_sha256 digest_;
  export_stats stats_;
  std::uint64_t line_ = 0;
  bool ended_ = false;
};

} // namespace troupe
