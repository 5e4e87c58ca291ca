#include "cli/command.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Lists commands with the first sentence of what they do; their own help has the rest.
class short_formatter : public CLI::Formatter {
public:
  short_formatter() { column_width(34); }
  std::string make_subcommand(CLI::App const* sub) const override {
    auto what = sub->get_description();
    if (auto const end = what.find_first_of(".:;"); end != std::string::npos)
      what.resize(end);
    std::string name = "  " + sub->get_name();
    name.resize(std::max<std::size_t>(name.size() + 1, 16), ' ');
    return name + what + "\n";
  }
};

} // namespace

// ---- option -------------------------------------------------------------------------------------

option option::type_name(std::string const& name) const {
  of_->type_name(name);
  return *this;
}

option option::required(bool is) const {
  of_->required(is);
  return is && positional() ? not_empty() : *this;
}

option option::not_empty() const {
  of_->check(CLI::Validator{[](std::string const& text) {
                              bool const is =
                                  text.find_first_not_of(" \t\r\n") == std::string::npos;
                              return std::string{is ? "must not be empty" : ""};
                            },
                            ""});
  return *this;
}

option option::group(std::string const& name) const {
  of_->group(name);
  return *this;
}

option option::hide() const {
  return group("");
}

option option::one_of(std::vector<std::string> const& words) const {
  of_->check(CLI::IsMember(words));
  return *this;
}

option option::between(std::int64_t least, std::int64_t most) const {
  of_->check(CLI::Validator{[](std::string const& text) { // 0x10 and 1e3 are numbers to the library
                              auto const digits = text.substr(text.starts_with('-') ? 1 : 0);
                              bool const is =
                                  !digits.empty() &&
                                  digits.find_first_not_of("0123456789") == std::string::npos;
                              return std::string{is ? "" : text + " is not a whole number"};
                            },
                            ""});
  of_->check(CLI::Range(least, most));
  return *this;
}

option option::excludes(option other) const {
  of_->excludes(other.of_);
  return *this;
}

bool option::given() const {
  return of_->count() > 0;
}

std::vector<std::string> const& option::long_names() const {
  return of_->get_lnames();
}

std::string const& option::what() const {
  return of_->get_description();
}

std::string option::type() const {
  return of_->get_type_name();
}

bool option::hidden() const {
  return of_->get_group().empty();
}

bool option::positional() const {
  return of_->get_positional();
}

int option::most_values() const {
  return of_->get_items_expected_max();
}

namespace {

/// A named option that may come again has one value each time: the word behind it is the command's.
option one_each(CLI::Option& of) {
  if (!of.get_positional())
    of.allow_extra_args(false);
  return option{of};
}

} // namespace

// ---- command ------------------------------------------------------------------------------------

command command::add(std::string const& name, std::string const& what) const {
  auto& out = *of_->add_subcommand(name, what);
  out.fallthrough();
  return command{out};
}

void command::may_choose_below() const {
  of_->require_subcommand(0, 1);
}

void command::footer(std::string const& text) const {
  of_->footer(text);
}

void command::hide() const {
  of_->group("");
}

void command::on_chosen(std::function<void()> call) const {
  of_->callback([of = of_, call = std::move(call)] {
    if (of->get_subcommands().empty())
      call();
  });
}

option command::add_option(std::string const& name, std::string& value,
                           std::string const& what) const {
  return option{*of_->add_option(name, value, what)};
}

option command::add_option(std::string const& name, std::vector<std::string>& values,
                           std::string const& what) const {
  return one_each(*of_->add_option(name, values, what));
}

option command::add_option(std::string const& name, std::int64_t& value,
                           std::string const& what) const {
  return option{*of_->add_option(name, value, what)};
}

option command::add_option(std::string const& name, int& value, std::string const& what) const {
  return option{*of_->add_option(name, value, what)};
}

option command::add_option(std::string const& name, std::uint32_t& value,
                           std::string const& what) const {
  return option{*of_->add_option(name, value, what)};
}

option command::add_option_function(std::string const& name,
                                    std::function<void(std::string const&)> const& take,
                                    std::string const& what) const {
  return option{*of_->add_option_function<std::string>(name, take, what)};
}

option
command::add_option_function(std::string const& name,
                             std::function<void(std::vector<std::string> const&)> const& take,
                             std::string const& what) const {
  return one_each(*of_->add_option_function<std::vector<std::string>>(name, take, what));
}

option command::add_flag(std::string const& name, bool& value, std::string const& what) const {
  return option{*of_->add_flag(name, value, what)};
}

option command::add_flag_callback(std::string const& name, std::function<void()> const& call,
                                  std::string const& what) const {
  return option{*of_->add_flag_callback(name, call, what)};
}

void command::add_version_flag(std::string const& name, std::string const& text,
                               std::string const& what) const {
  of_->set_version_flag(name, text, what);
}

std::string const& command::name() const {
  return of_->get_name();
}

std::string command::what() const {
  return of_->get_description();
}

bool command::hidden() const {
  return of_->get_group().empty();
}

std::optional<command> command::parent() const {
  auto* const up = of_->get_parent();
  return up != nullptr ? std::optional{command{*up}} : std::nullopt;
}

std::vector<command> command::commands() const {
  std::vector<command> out;
  for (auto* const sub : of_->get_subcommands({}))
    out.emplace_back(*sub);
  return out;
}

std::vector<option> command::options() const {
  std::vector<option> out;
  for (auto* const o : of_->get_options())
    out.emplace_back(*o);
  return out;
}

std::optional<option> command::find_option(std::string const& name) const {
  auto* const found = of_->get_option_no_throw(name);
  return found != nullptr ? std::optional{option{*found}} : std::nullopt;
}

command command::innermost() const {
  auto* at = of_;
  for (auto subs = at->get_subcommands(); !subs.empty(); subs = at->get_subcommands())
    at = subs.back();
  return command{*at};
}

std::string command::help(std::string const& full_name) const {
  // Not App::help: that is the help of the command below which the arguments named.
  return of_->get_formatter()->make_help(of_, full_name, CLI::AppFormatMode::Normal);
}

// ---- the tree -----------------------------------------------------------------------------------

command_tree::command_tree(std::string const& name, std::string const& what)
    : root_(std::make_unique<CLI::App>(what, name)) {
  root_->require_subcommand(0, 1);
  root_->fallthrough();
  root_->formatter(std::make_shared<short_formatter>()); // commands below inherit it
}

command_tree::~command_tree() = default;

command command_tree::root() const {
  return command{*root_};
}

parsed command_tree::parse(int argc, char const* const* argv) const {
  try {
    root_->parse(argc, argv);
  } catch (CLI::CallForHelp const&) {
    return {parsed::as::help, {}};
  } catch (CLI::CallForVersion const& e) {
    return {parsed::as::version, e.what()};
  } catch (CLI::ArgumentMismatch const& e) {
    // `--data: At Most 1 required but received 2`
    std::string const said = e.what();
    auto const end = said.find(": At Most ");
    return {parsed::as::wrong, end == std::string::npos
                                   ? said
                                   : "`" + said.substr(0, end) + "` is given more than once"};
  } catch (CLI::ParseError const& e) {
    return {parsed::as::wrong, e.what()};
  }
  return {parsed::as::commands, {}};
}

std::string command_tree::help() const {
  return root_->help();
}

void refuse_value(std::string const& option, std::string const& why) {
  throw CLI::ValidationError(option, why);
}

} // namespace troupe
