// Who has a ticket, and in which column of the board it stands.
import type { Ticket } from "./types";

/** The agent that works on it now. */
export function holderOf(t: Ticket): string {
  const h = t.holder;
  return h?.agent && (h.is === "held" || h.is === "offered" || h.is === undefined) ? h.agent : "";
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
