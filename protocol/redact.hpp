#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Secret-shaped text: found by a catalogue of issuers' formats, by the names that secrets are
/// assigned to, and by entropy. One scanner serves the secrets gate and the redactor, so that what
/// one calls a secret the other never lets through.
namespace troupe {

/// One secret-shaped piece of a text.
struct secret_hit {
  std::string_view rule; ///< name of the rule, e.g. `github-token`; static storage
  std::size_t offset = 0;
  std::size_t length = 0;

  friend bool operator==(secret_hit const&, secret_hit const&) = default;
};

struct scan_options {
  /// Also what has no known form: values of secret-like names, and high entropy. Off for generated
  /// files (lock files, source maps), where digests stand in every line.
  bool unknown_forms = true;
};

/// Every secret-shaped piece, in order, without overlap. Linear in the text.
[[nodiscard]] std::vector<secret_hit> find_secrets(std::string_view text,
                                                   scan_options options = {});

/// The text with every secret-shaped piece replaced by `[redacted:<rule>]`. Redacting twice changes
/// nothing.
[[nodiscard]] std::string redact(std::string_view text);

/// Bits per character, 0 for an empty text.
[[nodiscard]] double shannon_entropy(std::string_view text);

/// Files that tools write and that hold digests by the hundred.
[[nodiscard]] bool is_generated_file(std::string_view path);

} // namespace troupe
