#pragma once

#include "cli/text/style.hpp"

#include <map>
#include <vector>

namespace troupe {

/// A node of a dependency graph to be drawn.
struct graph_node {
  std::string key;
  std::string title;
  std::string mark; ///< before the key: `●`, `✓`, …
  ink meaning = ink::plain;
  std::string status; ///< after the title; may be empty
  std::string note;   ///< last; may be empty
  std::vector<std::string> blocked_by;
};

/// Draws the graph as a tree: each node once, below the blocker that comes last; its other blockers
/// are named behind it. Nodes of a cycle are drawn at the end. Then one line with the waves: what
/// can be worked at the same time.
[[nodiscard]] std::string draw_graph(std::vector<graph_node> const& nodes, text_style const& style);

/// The waves: nodes without blockers, then those blocked only by earlier waves, …; what is left in
/// a cycle comes last.
struct graph_waves {
  std::vector<std::vector<std::string>> waves;
  std::vector<std::string> in_cycle;
};
[[nodiscard]] graph_waves waves_of(std::vector<graph_node> const& nodes);

} // namespace troupe
