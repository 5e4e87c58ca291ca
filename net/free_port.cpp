#include "net/free_port.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <random>

namespace troupe {

int free_port() {
  constexpr int first = 20'000;
  constexpr int last = 32'000;
  std::random_device random;
  std::uniform_int_distribution<int> any{first, last};
  for (int tries = 0; tries < 1000; ++tries) {
    int const port = any(random);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool const ok =
        fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (fd >= 0)
      ::close(fd);
    if (ok)
      return port;
  }
  return 0;
}

} // namespace troupe
