// The report as Markdown.
const dash = (value, digits = 0) =>
  !Number.isFinite(value) ? '-' : value.toFixed(digits);
const rate = (n) => dash(n, n < 100 ? 1 : 0);
const ratio = (r) =>
  dash(r.ratio_to_control, 2) + (Number.isFinite(r.ratio_to_control) && r.repeats > 1 ? ` (${r.low.toFixed(2)} to ${r.high.toFixed(2)})` : '');
const ms = (n) => (n === null ? '-' : n < 10 ? n.toFixed(2) : n.toFixed(0));

function rows(head, right, lines) {
  const rule = head.map((_, i) => (i >= right ? '---:' : '---'));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

// One record an engine and level: the one whose ratio to the control (without one: whose rate) is
// the median, the lower of the two in the middle of an even number, with the lowest and highest.
export function medians(records) {
  const groups = new Map();
  for (const r of records) {
    const key = `${r.in_flight} ${r.engine}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(r);
  }
  return [...groups.values()].map((all) => {
    const of = (r) => r.ratio_to_control ?? r.tickets_per_s;
    const sorted = [...all].sort((a, b) => of(a) - of(b));
    return { ...sorted[Math.floor((sorted.length - 1) / 2)], repeats: all.length, low: of(sorted[0]), high: of(sorted.at(-1)) };
  });
}

export function table(report) {
  const parts = [];
  const { machine } = report;
  parts.push(
    `${machine.processors} × ${machine.processor}, ${machine.memory_mib} MiB, Linux ${machine.kernel}, load before ${machine.load_before}; Node ${machine.node}; ${report.at_commit}; ${machine.at}`,
  );
  if (report.postgres) parts.push(`Postgres ${report.postgres.version}: ${report.postgres.settings}`);
  if (report.floors.length)
    parts.push(
      rows(
        ['floor', 'clients', 'commits/s', 'rows/s', 'ms a commit'],
        1,
        report.floors.map((f) => [f.what, f.clients, rate(f.commits_per_s), dash(f.rows_per_s), ms(f.latency_ms)]),
      ),
    );
  if (report.medians.length || report.failed.some((f) => f.in_flight))
    parts.push(
      rows(
        ['engine', 'in flight', 'tickets/s', '× control', 'p50 ms', 'p90 ms', 'p99 ms', 'p99.9 ms', 'CPU ms a ticket: client', 'server', 'log bytes a ticket', 'fsyncs', 'client MiB'],
        1,
        report.medians.map((r) => {
          const each = (s) => dash((s * 1000) / (r.tickets_per_s * r.seconds), 2);
          return [
            r.engine, r.in_flight_reached < r.in_flight * 0.9 ? `${r.in_flight} (${r.in_flight_reached})` : r.in_flight, rate(r.tickets_per_s) + (r.steady === false ? ' *' : ''), ratio(r),
            ms(r.p50_ms), ms(r.p90_ms), ms(r.p99_ms), ms(r.p999_ms), each(r.cpu_s_client), each(r.cpu_s_server),
            dash(r.wal_bytes_per_ticket), dash(r.fsyncs_per_ticket, 2), dash(r.rss_mib_client),
          ];
        }),
      ),
    );
  if (report.medians.some((r) => r.steady === false))
    parts.push('\\* Fewer tickets finished in the time than were in flight: not the steady state; the latencies are of those few. In brackets: how many were in flight, where it took tickets in more slowly than it finished them or than the time allowed.');
  if (report.recoveries.length)
    parts.push(
      rows(
        ['kill -9 of the worker', 'in flight', 'first progress s', 'all moving s', 'all at the last stage s', 'moved', 'stages run again', 'how'],
        1,
        report.recoveries.map((r) => [
          r.engine, r.in_flight, dash(r.first_s, 2), r.all_moving_s === null ? `not in ${r.limit_s}` : dash(r.all_moving_s, 2),
          dash(r.all_at_last_stage_s, 2), r.moved, r.stages_run_again ?? '-', r.note ?? '',
        ]),
      ),
    );
  const stated = new Map(report.medians.map((r) => [r.engine, r.durability]));
  if (stated.size)
    parts.push('Durability:\n' + [...stated].map(([name, text]) => `- **${name}**${report.versions[name] ? ` ${report.versions[name]}` : ''}: ${text}`).join('\n'));
  if (report.failed.length)
    parts.push('Failed:\n' + report.failed.map((f) => `- **${f.engine}**${f.in_flight ? ` at ${f.in_flight}` : ''}${f.what ? ` (${f.what})` : ''}: ${f.error}`).join('\n'));
  return parts.join('\n\n');
}
