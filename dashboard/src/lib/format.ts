// Numbers and names as people read them.

export function ago(at: number | undefined, now: number): string {
  if (!at) return "–";
  const s = Math.round((now - at) / 1000);
  if (s < 0) return `in ${coarse(-s * 1000)}`;
  return s < 2 ? "just now" : `${coarse(s * 1000)} ago`;
}

/** A duration that is still growing: whole seconds. */
export const coarse = (ms: number): string => (ms < 10_000 ? `${Math.max(0, Math.round(ms / 1000))} s` : span(ms));

/** A duration in milliseconds, at most two units. */
export function span(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms)) return "–";
  if (ms > 0 && ms < 1) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const s = Math.round(ms / 1000);
  if (s < 10 && ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return s % 60 && m < 10 ? `${m} min ${s % 60} s` : `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 24) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
  const d = Math.floor(h / 24);
  return h % 24 ? `${d} d ${h % 24} h` : `${d} d`;
}

/** Millionths of the currency unit. */
export function money(micros: number | undefined): string {
  const v = (micros ?? 0) / 1e6;
  if (v === 0) return "0.00";
  return Math.abs(v) < 0.01 ? v.toFixed(6) : v.toFixed(2);
}

export function count(n: number | undefined): string {
  return (n ?? 0).toLocaleString("en");
}

/** A size, with at most one digit behind the point. */
export function bytes(n: number): string {
  if (n < 1024) return `${n} bytes`;
  const [unit, size] = n < 1 << 20 ? (["KiB", n / 1024] as const) : (["MiB", n / (1 << 20)] as const);
  return `${size < 10 && size % 1 ? size.toFixed(1) : Math.round(size).toLocaleString("en")} ${unit}`;
}

/** `agent:duration.ada` as `ada`; `human:mara` as `mara`. */
export function who(principal: string | undefined): string {
  if (!principal) return "–";
  const name = principal.slice(principal.indexOf(":") + 1);
  return principal.startsWith("agent:") || !principal.includes(":") ? name.slice(name.lastIndexOf(".") + 1) : name;
}

/** A name for each of several principals: another one for each, and as short as that allows. */
export function names(principals: readonly string[]): Map<string, string> {
  const ways = [who, (p: string) => p.slice(p.indexOf(":") + 1), (p: string) => p];
  const out = new Map<string, string>();
  for (const way of ways) {
    const open = principals.filter((p) => !out.has(p));
    const taken = new Map<string, number>();
    for (const p of open) taken.set(way(p), (taken.get(way(p)) ?? 0) + 1);
    for (const p of open) if (taken.get(way(p)) === 1 || way === ways.at(-1)) out.set(p, way(p));
  }
  return out;
}

/** At most `n` characters of a name; of `project.role` the role stays as long as it can. */
export function clip(name: string, n: number): string {
  if (name.length <= n) return name;
  const role = name.slice(name.lastIndexOf("."));
  return role.length < name.length && role.length + 2 <= n ? `${name.slice(0, n - role.length - 1)}…${role}` : `${name.slice(0, Math.max(1, n - 1))}…`;
}

/** `in_progress` as `in progress`, `DONE` as `done`. */
export const words = (status: string | undefined): string => (status ?? "").toLowerCase().replaceAll("_", " ");

export const short = (hash: string | undefined): string => (hash ?? "").slice(0, 10);

export type Tone = "quiet" | "blue" | "violet" | "amber" | "red" | "green";

const tones: Record<string, Tone> = {
  ready: "blue", claimed: "blue", in_progress: "blue", running: "blue", starting: "blue", active: "blue", working: "blue",
  in_delivery: "blue", planning: "blue", drafting: "blue", held: "blue", approved: "blue",
  in_review: "violet", in_gates: "violet", merging: "violet", under_critique: "violet",
  waiting: "amber", rework: "amber", pending_approval: "amber", pending: "amber", paused: "amber", suspect: "amber", on_hold: "amber",
  waiting_approval: "amber", warned: "amber", draining: "amber", revision_requested: "amber", open: "amber", expired: "amber",
  failed_pending: "red", FAILED: "red", exhausted: "red", quarantined: "red", crashed: "red", REJECTED: "red", REVOKED: "red",
  STOPPED_BUDGET: "red", STOPPED_POLICY: "red", STOPPED_OPERATOR: "red", LOST: "red", STALLED: "red", TIMED_OUT: "red", invalid: "red",
  DONE: "green", COMPLETED: "green", SUCCEEDED: "green", APPROVED: "green", online: "green", ok: "green",
};
export const toneOf = (status: string | undefined): Tone => tones[status ?? ""] ?? "quiet";

/** States that end an entity are in capitals. */
export const isOver = (status: string): boolean => /^[A-Z]/.test(status);

export function clock(at: number | undefined): string {
  if (!at) return "–";
  const d = new Date(at);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}
export function date(at: number | undefined): string {
  if (!at) return "–";
  const d = new Date(at);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(at)}`;
}
export const textOf = (m: { parts?: { text?: string }[] } | undefined): string =>
  (m?.parts ?? []).map((p) => p.text ?? "").filter(Boolean).join("\n");
