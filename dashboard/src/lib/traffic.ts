// Messages between agents, tickets and people, from the events that made them durable.
import type { Event, Message } from "./types";

export interface Arrow {
  message: Message;
  event: Event;
  from: string;
  to: string;
  at: number;
  /** How long its answer took, or how long it took to answer what it answers. */
  latency?: number;
}

/** Collects messages in the order of their events; the same message told twice is one. */
export class Traffic {
  readonly arrows: Arrow[] = [];
  readonly lifelines: string[] = [];
  private readonly byId = new Map<string, Arrow>();
  private readonly seen = new Set<string>();

  /** Whether this event is a message that was not known. */
  take(e: Event): boolean {
    const m = (e.data?.["message"] ?? undefined) as Message | undefined;
    if (!m?.id || !m.from || !m.to || this.byId.has(m.id)) return false;
    const arrow: Arrow = { message: m, event: e, from: m.from, to: m.to, at: e.at };
    const asked = m.cause ? this.byId.get(m.cause) : undefined;
    if (asked) arrow.latency = Math.max(0, e.at - asked.at);
    this.byId.set(m.id, arrow);
    this.arrows.push(arrow);
    for (const p of [m.from, m.to])
      if (!this.seen.has(p)) {
        this.seen.add(p);
        this.lifelines.push(p);
      }
    return true;
  }
  find(id: string | undefined): Arrow | undefined {
    return id ? this.byId.get(id) : undefined;
  }
  /** The messages that led to this one, nearest first. */
  chain(of: Arrow): Arrow[] {
    const out: Arrow[] = [];
    for (let a = this.find(of.message.cause); a && out.length < 50 && !out.includes(a); a = this.find(a.message.cause)) out.push(a);
    return out;
  }
}

/** People and agents first, then what they speak about; names within. */
export function order(lifelines: string[]): string[] {
  const rank = (p: string) => (p.startsWith("human:") ? 0 : p.startsWith("agent:") ? 1 : p.startsWith("brief:") ? 2 : p.startsWith("plan:") ? 3 : 4);
  return [...lifelines].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }));
}

/** All tickets share one lifeline where there are many of them. */
export const lane = (principal: string, fold: boolean): string =>
  fold && /^(ticket|brief|plan|run):/.test(principal) ? principal.slice(0, principal.indexOf(":")) + "s" : principal;
