#include "cli/console.hpp"

#include "cli/text/columns.hpp"
#include "cli/text/look.hpp"

#include <boost/json/serialize.hpp>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>

namespace troupe {

namespace {

std::string at(std::map<std::string, std::string> const& env, std::string const& name) {
  auto const found = env.find(name);
  return found == env.end() ? std::string{} : found->second;
}

std::string joined_list(error const& e, char const* member, std::string_view between) {
  return look::joined(look::texts(json::value(e.details), member), between);
}

} // namespace

text_style style_of(int descriptor, std::string_view colour,
                    std::map<std::string, std::string> const& environment) {
  text_style out;
  bool const terminal = ::isatty(descriptor) == 1;
  bool const wanted =
      terminal && at(environment, "NO_COLOR").empty() && at(environment, "TERM") != "dumb";
  out.colour = colour == "always" || (colour != "never" && wanted);
  out.width = 0;
  out.local_time = true;
  auto const columns = at(environment, "COLUMNS");
  winsize size{};
  if (!columns.empty())
    std::from_chars(columns.data(), columns.data() + columns.size(), out.width);
  else if (terminal && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0)
    out.width = size.ws_col;
  if (out.width < 0 || out.width > 1000)
    out.width = 0;
  if (out.width > 0)
    out.width = std::max(out.width, 40);
  return out;
}

console::console(common_flags flags)
    : flags_(std::move(flags)), environment_(process_environment()) {
  style_ = style_of(STDOUT_FILENO, flags_.colour, environment_);
  error_style_ = style_of(STDERR_FILENO, flags_.colour, environment_);
  interactive_ = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  progress_ = ::isatty(STDERR_FILENO) == 1 && !flags_.json;
}
console::~console() = default;

bool console::load() {
  setting_sources from;
  from.environment = environment_;
  from.flags = flags_.settings;
  if (!flags_.config.empty())
    from.file = flags_.config;
  if (!flags_.server.empty())
    from.flags["client.server"] = flags_.server;
  if (!flags_.token_file.empty())
    from.flags["client.token_file"] = flags_.token_file;
  loaded_ = load_settings(from);
  auto& server = loaded_.values.client.server;
  while (server.ends_with('/'))
    server.pop_back();
  if (!server.starts_with("http://") && !server.starts_with("https://"))
    loaded_.problems.push_back("client.server = " + server +
                               ", but it must begin with http:// or https://");
  if (loaded_.problems.empty())
    return true;
  if (flags_.json) {
    json::array all;
    for (auto const& p : loaded_.problems)
      all.emplace_back(p);
    print_json(json::object{{"error", json::object{{"code", "invalid_settings"},
                                                   {"message", "the settings are wrong"},
                                                   {"exit_code", exit_code::usage},
                                                   {"problems", std::move(all)}}}});
  }
  for (auto const& p : loaded_.problems)
    std::cerr << "troupe: " << columns::printable(p) << "\n";
  std::cerr << "Mend this; `troupe config print --example` shows every key with its range.\n";
  return false;
}

std::filesystem::path console::data() const {
  return data_folder(configured(), environment_);
}

result<std::string> console::token() const {
  if (auto const given = at(environment_, "TROUPE_TOKEN");
      !given.empty() && flags_.token_file.empty())
    return given;
  std::filesystem::path file = configured().client.token_file;
  if (file.empty())
    file = data() / "admin.token";
  std::ifstream in{file};
  std::string line;
  if (!std::getline(in, line)) {
    if (!configured().client.token_file.empty())
      return troupe::fail(errc::invalid_argument,
                          "the token file " + file.string() + " cannot be read, or is empty");
    return std::string{};
  }
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0 && (info.st_mode & 077) != 0)
    note("others can read the token file " + file.string() + "; `chmod 600` it");
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r'))
    line.pop_back();
  return line;
}

api_client& console::api() {
  if (!api_) {
    auto found = token();
    no_token_ = found.has_error();
    api_ = std::make_unique<api_client>(configured().client.server, std::move(found));
  }
  return *api_;
}

