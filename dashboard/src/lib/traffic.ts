// Messages between agents, tickets and people: those that the ledger has, from the events that made
// them durable, and what the tap saw while somebody watched.
import { usedBy } from "./attempts";
import { textOf } from "./format";
import { hash64 } from "./hash";
import type { Event, Message, Usage } from "./types";
import type { TapRecord } from "./watch";
import type { Told } from "./watchfilter";

export interface Arrow {
  /** Names it in an address: the message's id, or `~` with the place of a record in the ledger, else with the link that told it, its thread and its number there. */
  key: string;
  /** The key that it had before the ledger had the message. */
  was?: string;
  /** Of its message's id, where that was needed. */
  hash?: string;
  from: string;
  to: string;
  kind: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Milliseconds: how long its answer took, or what the tap measured. */
  latency?: number;
  /** The attempt that ended with this message, and what it used. */
  attempt?: Ended;
  /** What it is about where it answers no message: a verdict, or a bug, is about a report. */
  about?: Arrow;
  /** Of the ledger: the message, and the event that made it durable. */
  message?: Message;
  event?: Event;
  /** Of the tap; of a message, where it passed first. */
  record?: TapRecord;
  /** How often it was seen to pass, of a message. */
  passes?: number;
  /** The filter under which it was told last. */
  under?: string;
  /** It comes back from where something was asked for: its end, or its answer. */
  back?: boolean;
}
export interface Ended {
  token: number;
  used: Usage;
}

/** Whether only the tap saw it: the ledger has messages, and records with a place in it, also where they were told while they happened. */
export const tapped = (a: Arrow): boolean => !a.message && a.record?.seq === undefined;

const openEnds = new Set(["open", "ok", "duplicate"]);
export const isBad = (a: Arrow): boolean => a.record !== undefined && !openEnds.has(a.record.outcome);
/** Its kind, and that it is the end of what was asked for. */
export const titleOf = (a: Arrow): string => (a.back && !isBad(a) ? `${a.kind} done` : a.kind);

/** Where the answer to what passed before, or its end, is told; it goes back. */
const returns = (r: TapRecord): boolean => (r.point === "effect" && r.direction === "in") || ((r.point === "dispatch" || r.point === "gateway") && r.direction === "out");

