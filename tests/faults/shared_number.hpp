#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace troupe::faults {

/// A number in a file that a preloaded library has mapped: it sees at once what is set here. 0 at
/// first.
class shared_number {
public:
  /// Makes the file. Throws std::system_error.
  explicit shared_number(std::filesystem::path file);
  ~shared_number();
  shared_number(shared_number const&) = delete;
  shared_number& operator=(shared_number const&) = delete;

  [[nodiscard]] std::filesystem::path const& file() const { return file_; }
  void set(std::int64_t to) { now_->store(to); }

private:
  std::filesystem::path file_;
  std::atomic<std::int64_t>* now_ = nullptr;
};

} // namespace troupe::faults
