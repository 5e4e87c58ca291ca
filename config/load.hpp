#pragma once

#include "config/settings.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <variant>

namespace troupe {

/// Settings and where each comes from.
struct loaded_settings {
  settings values;
  /// By `section.key`: `default`, `file <path>:<line>`, `environment <NAME>` or `flag`.
  std::map<std::string, std::string> origins;
  /// Everything that is wrong, one sentence each naming key, value and range. Not empty: do not
  /// start.
  std::vector<std::string> problems;
};

/// What `load_settings` reads from. Later ones win: defaults, file, environment, flags.
struct setting_sources {
  std::optional<std::filesystem::path> file; ///< named by the person: must exist
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> flags; ///< `section.key` -> text; lists separated by commas
};

/// Reads settings: TOML, then `TROUPE_<SECTION>_<KEY>` (and the short `TROUPE_DATA`,
/// `TROUPE_STORE`, `TROUPE_SERVER`), then flags. Without `file`: `TROUPE_CONFIG`, else
/// `$XDG_CONFIG_HOME/troupe/troupe.toml` or `~/.config/troupe/troupe.toml` where there is one.
/// Unknown keys, also in the environment, and bad values are problems; all are collected.
[[nodiscard]] loaded_settings load_settings(setting_sources const& from);

/// The variables of this process.
[[nodiscard]] std::map<std::string, std::string> process_environment();
/// `$XDG_DATA_HOME/troupe`, else `~/.local/share/troupe`; `store.data` where it is set.
[[nodiscard]] std::filesystem::path data_folder(settings const& s,
                                                std::map<std::string, std::string> const& env);
/// The database URL: `store.url`, else what `store.url_file` holds; empty: SQLite. None where the
/// file cannot be read.
[[nodiscard]] std::optional<std::string> store_url(settings const& s);
/// What is wrong with the URL of a database, as a sentence with its password masked; empty: nothing
/// to be seen without asking the database. Schemes and key words (`host=db user=troupe`) as libpq
/// has them.
[[nodiscard]] std::string wrong_store_url(std::string const& url);
/// A URL with `***` in the place of its password.
[[nodiscard]] std::string masked(std::string const& url);

/// A setting's value: as TOML writes it, and as it is (durations in milliseconds); secrets masked.
struct setting_value {
  std::string toml;
  std::variant<bool, std::int64_t, std::string, std::vector<std::string>> value;
  friend bool operator==(setting_value const&, setting_value const&) = default;
};
/// Every setting as `section.key`, in the order of the example file.
[[nodiscard]] std::vector<std::pair<std::string, setting_value>> describe(settings const& s);
/// The text of `troupe.example.toml`: every key with its meaning, its range and its default.
[[nodiscard]] std::string example_toml();

} // namespace troupe
