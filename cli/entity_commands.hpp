#pragma once

#include "cli/commands.hpp"

namespace troupe {

/// What commands need to know of a kind of entity to speak of it.
struct entity_words {
  std::string name;    ///< `brief`
  std::string path;    ///< `/api/briefs/`, before the id
  std::string example; ///< an id for the examples of a help
  /// The whole id of what was said, where a part of it will do. Errors: not_found,
  /// invalid_argument (several are meant; the message names them).
  std::function<result<std::string>(console&, std::string const& said)> find = {};

  [[nodiscard]] std::string path_of(std::string const& id) const { return path + segment(id); }
};

/// Says why `find` found nothing, or too much (2).
[[nodiscard]] int fail_to_find(console& out, entity_words const& of, error const& e);

/// A command that does one thing to one entity.
struct entity_step {
  char const *name, *what;
  bool has_why; ///< takes `--why`
  /// What to do after it, as a hint; empty: nothing.
  std::function<std::string(json::value const& entity)> next = {};
};
/// Adds `NAME ID [--why TEXT]` for each: `POST <path>/NAME`.
void add_entity_steps(command_line& line, command group, entity_words const& of,
                      std::vector<entity_step> const& steps);

/// A command by which a person decides what an entity proposes.
struct entity_decision {
  std::string how, what;
  std::string notes_example; ///< set: notes are required
  /// What to do after it, as a hint; empty: nothing.
  std::function<std::string(console& out, json::value const& entity)> next;
};
/// Adds `HOW ID [--notes TEXT] [--content HASH]`, bound to the content that is there at the call.
void add_entity_decision(command_line& line, command group, entity_words const& of,
                         entity_decision decision);

/// Adds `edit ID [--file FILE]`: the content in an editor, or from a file. `render` shows the
/// entity afterwards.
void add_entity_edit(command_line& line, command group, entity_words const& of,
                     std::string const& what,
                     std::function<std::string(console const&, json::value const&)> render);

} // namespace troupe