void console::print(std::string_view text) const {
  std::cout << text << std::flush;
}

void console::print_json(json::value const& document) const {
  std::cout << boost::json::serialize(document) << "\n" << std::flush;
}

int console::show(json::value const& document, std::string_view text) const {
  if (flags_.json)
    print_json(document);
  else
    print(text);
  return exit_code::ok;
}

void console::note(std::string_view text) const {
  if (!flags_.json)
    remark(text);
}

void console::remark(std::string_view text) const {
  progress({});
  std::cerr << paint(error_style_, ink::faint, columns::printable(text, true)) << "\n";
}

void console::progress(std::string_view text) const {
  if (!progress_)
    return;
  std::cerr << "\r\x1b[K";
  if (!text.empty()) {
    auto const most =
        error_style_.width > 1 ? static_cast<std::size_t>(error_style_.width - 1) : 79;
    std::cerr << paint(error_style_, ink::faint, columns::fit(columns::printable(text), most));
  }
  std::cerr << std::flush;
}

namespace {

/// Which command lists what a message (`there is no brief k3f9q2mx`) did not find.
std::string way_to_find(std::string_view message) {
  if (message.find("no such credential") != std::string_view::npos) // a token, or a code
    return "`troupe token list` shows what there is.";
  for (auto const& [kind, command] :
       {std::pair{"brief", "troupe brief list"}, std::pair{"plan", "troupe plan list"},
        std::pair{"run", "troupe run list"}, std::pair{"ticket", "troupe ticket list"},
        std::pair{"agent", "troupe agents list"}, std::pair{"approval", "troupe approve"},
        std::pair{"daemon", "troupe daemon list"}, std::pair{"project", "troupe project list"},
        std::pair{"budget", "troupe budget list"}, std::pair{"token", "troupe token list"},
        std::pair{"template", "troupe project templates"}}) {
    auto const said = "no " + std::string{kind} + " ";
    if (message.find(said) != std::string_view::npos)
      return "`" + std::string{command} + "` shows what there is.";
  }
  return "`troupe --help` names the commands that list what there is.";
}

} // namespace

std::string way_out_of(error const& e) {
  auto const details = json::value(e.details);
  switch (e.code) {
  case errc::unauthorized:
    return "Give a token: TROUPE_TOKEN, or --token-file FILE; `troupe serve` writes the first one "
           "to admin.token in its data folder.";
  case errc::forbidden:
    return "Use a token with that role; an administrator makes one with `troupe token create NAME "
           "--role ROLE`.";
  case errc::unavailable:
  case errc::timeout:
    if (e.message.find("disk of the store is full") != std::string::npos)
      return "Free some space on the disk of the data folder (`df -h`, `troupe config print` says "
             "where it is), then do the same again; what was written before is kept.";
    // The message of a client that met nobody says already how to start one.
    return e.message.find("; ") == std::string::npos
               ? "Start a server with `troupe serve`, or name another one with --server URL."
               : "Another server goes with --server URL, or TROUPE_SERVER.";
  case errc::busy:
    return "Try again in " + look::count(look::number(details, "retry_after", 1), "second") + ".";
  case errc::conflict: {
    if (auto const path = joined_list(e, "path", " -> "); !path.empty())
      return e.message.find(path) == std::string::npos
                 ? "Take one edge of the cycle away: " + path + "."
             : e.message.find("take one") == std::string::npos ? "Take one edge of it away."
                                                               : std::string{};
    if (look::at(details, "allowed").is_array()) {
      if (auto const next = joined_list(e, "allowed", ", "); !next.empty())
        return "From here it can become: " + next + ".";
      // States that end an entity are in capitals.
      auto const state = look::text(details, "state");
      return !state.empty() && state.front() >= 'A' && state.front() <= 'Z'
                 ? "It is over: nothing can follow."
                 : "Its `show` command says how it stands.";
    }
    return "Look at it again before you go on.";
  }
  case errc::not_found:
    return way_to_find(e.message);
  case errc::too_large:
    return "Send less, or in parts.";
  case errc::invalid_argument:
    if (auto const field = look::text(details, "field"); !field.empty())
      return "Mend the field " + field + ".";
    return "--help shows how it is meant.";
  case errc::corrupt:
    if (e.message.find("not a database") != std::string::npos)
      return "It is no ledger of Troupe, or was written over: keep a copy of it, and fill another "
             "folder from an export: `troupe import FILE --data DIR`.";
    return "Keep a copy of the ledger as it is (the data folder, or the database); `troupe verify` "
           "names the first bad event.";
  case errc::unsupported:
  case errc::internal:
  case errc::fenced:
    return "The server's log says more.";
  }
  return {};
}

