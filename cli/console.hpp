#pragma once

#include "cli/client.hpp"
#include "cli/exit_codes.hpp"
#include "cli/text/style.hpp"
#include "config/load.hpp"

#include <memory>
#include <optional>

namespace troupe {

/// Flags that every command has.
struct common_flags {
  bool json = false;
  std::string colour = "auto"; ///< `auto`, `always`, `never`
  std::string config;          ///< settings file
  std::string server;
  std::string token_file;
  std::map<std::string, std::string> settings; ///< `section.key` -> text, from flags
};

/// What a command writes to and asks: standard output for results (with --json exactly one JSON
/// document), standard error for everything else. Knows the settings and the server.
class console {
public:
  explicit console(common_flags flags);
  ~console();

  [[nodiscard]] common_flags const& flags() const { return flags_; }
  [[nodiscard]] bool json() const { return flags_.json; }
  /// Of standard output.
  [[nodiscard]] text_style const& style() const { return style_; }
  /// A person sits at both ends.
  [[nodiscard]] bool interactive() const { return interactive_; }
  /// Standard error is a terminal: progress may be shown.
  [[nodiscard]] bool shows_progress() const { return progress_; }

  /// Reads the settings; false, with every problem printed, when they are wrong.
  [[nodiscard]] bool load();
  [[nodiscard]] loaded_settings const& loaded() const { return loaded_; }
  [[nodiscard]] settings const& configured() const { return loaded_.values; }
  [[nodiscard]] std::filesystem::path data() const;
  /// The server; its token is read at the first call. Where the file that was named for it cannot
  /// be read, every call answers that, and `fail` makes of it the wrong argument that it is.
  [[nodiscard]] api_client& api();

  void print(std::string_view text) const;
  void print_json(json::value const& document) const;
  /// The result of a command: the document with --json, else the text. Answers 0.
  int show(json::value const& document, std::string_view text) const;
  /// A hint on standard error; not with --json.
  void note(std::string_view text) const;
  /// The same also with --json: standard output stays one document, or one a line.
  void remark(std::string_view text) const;
  /// Replaces the line of progress on a terminal; an empty text clears it.
  void progress(std::string_view text) const;
  /// What happened and what to do, one line each (plus allowed transitions, a cycle's path, a list
  /// of problems where there are some). Answers the exit code: that of the error, unless this
  /// failure has another one, which --json says as well.
  int fail(error const& e, std::string_view way_out = {}, std::optional<int> code = {}) const;
  /// Wrong arguments. Answers 2.
  int misuse(std::string_view what, std::string_view way_out) const;

  /// Asks for one line on a terminal; the default where the answer is empty.
  [[nodiscard]] std::string ask(std::string_view question, std::string_view by_default) const;
  [[nodiscard]] bool confirm(std::string_view question, bool by_default) const;

private:
  /// Empty where none is given and the usual file has none. Errors: invalid_argument (a file that
  /// was named cannot be read).
  [[nodiscard]] result<std::string> token() const;

  common_flags flags_;
  text_style style_;
  text_style error_style_;
  bool interactive_ = false;
  bool progress_ = false;
  std::map<std::string, std::string> environment_;
  loaded_settings loaded_;
  std::unique_ptr<api_client> api_;
  bool no_token_ = false; ///< the named file of it cannot be read
};

/// The style of an output: colours on a terminal, unless NO_COLOR is set or TERM is `dumb`.
[[nodiscard]] text_style style_of(int descriptor, std::string_view colour,
                                  std::map<std::string, std::string> const& environment);
/// The second line of a failure: what to do about it.
[[nodiscard]] std::string way_out_of(error const& e);

/// A whole file; `-` is standard input. Errors: not_found, too_large (over `most` bytes).
[[nodiscard]] result<std::string> read_input(std::string const& file,
                                             std::size_t most = 64 * 1024 * 1024);

} // namespace troupe
