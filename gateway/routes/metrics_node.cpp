#include "gateway/routes/metric_text.hpp"
#include "gateway/routes/metrics.hpp"
#include "gateway/telemetry/otlp_exporter.hpp"
#include "protocol/trace.hpp"

namespace troupe {

namespace {

constexpr double nanoseconds = 1e9; ///< in a second

void add_journal(metric_page& out, api const& a, journal_load const& now) {
  auto const& c = a.n.log().counters();
  auto const d = [](auto const& n) { return static_cast<double>(n); };
  out.gauge("troupe_journal_queue_bytes", "What waits to be made durable.").at(d(now.queue_bytes));
  out.gauge("troupe_journal_queue_limit_bytes", "Above it nothing new is taken.")
      .at(d(now.queue_limit_bytes));
  out.gauge("troupe_journal_queue_units", "Commands' outcomes that wait to be made durable.")
      .at(d(now.queue_units));
  out.gauge("troupe_journal_reads_waiting", "Reads that wait for a reader of the store.")
      .at(d(now.reads));
  out.gauge("troupe_journal_available", "1 while the store answers, else 0.")
      .at(a.n.log().away() ? 0 : 1);
  out.histogram("troupe_journal_batch_units", "Units that were made durable by one append.")
      .at({}, c.batch_units.read());
  out.histogram("troupe_journal_commit_duration_seconds",
                "How long the store took for an append, each try.")
      .at({}, c.commit_nanos.read(), nanoseconds);
  out.counter("troupe_journal_events_total", "Events that were stored since the start.")
      .at(d(c.events.load()));
  out.counter("troupe_journal_unknown_outcomes_total",
              "Appends of which the store did not say whether they are stored; sent again.")
      .at(d(c.unknown.load()));
  out.counter("troupe_journal_conflicts_total", "Units that another version had overtaken.")
      .at(d(c.conflicts.load()));
  out.counter("troupe_journal_fenced_total",
              "Units that were refused because another server has the ledger.")
      .at(d(c.fenced.load()));
}

void add_effects(metric_page& out, node_load const& now) {
  auto count = out.gauge("troupe_effects", "What entities have asked for and is under way.");
  for (auto const& e : now.effects)
    count.at({{"kind", std::string{name(e.kind)}}}, static_cast<double>(e.count));
  auto age = out.gauge("troupe_effect_oldest_seconds", "Age of the oldest of each kind, or 0.");
  for (auto const& e : now.effects)
    age.at({{"kind", std::string{name(e.kind)}}},
           static_cast<double>(e.oldest.value_or(duration{0}).count()) / 1000);
}

void add_incidents(metric_page& out, node_counts const& c) {
  auto const d = [](auto n) { return static_cast<double>(n); };
  out.counter("troupe_invariant_violations_total",
              "Stored events that broke an invariant, in the whole ledger.")
      .at(d(c.invariant_violations));
  out.counter("troupe_entity_crashes_total", "Entities that went down by a bug, since the start.")
      .at(d(c.crashes));
  out.counter("troupe_dead_letters_total", "Commands that were put aside, since the start.")
      .at(d(c.dead_letters));
  out.gauge("troupe_entities_quarantined", "Entities that are kept down because they crashed.")
      .at(d(c.quarantined));
  out.counter("troupe_part_restarts_total", "Restarts of the dispatcher and of shards.")
      .at(d(c.restarts));
  out.counter("troupe_commands_refused_total", "New work that was refused because of overload.")
      .at(d(c.refused));
}

} // namespace

void add_node_metrics(metric_page& out, api const& a) {
  auto const d = [](auto n) { return static_cast<double>(n); };
  auto const now = a.n.load();
  out.gauge("troupe_commands_in_flight", "Commands that were sent and have not ended.")
      .at(d(now.commands));
  out.gauge("troupe_commands_in_flight_limit", "From here on new work is refused, as measured.")
      .at(d(now.commands_limit));
  out.gauge("troupe_entities", "Entities in memory.").at(d(now.entities));
  out.gauge("troupe_entities_limit", "Above it those that rest are let go.")
      .at(d(now.entities_limit));
  out.gauge("troupe_entities_reading", "Entities that are being read from the store.")
      .at(d(now.entities_reading));
  out.gauge("troupe_view_batches_waiting", "Stored batches that the read side has not applied yet.")
      .at(d(now.view_behind));
  out.gauge("troupe_engine_requests_waiting", "Messages that wait for an engine in the server.")
      .at(d(now.engines.waiting));
  out.gauge("troupe_engine_threads", "Threads of the engines in the server.")
      .at({{"state", "busy"}}, d(now.engines.busy))
      .at({{"state", "free"}}, d(now.engines.threads - now.engines.busy));
  out.gauge("troupe_dispatch_offers", "Tickets that wait for an agent or a runner.")
      .at(d(now.dispatch.offers));
  out.gauge("troupe_daemon_slots", "Slots for attempts on the daemons that are connected.")
      .at({{"state", "used"}}, d(now.dispatch.occupied))
      .at({{"state", "free"}},
          d(std::max<std::int64_t>(0, now.dispatch.slots - now.dispatch.occupied)));
  out.gauge("troupe_daemons_connected", "Daemons that have a link.").at(d(a.hub.linked().size()));
  out.counter("troupe_ledger_events_total", "Events in the ledger, whoever stored them.")
      .at(d(a.n.view().last()));
  add_effects(out, now);
  add_journal(out, a, now.journal);
  add_incidents(out, a.n.counts());
}

void add_edge_metrics(metric_page& out, http_server const& edge) {
  auto const d = [](auto n) { return static_cast<double>(n); };
  auto const now = edge.now();
  auto const& bounds = edge.settings();
  out.gauge("troupe_http_connections", "Open connections.").at(d(now.connections));
  out.gauge("troupe_http_connections_limit", "Above it a connection is turned away.")
      .at(d(bounds.max_connections));
  out.gauge("troupe_http_requests_in_flight", "Requests that are being answered.")
      .at(d(now.in_flight));
  out.gauge("troupe_http_requests_in_flight_limit", "Above it the answer is 429.")
      .at(d(bounds.max_in_flight));
  out.gauge("troupe_http_streams", "Open event streams and WebSockets.").at(d(now.streams));
  out.gauge("troupe_http_streams_limit", "Above it the answer is 429.").at(d(bounds.max_streams));
  auto const* seen = edge.seen();
  if (seen == nullptr)
    return;
  out.counter("troupe_http_connections_refused_total", "Connections above the limit.")
      .at(d(seen->connections_refused()));
  auto took = out.histogram(
      "troupe_http_request_duration_seconds",
      "From a request's head to its whole answer, by route; HEAD counts with its GET.");
  for (auto const& r : seen->answers())
    took.at({{"method", r.method},
             {"route", r.pattern.empty() ? "none" : r.pattern},
             {"status", std::to_string(r.status) + "xx"}},
            r.took, nanoseconds);
  auto begun = out.counter("troupe_http_streams_begun_total", "Streams and WebSockets, by route.");
  for (auto const& s : seen->streams())
    begun.at({{"route", s.pattern}}, d(s.begun));
}

void add_watch_metrics(metric_page& out, traffic::hub_counts const& now) {
  auto const d = [](auto n) { return static_cast<double>(n); };
  out.gauge("troupe_watches", "Different watches of live traffic.").at(d(now.watches));
  out.gauge("troupe_watchers", "Watchers of live traffic.").at(d(now.watchers));
  out.counter("troupe_watch_records_total", "Records that were told, once for each watch.")
      .at(d(now.records));
  out.counter("troupe_watch_records_dropped_total", "Records that were not told.")
      .at({{"why", "rate"}}, d(now.over_rate))
      .at({{"why", "room"}}, d(now.no_room))
      .at({{"why", "slow"}}, d(now.slow_missed));
  out.counter("troupe_watchers_closed_total", "Watchers that were closed by the server, by reason.")
      .at({{"reason", "slow_reader"}}, d(now.slow_closed));
  out.gauge("troupe_watch_failed", "1 after live traffic could not be told any more, else 0.")
      .at(now.failed ? 1 : 0);
}

void add_trace_metrics(metric_page& out, otlp_exporter const* exporter) {
  auto const made = tracing::counted();
  auto const told = exporter != nullptr ? exporter->counted() : otlp_exporter::counts{};
  auto const d = [](auto n) { return static_cast<double>(n); };
  out.counter("troupe_trace_spans_total", "Spans that have ended.").at(d(made.ended));
  out.counter("troupe_trace_spans_dropped_total", "Spans that were dropped: too many waited.")
      .at(d(made.dropped));
  out.gauge("troupe_trace_spans_waiting", "Spans that wait to be sent.").at(d(made.waiting));
  out.counter("troupe_trace_spans_sent_total", "Spans that the collector took.").at(d(told.sent));
  out.counter("troupe_trace_spans_rejected_total",
              "Spans that the collector refused, or that could not be sent.")
      .at(d(told.rejected));
}

} // namespace troupe
