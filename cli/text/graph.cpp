#include "cli/text/graph.hpp"

#include "cli/text/columns.hpp"
#include "cli/text/heading.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t least_title = 20;
constexpr std::size_t least_notes = 24;

struct drawing {
  std::map<std::string, graph_node const*> nodes;
  std::map<std::string, std::vector<std::string>> below; ///< by the blocker it hangs from
  std::map<std::string, std::vector<std::string>> also;  ///< its other blockers
  std::size_t title_column = 0;
};

struct row {
  std::string rail; ///< the lines of the tree
  graph_node const* node;
};

void collect(drawing const& d, std::string const& key, std::string const& rail,
             std::string const& below_rail, std::vector<row>& out) {
  out.push_back({rail, d.nodes.at(key)});
  auto const found = d.below.find(key);
  if (found == d.below.end())
    return;
  for (std::size_t i = 0; i < found->second.size(); ++i) {
    bool const last = i + 1 == found->second.size();
    collect(d, found->second[i], below_rail + (last ? "└─ " : "├─ "),
            below_rail + (last ? "   " : "│  "), out);
  }
}

} // namespace

graph_waves waves_of(std::vector<graph_node> const& nodes) {
  graph_waves out;
  std::set<std::string> known, placed;
  for (auto const& n : nodes)
    known.insert(n.key);
  while (placed.size() < known.size()) {
    std::vector<std::string> wave;
    for (auto const& n : nodes) {
      bool const free = std::all_of(n.blocked_by.begin(), n.blocked_by.end(), [&](auto const& b) {
        return !known.contains(b) || placed.contains(b);
      });
      if (free && !placed.contains(n.key))
        wave.push_back(n.key);
    }
    if (wave.empty())
      break;
    placed.insert(wave.begin(), wave.end());
    out.waves.push_back(std::move(wave));
  }
  for (auto const& n : nodes) {
    if (!placed.contains(n.key))
      out.in_cycle.push_back(n.key);
  }
  return out;
}

std::string draw_graph(std::vector<graph_node> const& nodes, text_style const& style) {
  auto const layers = waves_of(nodes);
  std::map<std::string, std::size_t> depth;
  for (std::size_t i = 0; i < layers.waves.size(); ++i) {
    for (auto const& key : layers.waves[i])
      depth[key] = i;
  }
  drawing d;
  for (auto const& n : nodes)
    d.nodes[n.key] = &n;
  std::vector<std::string> roots;
  for (auto const& n : nodes) {
    auto blockers = n.blocked_by;
    std::erase_if(blockers, [&](auto const& b) { return !d.nodes.contains(b); });
    if (blockers.empty() || !depth.contains(n.key)) {
      roots.push_back(n.key);
      d.also[n.key] = blockers;
      continue;
    }
    // It hangs from the blocker of the deepest wave: that one decides when it can begin.
    auto const deepest =
        std::max_element(blockers.begin(), blockers.end(),
                         [&](auto const& a, auto const& b) { return depth[a] < depth[b]; });
    auto const parent = *deepest;
    blockers.erase(deepest);
    d.below[parent].push_back(n.key);
    d.also[n.key] = std::move(blockers);
  }
  std::vector<row> rows;
  for (auto const& key : roots)
    collect(d, key, "", "", rows);

  auto const tail_of = [&](graph_node const& n) {
    auto tail = n.note;
    if (auto const& also = d.also[n.key]; !also.empty())
      tail += (tail.empty() ? "" : ", ") +
              std::string{depth.contains(n.key) ? "also after " : "after "} + look::joined(also);
    return tail;
  };
  std::size_t head = 0;
  std::size_t status = 0;
  std::size_t title = 0;
  std::size_t tail = 0;
  for (auto const& r : rows) {
    head = std::max(head, columns::width(r.rail) + columns::width(r.node->mark) + 1 +
                              columns::width(r.node->key));
    status = std::max(status, columns::width(r.node->status));
    title = std::max(title, columns::width(r.node->title));
    tail = std::max(tail, columns::width(tail_of(*r.node)));
  }
  auto const before = 2 + head + 2 + (status > 0 ? status + 2 : 0);
  if (style.width > 0) { // titles give way first, then notes
    auto const room = static_cast<std::size_t>(style.width);
    auto const notes = std::min(tail, least_notes);
    title =
        std::min(title, std::max(least_title, room > before + notes + 2 ? room - before - notes - 2
                                                                        : least_title));
    auto const begun = before + title + 2;
    tail = std::min(tail, room > begun ? room - begun : 0);
  }
  std::string out;
  for (auto const& r : rows) {
    auto const& n = *r.node;
    auto const used = columns::width(r.rail) + columns::width(n.mark) + 1 + columns::width(n.key);
    auto line = "  " + paint(style, ink::faint, r.rail) + paint(style, n.meaning, n.mark) + " " +
                paint(style, ink::name, n.key) + std::string(head - used + 2, ' ');
    if (status > 0)
      line += paint(style, n.meaning, n.status) +
              std::string(status - columns::width(n.status) + 2, ' ');
    line += columns::pad(columns::fit(n.title, title), title) + "  " +
            paint(style, ink::faint, columns::fit(tail_of(n), tail));
    while (line.back() == ' ')
      line.pop_back();
    out += line + "\n";
  }
  if (nodes.size() > 1) {
    std::vector<std::string> parts;
    for (auto const& wave : layers.waves)
      parts.push_back(look::joined(wave));
    out += views::said(look::joined(parts, "  →  "), 2, style, ink::faint, "waves: ");
  }
  if (!layers.in_cycle.empty())
    out += views::said(look::joined(layers.in_cycle), 2, style, ink::bad,
                       "in a cycle, or after one: ");
  return out;
}

} // namespace troupe
