#include "cli/file_limit.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>

namespace troupe {

namespace {

// The ledger, its connections, what is turned away, logs, and files that are read for an answer.
constexpr std::size_t own_files = 512;

rlimit limit_of_files() {
  rlimit out{};
  if (::getrlimit(RLIMIT_NOFILE, &out) != 0)
    out.rlim_cur = out.rlim_max = RLIM_INFINITY; // not told: nothing to raise
  return out;
}

} // namespace

void make_room_for_connections(std::size_t connections) {
  rlim_t const wanted = connections + own_files;
  auto files = limit_of_files();
  if (files.rlim_cur >= wanted)
    return;
  files.rlim_cur = std::min(wanted, files.rlim_max);
  (void)::setrlimit(RLIMIT_NOFILE, &files); // what came of it is asked
  if (auto const now = limit_of_files().rlim_cur; now < wanted)
    spdlog::warn("fewer files may be open than server.max_connections={} needs: raise the hard "
                 "limit (ulimit -Hn, LimitNOFILE=) or lower the setting wanted={} limit={}",
                 connections, wanted, now);
}

} // namespace troupe
