// What passes the server's choke points while it happens: the lines of `/api/watch` (docs/watch.md).
import { query, Refusal, refusalOf } from "./api";
import { pause, readFrames } from "./sse";
import { ending } from "./watchtext";

export interface TapRecord {
  type: "record";
  at_us: number;
  point: string;
  outcome: string;
  direction?: string;
  kind?: string;
  from?: string;
  to?: string;
  /** Whose work it is, by id, where that is neither of these. */
  agent?: string;
  project?: string;
  brief?: string;
  ticket?: string;
  latency_us?: number;
  outlier?: boolean;
  conversation?: string;
  message?: string;
  shard?: number;
  seq?: number;
  thread?: number;
  number?: number;
  content?: string;
}
export type TapLine =
  | TapRecord
  | { type: "gap"; count: number; why: string }
  | { type: "counters"; records: number; errors: number; missed: number }
  | Closed;
/** The last line; `again`: whether to come back. */
export interface Closed {
  type: "closed";
  reason: string;
  again?: boolean;
}

/** What a watch is at: `ended` by itself, `refused` by the server, `lost` and being tried again. */
export interface WatchState {
  is: "connecting" | "live" | "lost" | "ended" | "refused";
  /** In words, where it ended, was refused, or was told to come back. */
  why: string;
  /** Of a filter that is refused: where, counted in characters from 1. */
  column?: number;
  /** Records that were not told, by reason: those of a gap, and `either` where the server counted rate and room together. */
  missed: Record<string, number>;
  /** Of the `slow` ones, so many were errors, where the server said that. */
  errors: number;
  /** How often a link ended and the watch went on with another one, by reason; what passes in between nobody counts. */
  broken: Record<string, number>;
}

/** Whether an error belongs to the filter's text, and where in it. */
export function columnOf(e: Refusal): number | undefined {
  const column = Number(e.details["column"]);
  return Number.isInteger(column) && column > 0 ? column : undefined;
}

export interface Wanted {
  filter: string;
  contents: boolean;
  /** Records a second at most. */
  rate: number;
  /** How far in the past it begins (`5m`), with the commits that the ledger has from there on; empty: now. */
  since: string;
}
/** A watch of this page ends by itself after so many records, and so many seconds. */
const limit = 100_000;
const seconds = 3_600;

/** How many links were opened since the page was loaded, by whichever watch. */
let links = 0;

/** One watch, from `start` to `stop`. A link that is lost is tried again, a watch that was ended is not. */
export class Watch {
  state: WatchState = { is: "connecting", why: "", missed: {}, errors: 0, broken: {} };
  private readonly control = new AbortController();
  /** Where a watch that began in the past goes on. */
  private told = "";

  constructor(
    private readonly wanted: Wanted,
    /** `link`: another number for each link, because a server that starts again counts its records anew. */
    private readonly take: (records: TapRecord[], link: number) => void,
    private readonly changed: () => void,
  ) {}

  start(): void {
    void this.run();
  }
  stop(): void {
    this.control.abort();
  }

  private set(is: WatchState["is"], why = "", column?: number): void {
    const { column: _, ...rest } = this.state;
    this.state = { ...rest, is, why, ...(column ? { column } : {}) };
    this.changed();
  }
  private miss(why: string, n: number): void {
    const { missed } = this.state;
    this.state = { ...this.state, missed: { ...missed, [why]: (missed[why] ?? 0) + n } };
  }
  private async run(): Promise<void> {
    const { signal } = this.control;
    const { filter, contents, rate, since } = this.wanted;
    for (let tries = 0; !signal.aborted; ++tries) {
      const from = since && this.told ? { after: this.told } : { since };
      const path = `/api/watch${query({ filter: filter.trim(), contents: contents ? "true" : "", rate, limit, seconds, ...from })}`;
      let last: Closed | undefined;
      let why = "";
      try {
        const response = await fetch(path, { headers: { Accept: "text/event-stream" }, signal, cache: "no-store" });
        if (!response.ok || !response.body) throw await refusalOf(response);
        const link = ++links;
        this.set("live");
        await readFrames(response.body, (frames) => {
          tries = 0;
          this.told = frames[frames.length - 1]?.id || this.told;
          last = this.hear(
            frames.map((f) => JSON.parse(f.data) as TapLine),
            link,
          ) ?? last;
        });
      } catch (e) {
        if (signal.aborted) return;
        // A refusal stays one; only a server that is away, or full, may say something else next time.
        if (e instanceof Refusal && e.status >= 400 && e.status < 500 && e.status !== 429) return this.set("refused", e.message, columnOf(e));
        if (e instanceof Refusal) why = `The server answers: ${e.message.replace(/[.!]?$/, ".")}`;
      }
      if (signal.aborted || this.state.is === "ended") return;
      this.breakOff(last, why);
      await new Promise((done) => setTimeout(done, pause(tries, Math.random())));
    }
  }
  /** The link is gone, and another one will be tried; only the first of several tries broke something off. */
  private breakOff(last: Closed | undefined, why: string): void {
    const { is, broken } = this.state;
    const reason = last?.reason ?? "lost";
    if (is === "live") this.state = { ...this.state, broken: { ...broken, [reason]: (broken[reason] ?? 0) + 1 } };
    this.set("lost", last ? ending(last) : why);
  }
  /** Takes what these lines tell; the last one, where it is among them. */
  private hear(lines: TapLine[], link: number): Closed | undefined {
    const records = lines.filter((l): l is TapRecord => l.type === "record");
    if (records.length > 0) this.take(records, link);
    let last: Closed | undefined;
    for (const l of lines) {
      if (l.type === "gap") this.miss(l.why, l.count);
      else if (l.type === "counters") {
        this.miss("slow", l.records);
        this.miss("either", l.missed);
        this.state = { ...this.state, errors: this.state.errors + l.errors };
      } else if (l.type === "closed") last = l;
    }
    // A server that stops to start again, or that was not read for long, says to come back.
    if (last && !last.again) this.set("ended", ending(last));
    else if (records.length < lines.length) this.changed();
    return last;
  }
}
