// Attempts on tickets, as the ledger has them: leased, and ended with what they used.
import { eventsBack, lastEvent, newestEvents, widest } from "./api";
import type { Event, Usage } from "./types";

/** What an attempt used, as the event that ends it says. */
export const usedBy = (e: Event): Usage | undefined => e.data?.["used"] as Usage | undefined;

export interface Attempt {
  token: number;
  agent: string;
  daemon: string;
  profile: string;
  begun: number;
  ended?: number;
  how: string;
  why: string;
  summary: string;
  wall?: number;
  stage?: number;
}

/** The attempts of one ticket, from its events. */
export function attemptsOf(history: Event[]): Attempt[] {
  const out = new Map<number, Attempt>();
  for (const e of history) {
    const d = e.data ?? {};
    const token = Number(d["token"] ?? 0);
    if (e.type === "ticket.leased")
      out.set(token, {
        token,
        agent: String(d["agent"] ?? ""),
        daemon: String(d["daemon"] ?? ""),
        profile: String(d["profile"] ?? d["engine"] ?? ""),
        begun: e.at,
        how: "held",
        why: "",
        summary: "",
        stage: Number(d["stage"] ?? 0),
      });
    const a = out.get(token);
    if (!a) continue;
    if (e.type === "ticket.attempt_ended") {
      a.ended = e.at;
      a.how = String(d["how"] ?? "SUCCEEDED");
      a.why = String(d["why"] ?? d["reason"] ?? "");
      a.summary = String(d["summary"] ?? "");
      a.wall = usedBy(e)?.wall ?? 0;
    }
  }
  return [...out.values()];
}

/** So many attempts of a ticket are read. */
export const mostOfTicket = 1000;

/** The newest attempts of a ticket, oldest first; `whole` says whether those are all. */
export async function readAttempts(ticket: string, signal?: AbortSignal): Promise<{ attempts: Attempt[]; whole: boolean }> {
  let history: Event[] = [];
  for await (const { items } of eventsBack<Event>([{ ticket }], await lastEvent(signal), signal, widest)) {
    history = [...items, ...history];
    const attempts = attemptsOf(history);
    const opened = items[0]?.version === 1; // nothing of it stands further back
    if (opened || attempts.length > mostOfTicket) return { attempts: attempts.slice(-mostOfTicket), whole: attempts.length <= mostOfTicket };
  }
  return { attempts: attemptsOf(history), whole: true };
}

/** So many attempts are added up. */
export const mostWork = 20_000;

export interface Work {
  ended: Event[];
  gated: Event[];
  /** Whose attempt it was that this event ended, as the event that gave its lease says: `agent`, `profile`; empty where there is none. */
  ofLease: (ended: Event, member: "agent" | "profile") => string;
  /** False where what is older was left out. */
  whole: boolean;
}

/** The newest attempts that ended, at most so many, and what gates said since the first of them. */
export async function readWork(signal?: AbortSignal, most = mostWork): Promise<Work> {
  const is = (type: string) => (e: Event) => e.type === type;
  const ends = is("ticket.attempt_ended");
  const { items, from } = await newestEvents<Event>(
    ["ticket.attempt_ended", "ticket.gated", "ticket.leased"].map((type) => ({ type })),
    most,
    { counts: ends, signal },
  );
  // Who had the lease, and by whose program, is said where it was given; gates and merges have neither.
  const leases = new Map(items.filter(is("ticket.leased")).map((e) => [`${e.entity}/${e.data?.["token"]}`, e]));
  return {
    ended: items.filter(ends),
    gated: items.filter(is("ticket.gated")),
    ofLease: (e, member) => String(leases.get(`${e.entity}/${e.data?.["token"]}`)?.data?.[member] ?? ""),
    whole: from === 0,
  };
}
