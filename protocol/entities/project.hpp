#pragma once

#include "protocol/entities/shared.hpp"

/// A project: one product, its repository, its roster, its process and its limits.
namespace troupe::project {

enum class status { none, active, ARCHIVED };
BOOST_DESCRIBE_ENUM(status, none, active, ARCHIVED)

struct create {
  std::string name;
  project_config config;
  TROUPE_RECORD(create, name, config);
};
/// A JSON merge patch on the configuration; runs that exist keep theirs.
struct change {
  json::value patch;
  TROUPE_RECORD(change, patch);
};
struct archive {
  TROUPE_RECORD(archive);
};
TROUPE_CHOICE(command, create, change, archive, settle, tick);

struct created {
  std::string name;
  project_config config;
  status to = status::active;
  TROUPE_RECORD(created, name, config, to);
};
struct changed {
  project_config config; ///< after the patch
  TROUPE_RECORD(changed, config);
};
struct archived {
  status to = status::ARCHIVED;
  TROUPE_RECORD(archived, to);
};
TROUPE_CHOICE(event, created, changed, archived, settled);

/// Id of the agent `name` of a project: `<project>.<name>`.
[[nodiscard]] inline agent_id agent_of(project_id const& p, std::string const& name) {
  return agent_id{p.value + "." + name};
}

} // namespace troupe::project

TROUPE_CODEC_ELSEWHERE(troupe::project::command);
TROUPE_CODEC_ELSEWHERE(troupe::project::event);
