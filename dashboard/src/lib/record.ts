// What an agent has done so far, from tickets and from the events of attempts.
import { usedBy, type Work } from "./attempts";
import type { Ticket } from "./types";

export interface Deeds {
  /** Tickets that it worked on as an author, and that are over. */
  done: number;
  failed: number;
  /** Work of others that it looked at, and how much of that it sent back. */
  reviews: number;
  sentBack: number;
  /** Its own attempts, reviews as well, and what they used. */
  attempts: number;
  wall: number;
  micros: number;
}

/** By the agent's id; who has done nothing is not in it. */
export function deedsOf(tickets: Ticket[], work: Work | undefined): Map<string, Deeds> {
  const out = new Map<string, Deeds>();
  const of = (agent: string): Deeds => {
    const known = out.get(agent) ?? { done: 0, failed: 0, reviews: 0, sentBack: 0, attempts: 0, wall: 0, micros: 0 };
    out.set(agent, known);
    return known;
  };
  for (const t of tickets) {
    for (const author of new Set((t.workers ?? []).filter((w) => w.author && w.agent).map((w) => w.agent as string))) {
      if (t.status === "DONE") of(author).done += 1;
      if (t.status === "FAILED") of(author).failed += 1;
    }
    for (const r of t.reviews ?? []) {
      if (!r.by.startsWith("agent:")) continue;
      const d = of(r.by.slice(6));
      d.reviews += 1;
      if (!r.approved) d.sentBack += 1;
    }
  }
  for (const e of work?.ended ?? []) {
    const agent = work?.ofLease(e, "agent");
    if (!agent) continue; // gates and merges
    const d = of(agent);
    d.attempts += 1;
    d.wall += usedBy(e)?.wall ?? 0;
    d.micros += usedBy(e)?.cost_micros ?? 0;
  }
  return out;
}

const times = (n: number, one: string, many: string): string => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** In words, what there is of it; `answered`: requests and questions. */
export function inWords(d: Deeds | undefined, answered: number): string[] {
  const out: string[] = [];
  if (d && d.done > 0) out.push(times(d.done, "ticket done", "tickets done"));
  if (d && d.failed > 0) out.push(times(d.failed, "failed", "failed"));
  if (d && d.reviews > 0) out.push(`${times(d.reviews, "review", "reviews")}${d.sentBack > 0 ? `, ${d.sentBack} sent back` : ""}`);
  if (answered > 0) out.push(times(answered, "answer", "answers"));
  return out;
}
