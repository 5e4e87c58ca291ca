// Messages between agents, tickets and people: those that the ledger has, from the events that made
// them durable, and what the tap saw while somebody watched.
import { usedBy } from "./attempts";
import { textOf } from "./format";
import { hash64 } from "./hash";
import type { Event, Message, Usage } from "./types";
import type { TapRecord } from "./watch";

export interface Arrow {
  /** Names it in an address: the message's id, or `~` with the place of a record in the ledger, else with the link that told it, its thread and its number there. */
  key: string;
  from: string;
  to: string;
  kind: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Milliseconds: how long its answer took, or what the tap measured. */
  latency?: number;
  /** What the attempt used that ended with this message. */
  used?: Usage;
  /** Of the ledger: the message, and the event that made it durable. */
  message?: Message;
  event?: Event;
  /** Of the tap. */
  record?: TapRecord;
}

/** Whether only the tap saw it: a record with a place in the ledger was stored, also where it was told while it happened. */
export const tapped = (a: Arrow): boolean => a.record !== undefined && a.record.seq === undefined;

/** What it says, as far as that is known here. */
export const saidOf = (a: Arrow): string => (a.message ? textOf(a.message) : (a.record?.content ?? ""));

/** How many are kept; what is older goes, the ledger has it. */
export const mostArrows = 100_000;
/** So many go at once, because each time everything is moved. */
const trimmed = 10_000;

/** Messages in an order; `gone` were before the first, and with another `epoch` the order is another one. */
export interface Arrows {
  arrows: Arrow[];
  gone: number;
  epoch: number;
}

/** Collects messages in the order in which they come; the same message told twice is one. */
export class Traffic implements Arrows {
  arrows: Arrow[] = [];
  gone = 0;
  epoch = 0;
  /** How many were taken, those that are gone as well. */
  taken = 0;
  readonly principals = new Set<string>();
  readonly kinds = new Set<string>();
  private late: Arrow[] = [];
  private readonly byKey = new Map<string, Arrow>();
  private readonly spent = new Map<string, Usage>();
  private hashed = 0;
  private readonly byHash = new Map<string, Arrow>();

  /** Whether this event is a message that was not known. */
  take(e: Event): boolean {
    if (e.type === "ticket.attempt_ended") this.remember(e);
    const m = (e.data?.["message"] ?? undefined) as Message | undefined;
    if (!m?.id || !m.from || !m.to || this.byKey.has(m.id)) return false;
    // What was let go is not taken again when the ledger is read anew: it would stand at the end.
    if (this.gone > 0 && e.at < (this.arrows[0]?.at ?? 0)) return false;
    const arrow: Arrow = { key: m.id, from: m.from, to: m.to, kind: m.kind ?? "message", at: e.at, message: m, event: e };
    const asked = m.cause ? this.byKey.get(m.cause) : undefined;
    if (asked) arrow.latency = Math.max(0, e.at - asked.at);
    const used = e.cause ? this.spent.get(`${e.entity} ${e.cause}`) : undefined;
    if (used) arrow.used = used;
    this.add(arrow);
    return true;
  }
  /** What a watch has: what the tap saw, in the order of its times, and commits of the past, each once. */
  takeRecords(records: TapRecord[], link = 0): void {
    for (const r of records) {
      const server = `server:${r.point}`;
      const stored = r.seq !== undefined;
      const key = stored ? `~${r.shard ?? 0}/${r.seq}` : `~${link}.${r.thread ?? 0}.${r.number ?? 0}`;
      if (stored && this.byKey.has(key)) continue;
      const arrow: Arrow = {
        key,
        from: r.from ?? server,
        to: r.to ?? server,
        kind: r.kind ?? r.point,
        at: r.at_us / 1000,
        record: r,
      };
      if (r.latency_us !== undefined) arrow.latency = r.latency_us / 1000;
      const live = r.thread !== undefined; // in the order of its times; what comes from the ledger is older
      if (live || arrow.at >= (this.arrows[this.arrows.length - 1]?.at ?? 0)) this.add(arrow);
      else {
        this.late.push(arrow);
        this.know(arrow);
        if (this.late.length >= trimmed) this.settle(); // a page that nobody sees does not draw
      }
    }
  }
  /** Puts what is older than what was there before into its place; in one go, because everything moves. */
  settle(): void {
    if (this.late.length === 0) return;
    const late = this.late.sort((a, b) => a.at - b.at);
    const all: Arrow[] = [];
    let next = 0;
    for (const a of this.arrows) {
      for (; next < late.length && (late[next] as Arrow).at < a.at; ++next) all.push(late[next] as Arrow);
      all.push(a);
    }
    this.arrows = all.concat(late.slice(next));
    this.late = [];
    this.epoch += 1;
    this.forgetHashes();
    while (this.arrows.length >= mostArrows + trimmed) this.trim();
  }
  find(key: string | undefined): Arrow | undefined {
    return key ? this.byKey.get(key) : undefined;
  }
  /** The durable message whose id has this hash. */
  findHash(hash: string | undefined): Arrow | undefined {
    if (!hash) return undefined;
    for (; this.hashed < this.arrows.length; ++this.hashed) {
      const a = this.arrows[this.hashed];
      if (a?.message) this.byHash.set(hash64(a.message.id), a);
    }
    return this.byHash.get(hash);
  }
  /** The messages that led to this one, nearest first; of a record, those of the message that it is about. */
  chain(of: Arrow): Arrow[] {
    const durable = of.message ? of : this.findHash(of.record?.message);
    const out: Arrow[] = durable && durable !== of ? [durable] : [];
    for (let a = this.find(durable?.message?.cause); a && out.length < 50 && !out.includes(a); a = this.find(a.message?.cause)) out.push(a);
    return out;
  }

