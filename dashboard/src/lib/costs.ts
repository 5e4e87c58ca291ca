// Money, tokens and times, added up from tickets and from the events of attempts.
import { usedBy } from "./attempts";
import type { Event, Ticket, Usage } from "./types";

export interface Sum {
  key: string;
  input: number;
  output: number;
  micros: number;
  wall: number;
  n: number;
}

export function addUp<T>(of: T[], keyOf: (x: T) => string, used: (x: T) => Usage | undefined): Sum[] {
  const out = new Map<string, Sum>();
  for (const x of of) {
    const key = keyOf(x) || "–";
    const s = out.get(key) ?? { key, input: 0, output: 0, micros: 0, wall: 0, n: 0 };
    const u = used(x) ?? {};
    s.input += u.input_tokens ?? 0;
    s.output += u.output_tokens ?? 0;
    s.micros += u.cost_micros ?? 0;
    s.wall += u.wall ?? 0;
    s.n += 1;
    out.set(key, s);
  }
  return [...out.values()].sort((a, b) => b.micros - a.micros || b.wall - a.wall || a.key.localeCompare(b.key));
}

/** The value below which the share `q` of them is; 0 of none. */
export function quantile(values: number[], q: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? 0;
}

/** Times from opening to the end of what is done. */
export function completion(tickets: Ticket[]): number[] {
  return tickets
    .filter((t) => t.status === "DONE" && t.opened_at && t.changed_at)
    .map((t) => (t.changed_at ?? 0) - (t.opened_at ?? 0));
}

/** How long what is done took, in ranges that people think in; `counts` has one more, for what took longer. */
export function histogram(times: number[]): { bounds: number[]; counts: number[]; sum: number } {
  const [minute, hour] = [60_000, 3_600_000];
  const bounds = [10_000, minute, 5 * minute, 15 * minute, hour, 4 * hour, 24 * hour];
  const counts = new Array<number>(bounds.length + 1).fill(0);
  for (const t of times) {
    const at = bounds.findIndex((b) => t <= b);
    counts[at < 0 ? bounds.length : at] = (counts[at < 0 ? bounds.length : at] ?? 0) + 1;
  }
  return { bounds, counts, sum: times.reduce((a, b) => a + b, 0) };
}

/** How often reviews and gates sent work back, by stage. */
export function sentBack(tickets: Ticket[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const t of tickets)
    for (const [stage, n] of Object.entries(t.counted?.sent_by ?? {})) out.set(stage, (out.get(stage) ?? 0) + n);
  return out;
}

/** Gates that did not pass, by gate, from `ticket.gated` events. */
export function violations(events: Event[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const e of events)
    for (const r of (e.data?.["results"] ?? []) as { gate: string; passed?: boolean }[])
      if (!r.passed) out.set(r.gate, (out.get(r.gate) ?? 0) + 1);
  return out;
}

/** In less than this a rate says nothing. */
export const shortestSpan = 60_000;

/** When work on these attempts began and ended: an attempt began as long before its end as it took. */
export function workSpan(ended: Event[]): { from: number; to: number } {
  let from = Infinity;
  let to = 0;
  for (const e of ended) {
    from = Math.min(from, e.at - (usedBy(e)?.wall ?? 0));
    to = Math.max(to, e.at);
  }
  return to > 0 ? { from, to } : { from: 0, to: 0 };
}

/** What `sum` is in each millisecond of a time; undefined where the time is too short to say. */
export const rateOver = (sum: number, { from, to }: { from: number; to: number }): number | undefined => (to - from < shortestSpan ? undefined : sum / (to - from));

/** What was spent in equal parts of a time, oldest first. */
export function burn(events: Event[], from: number, to: number, parts: number, of: (u: Usage) => number): number[] {
  const out = new Array<number>(parts).fill(0);
  const width = Math.max(1, (to - from) / parts);
  for (const e of events) {
    const u = usedBy(e);
    if (!u || e.at < from || e.at > to) continue;
    const at = Math.min(parts - 1, Math.floor((e.at - from) / width));
    out[at] = (out[at] ?? 0) + of(u);
  }
  return out;
}
