#pragma once

#include "tests/support/temporary_folder.hpp"

#include <sys/types.h>

#include <memory>
#include <string>

namespace troupe::test {

/// A real PostgreSQL server for tests: own data folder, a free loopback port, no password. Ends
/// with the object; and with the process that started it, also when that crashes. To be started
/// from a thread that lives as long as the server is wanted (the main thread).
class postgres_server {
public:
  /// True if the server's programs are installed.
  [[nodiscard]] static bool installed();
  /// The one server of this test executable, started at the first call and stopped at its end.
  [[nodiscard]] static postgres_server& shared();

  /// `durable`: with the package's own settings for what reaches the disk. Tests need none of it:
  /// the machine does not fail within a test, only processes do.
  explicit postgres_server(bool durable = false);
  ~postgres_server();
  postgres_server(postgres_server const&) = delete;
  postgres_server& operator=(postgres_server const&) = delete;

  /// Makes an empty database and answers its URL.
  [[nodiscard]] std::string new_database();
  /// Runs SQL as the superuser and answers what psql prints, unaligned and without headers.
  std::string sql(std::string const& database, std::string const& text);
  [[nodiscard]] std::string url(std::string const& database) const;
  [[nodiscard]] int port() const { return port_; }

  /// Ends it at once (`immediate`: as after a power cut) and starts it again.
  void stop();
  void start();

private:
  temporary_folder folder_;
  int port_ = 0;
  int databases_ = 0;
  bool durable_ = false;
  pid_t pid_ = -1;
};

} // namespace troupe::test
