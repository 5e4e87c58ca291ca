#pragma once

#include "daemon/spawn.hpp"

/// Files that must survive a power cut or kill -9 in the middle of a write.
namespace troupe::local {

/// Replaces a file as a whole: new content or old, never a mixture. Mode 0600. unavailable with the
/// system's reason.
[[nodiscard]] result<void> replace_file(std::filesystem::path const& file, std::string_view text);
/// The whole file; not_found if it is not there.
[[nodiscard]] result<std::string> read_file(std::filesystem::path const& file);

/// A log of text records, each with a checksum, each on disk before `append` returns. What a crash
/// left half written at the end is cut off when the log is opened.
class record_log {
public:
  /// Opens or makes the log, giving every whole record to `replay`. Errors: corrupt (a damaged
  /// record that is not the last one), unavailable.
  [[nodiscard]] static result<record_log>
  open(std::filesystem::path file, std::function<result<void>(std::string_view)> const& replay);

  /// Adds records in one write and one fsync. unavailable: none of them is in the log.
  [[nodiscard]] result<void> append(std::vector<std::string> const& records);
  /// Puts these records in place of all.
  [[nodiscard]] result<void> rewrite(std::vector<std::string> const& records);
  [[nodiscard]] std::size_t size() const { return size_; }

private:
  record_log(std::filesystem::path file, unique_fd fd, std::size_t size)
      : file_(std::move(file)), fd_(std::move(fd)), size_(size) {}

  std::filesystem::path file_;
  unique_fd fd_;
  std::size_t size_ = 0;
};

/// Held by the one process that uses a folder; conflict if another one does, for longer than
/// `patience`: a child of a daemon that was killed holds the lock until it has become its program.
[[nodiscard]] result<unique_fd>
lock_folder(std::filesystem::path const& folder,
            std::chrono::milliseconds patience = std::chrono::milliseconds{0});

/// Waits until no program of an earlier daemon of this folder runs any more (a killed daemon's git
/// goes on for a moment, and a guard takes one to end its tools), then lets every program that is
/// started while this lives hold the place in turn. Errors: timeout.
class program_lineage {
public:
  static result<program_lineage> begin(std::filesystem::path const& folder,
                                       std::chrono::milliseconds patience);
  program_lineage(program_lineage&&) = default;
  program_lineage& operator=(program_lineage&&) = delete;
  ~program_lineage();

private:
  explicit program_lineage(unique_fd fd);
  unique_fd fd_;
};

} // namespace troupe::local