  private add(a: Arrow): void {
    this.arrows.push(a);
    this.know(a);
    if (this.arrows.length >= mostArrows + trimmed) this.trim();
  }
  private know(a: Arrow): void {
    this.taken += 1;
    this.byKey.set(a.key, a);
    this.principals.add(a.from).add(a.to);
    this.kinds.add(a.kind);
  }
  private trim(): void {
    for (const old of this.arrows.splice(0, trimmed)) if (this.byKey.get(old.key) === old) this.byKey.delete(old.key);
    this.gone += trimmed;
    this.forgetHashes();
  }
  private forgetHashes(): void {
    this.hashed = 0;
    this.byHash.clear();
  }
  /** The event that ends an attempt and the messages that end with it have one cause. */
  private remember(e: Event): void {
    const used = usedBy(e);
    if (!used || !e.cause) return;
    if (this.spent.size > mostArrows) this.spent.clear();
    this.spent.set(`${e.entity} ${e.cause}`, used);
  }
}

/** Those of the traffic that somebody wants to see; looks only at what came since it looked last. */
export class View {
  readonly rows: Arrow[] = [];
  readonly lanes = new Set<string>();
  /** Of each row, which of all that were taken it is. */
  private readonly places: number[] = [];
  private seen = 0;
  private epoch = 0;

  constructor(
    private readonly of: Arrows,
    private readonly wants: (a: Arrow) => boolean,
    private readonly laneOf: (principal: string) => string,
  ) {}

  catchUp(): void {
    const { arrows, gone, epoch } = this.of;
    if (epoch !== this.epoch) {
      this.epoch = epoch;
      this.seen = this.rows.length = this.places.length = 0;
    }
    let old = 0;
    while (old < this.places.length && (this.places[old] as number) < gone) ++old;
    if (old > 0) {
      this.rows.splice(0, old);
      this.places.splice(0, old);
    }
    for (this.seen = Math.max(this.seen, gone); this.seen < gone + arrows.length; ++this.seen) {
      const a = arrows[this.seen - gone] as Arrow;
      if (!this.wants(a)) continue;
      this.rows.push(a);
      this.places.push(this.seen);
      this.lanes.add(this.laneOf(a.from)).add(this.laneOf(a.to));
    }
  }
}

const ranks = ["human", "agent", "brief", "plan", "run", "ticket"];
/** People and agents first, then what they speak about, the server's own parts last; names within. */
export function order(principals: Iterable<string>): string[] {
  const rank = (p: string) => {
    const at = ranks.findIndex((r) => p === `${r}s` || p.startsWith(`${r}:`));
    return at >= 0 ? at : p.startsWith("server") ? 99 : 50;
  };
  return [...principals].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }));
}

/** All tickets share one lifeline where there are many of them, and so do all of other kinds. */
export const lane = (principal: string, fold: boolean): string =>
  fold && /^[a-z]+:/.test(principal) && !/^(agent|human|server):/.test(principal) ? principal.slice(0, principal.indexOf(":")) + "s" : principal;
