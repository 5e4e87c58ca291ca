#pragma once

#include "daemon/git.hpp"

/// Secrets in what a branch would publish.
namespace troupe::local {

/// Where a secret stands; never the secret.
struct secret_place {
  std::string rule;
  std::string file; ///< empty: a commit message
  std::int64_t line = 0;
  std::string commit; ///< empty: in the difference as a whole
};

/// `github-token in src/a.py line 12`.
[[nodiscard]] std::string describe(secret_place const& place);

/// In the lines that the difference adds. Binary files are not read.
[[nodiscard]] result<std::vector<secret_place>>
scan_difference(git const& g, std::string const& base, std::string const& head);

/// In what each commit of `base..head` adds, and in their messages: a secret that a later commit
/// takes back would still be published with the history.
[[nodiscard]] result<std::vector<secret_place>> scan_commits(git const& g, std::string const& base,
                                                             std::string const& head);

/// In a patch as `git diff` or `git log -p` writes it; for tests.
[[nodiscard]] std::vector<secret_place> scan_patch(std::string_view patch, std::string commit);

} // namespace troupe::local
