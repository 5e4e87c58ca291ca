import type { Event } from "../lib/types";

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

/** Attempts as the ledger has them: leased, started, ended. */
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
      a.wall = Number((d["used"] as { wall?: number } | undefined)?.wall ?? 0);
    }
  }
  return [...out.values()];
}
