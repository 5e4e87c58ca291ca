#pragma once

#include "actors/tap/hub.hpp"
#include "gateway/routes/api.hpp"

namespace troupe {

class metric_page;

/// What the edge and the process have to tell.
void add_edge_metrics(metric_page& out, http_server const& edge);
void add_process_metrics(metric_page& out);
/// What the node's parts have to do, and what went wrong with them.
void add_node_metrics(metric_page& out, api const& a);
/// What became of the spans of traces.
void add_trace_metrics(metric_page& out, otlp_exporter const* exporter);
/// Who watches live traffic, and what was not told.
void add_watch_metrics(metric_page& out, traffic::hub_counts const& now);
/// What the team has done.
void add_work_metrics(metric_page& out, work_totals const& w);

/// Every metric of this server, in Prometheus' text format 0.0.4. Everything is read here and now:
/// a server that nobody scrapes does nothing for it beyond counting.
[[nodiscard]] std::string metrics_text(api const& a);

} // namespace troupe
