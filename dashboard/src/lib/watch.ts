// What passes the server's choke points while it happens: the lines of `/api/watch` (docs/watch.md).
import { query, Refusal, refusalOf } from "./api";
import { pause, readFrames } from "./sse";

export interface TapRecord {
  type: "record";
  at_us: number;
  point: string;
  outcome: string;
  direction?: string;
  kind?: string;
  from?: string;
  to?: string;
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
interface Closed {
  type: "closed";
  reason: string;
  again?: boolean;
}

/** What a watch is at: `ended` by itself, `refused` by the server, `lost` and being tried again. */
export interface WatchState {
  is: "connecting" | "live" | "lost" | "ended" | "refused";
  /** In words, where it ended or was refused. */
  why: string;
  /** Of a filter that is refused: where, counted in characters from 1. */
  column?: number;
  /** Records that were not told, by reason. */
  missed: Record<string, number>;
}

const endings: Record<string, string> = {
  record_limit: "It ended by itself after as many records as one watch may have.",
  time_limit: "It ended by itself after as long as one watch may be.",
  slow_reader: "The server ended it, because this page did not read for thirty seconds.",
  token_ended: "The token that it was begun with has ended.",
  stopped: "The server ended it.",
  internal: "The server ended it after a fault of its own.",
};
const ending = (reason: string): string => endings[reason] ?? `The server ended it: ${reason.replaceAll("_", " ")}.`;

/** In words, why the watch is over; undefined where the server says to come back, as one does that stops to start again. */
export const endOf = (last: { reason: string; again?: boolean }): string | undefined => (last.again ? undefined : ending(last.reason));

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
  state: WatchState = { is: "connecting", why: "", missed: {} };
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
    const { missed } = this.state;
    this.state = { is, why, missed, ...(column ? { column } : {}) };
    this.changed();
  }
  private async run(): Promise<void> {
    const { signal } = this.control;
    const { filter, contents, rate, since } = this.wanted;
    for (let tries = 0; !signal.aborted; ++tries) {
      const from = since && this.told ? { after: this.told } : { since };
      const path = `/api/watch${query({ filter: filter.trim(), contents: contents ? "true" : "", rate, limit, seconds, ...from })}`;
      try {
        const response = await fetch(path, { headers: { Accept: "text/event-stream" }, signal, cache: "no-store" });
        if (!response.ok || !response.body) throw await refusalOf(response);
        const link = ++links;
        this.set("live");
        await readFrames(response.body, (frames) => {
          tries = 0;
          this.told = frames[frames.length - 1]?.id || this.told;
          this.hear(
            frames.map((f) => JSON.parse(f.data) as TapLine),
            link,
          );
        });
      } catch (e) {
        if (signal.aborted) return;
        // A refusal stays one; only a server that is away, or full, may say something else next time.
        if (e instanceof Refusal && e.status >= 400 && e.status < 500 && e.status !== 429) return this.set("refused", e.message, columnOf(e));
      }
      if (signal.aborted || this.state.is === "ended") return;
      this.set("lost");
      await new Promise((done) => setTimeout(done, pause(tries, Math.random())));
    }
  }
  private hear(lines: TapLine[], link: number): void {
    const records = lines.filter((l): l is TapRecord => l.type === "record");
    if (records.length > 0) this.take(records, link);
    for (const l of lines) {
      if (l.type === "gap") this.state.missed[l.why] = (this.state.missed[l.why] ?? 0) + l.count;
      else if (l.type === "counters") this.state.missed["slow"] = (this.state.missed["slow"] ?? 0) + l.records + l.missed;
      else if (l.type === "closed") {
        const why = endOf(l);
        if (why) this.set("ended", why);
      }
    }
  }
}
