#pragma once

#include "protocol/result.hpp"

#include <filesystem>
#include <memory>
#include <string_view>

namespace troupe::sqlite {

/// The name of a network file system by its magic number (statfs(2)); empty for any other.
/// Locks and fsync over the network do not hold what WAL needs of them.
[[nodiscard]] std::string_view network_file_system(unsigned long magic);

/// Makes the folder if it is missing. Errors: unsupported (network file system), unavailable.
[[nodiscard]] result<void> prepare_folder(std::filesystem::path const& folder);

/// Holds a folder for this process while it lives: flock(2) on the file `troupe.lock` in it.
class folder_lock {
public:
  /// Errors: busy, naming the process that holds it; unavailable.
  [[nodiscard]] static result<std::shared_ptr<folder_lock>>
  take(std::filesystem::path const& folder);
  ~folder_lock();
  folder_lock(folder_lock const&) = delete;
  folder_lock& operator=(folder_lock const&) = delete;

private:
  explicit folder_lock(int fd) : fd_(fd) {}
  int fd_;
};

} // namespace troupe::sqlite