int console::fail(error const& e, std::string_view way_out, std::optional<int> own_code) const {
  if (no_token_ && e.code == errc::invalid_argument) // nothing was sent, so nothing else is meant
    return misuse(e.message, "Name a file that holds a token: --token-file FILE, or "
                             "TROUPE_TOKEN_FILE; TROUPE_TOKEN holds a token itself.");
  auto const code = own_code.value_or(exit_code_of(e.code));
  progress({});
  if (flags_.json) {
    json::object problem{{"code", to_string(e.code)}, {"message", e.message}, {"exit_code", code}};
    for (auto const& member : e.details)
      problem.emplace(member.key(), member.value());
    print_json(json::object{{"error", std::move(problem)}});
  }
  std::cerr << paint(error_style_, ink::bad, "troupe: ") << columns::printable(e.message) << "\n";
  for (auto const& p : look::texts(json::value(e.details), "problems"))
    if (p != e.message)
      std::cerr << "  - " << p << "\n";
  auto const hint = way_out.empty() ? way_out_of(e) : std::string{way_out};
  if (!hint.empty())
    std::cerr << columns::printable(hint, true) << "\n";
  return code;
}

int console::misuse(std::string_view what, std::string_view way_out) const {
  if (flags_.json)
    print_json(json::object{{"error", json::object{{"code", "usage"},
                                                   {"message", what},
                                                   {"hint", way_out},
                                                   {"exit_code", exit_code::usage}}}});
  std::cerr << paint(error_style_, ink::bad, "troupe: ") << columns::printable(what) << "\n"
            << way_out << "\n";
  return exit_code::usage;
}

std::string console::ask(std::string_view question, std::string_view by_default) const {
  std::cout << paint(style_, ink::strong, question);
  if (!by_default.empty())
    std::cout << " [" << by_default << "]";
  std::cout << " " << std::flush;
  std::string line;
  if (!std::getline(std::cin, line) || line.empty())
    return std::string{by_default};
  return line;
}

bool console::confirm(std::string_view question, bool by_default) const {
  for (;;) {
    auto const said = ask(question, by_default ? "Y/n" : "y/N");
    if (said == "Y/n" || said == "y/N")
      return by_default;
    if (said == "y" || said == "Y" || said == "yes" || said == "Yes" || said == "YES")
      return true;
    if (said == "n" || said == "N" || said == "no" || said == "No" || said == "NO")
      return false;
    print("Answer y or n, please.\n");
  }
}

result<std::string> read_input(std::string const& file, std::size_t most) {
  std::string out;
  std::ifstream opened;
  std::error_code ec;
  if (file != "-") {
    if (std::filesystem::is_directory(file, ec))
      return troupe::fail(errc::not_found, file + " is a folder, not a file");
    opened.open(file, std::ios::binary);
    if (!opened)
      return troupe::fail(errc::not_found, "cannot read " + file);
  }
  std::istream& in = file == "-" ? std::cin : opened;
  char part[64 * 1024];
  while (in.read(part, sizeof part) || in.gcount() > 0) {
    out.append(part, static_cast<std::size_t>(in.gcount()));
    if (out.size() > most)
      return troupe::fail(errc::too_large,
                          file + " has more than " + std::to_string(most / 1024) + " KiB");
  }
  return out;
}

} // namespace troupe