/** What a filter may ask of: the record, and the message as the send point tells it. */
export function toldOf(a: Arrow): Told[] {
  const out: Told[] = a.record ? [a.record] : [];
  if (a.message) {
    const ticket = a.event?.kind === "ticket" ? a.event.entity : undefined;
    const project = [a.from, a.to].find((p) => p.startsWith("agent:"))?.slice(6);
    const { correlation } = a.message;
    out.push({
      point: "send",
      direction: "out",
      outcome: "ok",
      kind: a.kind,
      from: a.from,
      to: a.to,
      ...(project?.includes(".") ? { project: project.slice(0, project.indexOf(".")) } : {}),
      ...(correlation ? { correlation, brief: correlation } : {}),
      ...(ticket ? { ticket, brief: ticket.slice(0, ticket.lastIndexOf("-")) } : {}),
    });
  }
  return out;
}

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
  private readonly spent = new Map<string, Ended>();
  /** The newest report of each agent on each ticket. */
  private readonly reports = new Map<string, Arrow>();
  private hashed = 0;
  private readonly byHash = new Map<string, Arrow>();
  /** Messages that passed and are not known to be in the ledger, by the hash of their ids. */
  private readonly passed = new Map<string, Arrow>();

  /** Whether this event is a message that was not known. */
  take(e: Event): boolean {
    if (e.type === "ticket.attempt_ended") this.remember(e);
    const m = (e.data?.["message"] ?? undefined) as Message | undefined;
    if (!m?.id || !m.from || !m.to || this.byKey.has(m.id)) return false;
    // What was let go is not taken again when the ledger is read anew: it would stand at the end.
    if (this.gone > 0 && e.at < (this.arrows[0]?.at ?? 0)) return false;
    const hash = this.passed.size > 0 ? hash64(m.id) : "";
    const seen = this.passed.get(hash);
    const arrow: Arrow = seen ?? { key: m.id, from: m.from, to: m.to, kind: m.kind ?? "message", at: e.at };
    arrow.message = m;
    arrow.event = e;
    const asked = m.cause ? this.byKey.get(m.cause) : undefined;
    if (asked) arrow.latency = Math.max(0, e.at - asked.at);
    const ended = e.cause ? this.spent.get(`${e.entity} ${e.cause}`) : undefined;
    if (ended) arrow.attempt = ended;
    this.relate(arrow, e.entity);
    if (seen) this.become(seen, m, hash);
    else this.add(arrow);
    return true;
  }
  /** What passed turns out to be a message of the ledger: it stays where it stands. */
  private become(a: Arrow, m: Message, hash: string): void {
    this.passed.delete(hash);
    this.byHash.set(hash, a);
    a.hash = hash;
    a.was = a.key;
    a.key = m.id;
    this.byKey.set(m.id, a);
    if (a.from === m.from && a.to === m.to) return;
    a.from = m.from; // the ledger says who speaks; the tap may name the ticket in whose name it is sent
    a.to = m.to;
    this.principals.add(a.from).add(a.to);
    this.epoch += 1;
  }
  private relate(a: Arrow, entity: string): void {
    if (a.kind === "report") {
      if (this.reports.size > mostArrows) this.reports.clear();
      this.reports.set(`${entity} ${a.from}`, a);
    } else if (a.kind === "verdict" || a.kind === "bug") {
      const about = this.reports.get(`${entity} ${a.to}`);
      if (about) a.about = about;
    }
  }
  /** What a watch has: what the tap saw, in the order of its times, and commits of the past, each once. */
  takeRecords(records: TapRecord[], link = 0, under = ""): void {
    for (const r of records) {
      const server = `server:${r.point}`;
      const stored = r.seq !== undefined;
      const key = stored ? `~${r.shard ?? 0}/${r.seq}` : `~${link}.${r.thread ?? 0}.${r.number ?? 0}`;
      const message = r.point === "send" && openEnds.has(r.outcome) ? r.message : undefined;
      const known = stored ? this.byKey.get(key) : (this.findHash(message) ?? this.passed.get(message ?? ""));
      if (known) {
        known.under = under;
        if (!stored) known.passes = (known.passes ?? 0) + 1;
        known.record ??= r;
        continue;
      }
      const back = returns(r);
      const ends = [r.from ?? server, r.to ?? server] as const;
      const arrow: Arrow = {
        key,
        from: ends[back ? 1 : 0],
        to: ends[back ? 0 : 1],
        kind: r.kind ?? r.point,
        at: r.at_us / 1000,
        record: r,
        under,
      };
      if (back) arrow.back = true;
      if (message) {
        arrow.passes = 1;
        arrow.hash = message;
        this.passed.set(message, arrow);
      }
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
    this.hashed = 0;
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
      if (!a?.message || a.hash) continue;
      a.hash = hash64(a.message.id);
      this.byHash.set(a.hash, a);
    }
    return this.byHash.get(hash);
  }
  /** The messages that led to this one, nearest first, by what it answers or is about; of a record, those of the message that it is of. */
  chain(of: Arrow): Arrow[] {
    const durable = of.message ? of : this.findHash(of.record?.message);
    const out: Arrow[] = durable && durable !== of ? [durable] : [];
    const before = (a: Arrow | undefined) => this.find(a?.message?.cause) ?? a?.about;
    for (let a = before(durable); a && out.length < 50 && !out.includes(a); a = before(a)) out.push(a);
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
    for (const old of this.arrows.splice(0, trimmed)) {
      for (const key of [old.key, old.was ?? ""]) if (this.byKey.get(key) === old) this.byKey.delete(key);
      for (const known of [this.byHash, this.passed]) if (known.get(old.hash ?? "") === old) known.delete(old.hash ?? "");
    }
    this.gone += trimmed;
    this.hashed = Math.max(0, this.hashed - trimmed);
  }
  /** The event that ends an attempt and the messages that end with it have one cause. */
  private remember(e: Event): void {
    if (!e.cause) return;
    if (this.spent.size > mostArrows) this.spent.clear();
    this.spent.set(`${e.entity} ${e.cause}`, { token: Number(e.data?.["token"] ?? 0), used: usedBy(e) ?? {} });
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
      this.lanes.clear();
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
