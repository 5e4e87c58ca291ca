#include "cli/exit_codes.hpp"

namespace troupe {

std::vector<exit_code_row> const& exit_code_table() {
  static std::vector<exit_code_row> const rows = {
      {exit_code::ok, "ok", "It was done."},
      {exit_code::failed, "failed", "It was refused, or it failed; the message says why."},
      {exit_code::usage, "usage", "The arguments or the settings are wrong; nothing was sent."},
      {exit_code::not_found, "not-found", "There is no such thing."},
      {exit_code::conflict, "conflict",
       "Not possible in the present state; the message lists what is, or the path of a cycle."},
      {exit_code::unreachable, "unreachable", "No server there, or no answer in time."},
      {exit_code::unauthorised, "unauthorised", "No valid token, or a token without the role."},
      {exit_code::unsound, "unsound", "Verification found something wrong in the ledger."},
      {exit_code::busy, "busy",
       "A bound is reached, or somebody else uses the ledger; try again later."},
      {70, "crashed",
       "`troupe serve` ended in order because a part of it crashed again and again; start it "
       "again, "
       "nothing is lost."},
      {75, "unfinished", "`troupe serve` did not stop within its deadline; nothing is lost."},
      {76, "taken-over",
       "`troupe serve` ended because another server has taken its ledger; nothing is lost."},
      {exit_code::interrupted, "interrupted", "Stopped by Ctrl-C while waiting."},
  };
  return rows;
}

int exit_code_of(errc code) {
  switch (code) {
  case errc::not_found:
    return exit_code::not_found;
  case errc::conflict:
  case errc::fenced:
    return exit_code::conflict;
  case errc::unavailable:
  case errc::timeout:
    return exit_code::unreachable;
  case errc::unauthorized:
  case errc::forbidden:
    return exit_code::unauthorised;
  case errc::busy:
    return exit_code::busy;
  case errc::corrupt:
    return exit_code::unsound;
  case errc::invalid_argument:
  case errc::too_large:
  case errc::unsupported:
  case errc::internal:
    return exit_code::failed;
  }
  return exit_code::failed;
}

} // namespace troupe
