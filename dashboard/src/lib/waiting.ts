// Who has a ticket, since when, and whom it waits for.
import { who } from "./format";
import type { Ticket } from "./types";

export interface Situation {
  /** What happens with it, in one sentence. */
  text: string;
  /** Whom it waits for; empty where it is being worked or is over. */
  waits: string;
  since?: number;
  /** What a person can do about it. */
  hint?: string;
}

/** The agent that works on it now. */
export function holderOf(t: Ticket): string {
  const h = t.holder;
  return h?.agent && (h.is === "held" || h.is === "offered" || h.is === undefined) ? h.agent : "";
}

export function situation(t: Ticket): Situation {
  const since = t.changed_at;
  const wait = t.waits?.[0];
  const more = (t.waits?.length ?? 0) > 1 ? ` and ${(t.waits?.length ?? 0) - 1} more` : "";
  switch (t.status) {
    case "DONE":
      return { text: t.merged_as ? "merged" : "done", waits: "", since };
    case "FAILED":
      return { text: t.why ? `failed: ${t.why}` : "failed", waits: "", since };
    case "CANCELLED":
      return { text: t.why ? `cancelled: ${t.why}` : "cancelled", waits: "", since };
  }
  if (t.lacks) return { text: `waits for ${t.lacks.text}`, waits: t.lacks.for ?? "", since, hint: t.lacks.do };
  if (wait) return { text: `waits for ${who(wait.owner)} to ${wait.action}${more}`, waits: wait.owner, since };
  if (t.status === "failed_pending")
    return {
      text: `waits for ${who(t.resolver) === "–" ? "a person" : who(t.resolver)} to say what happens now${t.why ? `: ${t.why}` : ""}`,
      waits: t.resolver ?? "a person",
      since,
    };
  const open = t.open_blockers ?? [];
  if (open.length > 0 && (t.status === "blocked" || t.status === "backlog"))
    return { text: `waits for ${open.join(", ")} to be done`, waits: open.join(", "), since };
  const holder = holderOf(t);
  const stage = t.stages?.[t.holder?.stage ?? t.stage_index ?? 0]?.name;
  const at = t.holder?.daemon ? ` on ${t.holder.daemon}` : "";
  if (holder) {
    const verb =
      t.status === "in_review" ? "reviews it" : t.status === "in_gates" ? "is at its gates" : t.status === "merging" ? "merges it" : t.status === "claimed" ? "is about to begin" : "works on it";
    return { text: `${who(holder)} ${verb}${stage && verb === "works on it" ? ` (${stage})` : ""}`, waits: "", since: t.holder?.since ?? since };
  }
  if (t.status === "in_gates" || t.status === "merging")
    return { text: `${t.status === "merging" ? "is being merged" : "its gates run"}${at}`, waits: "", since };
  if (t.retry_at && t.retry_at > Date.now()) return { text: "is tried again later", waits: "", since: t.retry_at };
  if (t.status === "ready" || t.status === "rework" || t.status === "in_review")
    return { text: `waits for a free agent${t.item.role && t.status === "ready" ? ` with the role ${t.item.role}` : ""}`, waits: "agent", since };
  return { text: t.status.replaceAll("_", " "), waits: "", since };
}

export interface Column {
  key: string;
  title: string;
  statuses: string[];
}
export const columns: Column[] = [
  { key: "todo", title: "To begin", statuses: ["backlog", "blocked", "ready"] },
  { key: "work", title: "At work", statuses: ["claimed", "in_progress", "rework"] },
  { key: "wait", title: "Waits for someone", statuses: ["waiting", "failed_pending"] },
  { key: "check", title: "Review, gates, merge", statuses: ["in_review", "in_gates", "merging"] },
  { key: "over", title: "Over", statuses: ["DONE", "FAILED", "CANCELLED"] },
];

/** Tickets by column, those that changed last first; in `over` what failed comes first. */
export function byColumn(tickets: Ticket[]): Map<string, Ticket[]> {
  const out = new Map<string, Ticket[]>(columns.map((c) => [c.key, []]));
  const home = new Map(columns.flatMap((c) => c.statuses.map((s) => [s, c.key] as const)));
  for (const t of tickets) out.get(home.get(t.status) ?? "todo")?.push(t);
  for (const list of out.values())
    list.sort((a, b) => Number(b.status === "FAILED") - Number(a.status === "FAILED") || (b.changed_at ?? 0) - (a.changed_at ?? 0));
  return out;
}
