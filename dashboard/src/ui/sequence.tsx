import { memo, useEffect, useRef, useState } from "react";
import { clip, clock, date, money, names, span, who, words } from "../lib/format";
import { lane, saidOf, tapped, type Arrow } from "../lib/traffic";
import { useRowKeys, useWindow } from "./virtual";

const ROW = 40;
const LEFT = 70;
/** Where a lifeline has less room than this its name stands aslant. */
const aslant = 60;

const toneOfKind: Record<string, string> = { question: "amber", answer: "blue", request: "violet", report: "green", verdict: "violet", assignment: "blue", bug: "red" };
const openEnds = new Set(["open", "ok", "duplicate"]);
const isBad = (a: Arrow): boolean => a.record !== undefined && !openEnds.has(a.record.outcome);

export interface Shown {
  rows: Arrow[];
  lanes: string[];
  fold: boolean;
  chosen: string;
  /** Whether it stays at the newest; otherwise it is a moment of the past, in which nothing moves. */
  follows: boolean;
  /** Somebody wants to look at what there is now. */
  hold: () => void;
  choose: (key: string) => void;
}

/** Who says what to whom, one row each; those in sight are drawn, however many there are. */
export function Sequence({ rows, lanes, fold, chosen, follows, hold, choose }: Shown) {
  const [wide, setWide] = useState(900);
  const narrow = wide < 600;
  const gap = Math.max(narrow ? 24 : 68, Math.floor((wide - LEFT - 8) / Math.max(1, lanes.length)));
  const head = gap < aslant ? 64 : 34;
  const w = useWindow(rows.length, ROW, head, follows);
  const keys = useRowKeys(rows.length, ROW, head, w, chosen ? rows.findIndex((a) => a.key === chosen) : -1);
  useEffect(() => {
    const box = w.ref.current;
    if (!box) return;
    const size = new ResizeObserver(() => setWide(box.clientWidth));
    size.observe(box);
    return () => size.disconnect();
  }, [w.ref]);
  const width = Math.max(LEFT + gap * lanes.length, wide);
  const x = new Map(lanes.map((l, n) => [l, LEFT + gap * n + gap / 2]));
  // The newest in sight is the end of the slider, whichever row is at the top then.
  const at = follows ? w.end : Math.min(w.end, rows.length - 1, Math.ceil(w.top / ROW));
  // An address may name a message: it is brought into sight once.
  const shown = useRef("");
  useEffect(() => {
    if (!chosen || shown.current === chosen || follows) return;
    shown.current = chosen;
    const row = rows.findIndex((a) => a.key === chosen);
    if (row >= 0 && (row < w.first + 8 || row > w.last - 10)) w.scrollTo(row - 3);
    const a = rows[row];
    const left = a ? Math.min(x.get(lane(a.from, fold)) ?? 0, x.get(lane(a.to, fold)) ?? 0) - LEFT - 24 : 0;
    if (left > 0 && left + LEFT + 48 > wide) w.ref.current?.scrollTo({ left });
  }, [chosen, rows, w, follows, x, fold, wide]);
  const back = (e: React.KeyboardEvent) => {
    if (["ArrowUp", "PageUp", "Home"].includes(e.key)) hold();
  };
  return (
    <div>
      <span className="field scrubber">
        <label htmlFor="scrub">Back in time: {follows ? "at the newest" : rows[at] ? date(rows[at].at) : "–"}</label>
        <input
          id="scrub"
          className="scrub"
          type="range"
          min={0}
          max={w.end}
          disabled={w.end === 0}
          value={Math.max(0, at)}
          onChange={(e) => {
            hold();
            w.scrollTo(Number(e.target.value));
          }}
        />
      </span>
      <div
        className="sequence"
        ref={w.ref}
        tabIndex={0}
        role="region"
        aria-label="Messages as a sequence diagram"
        onWheel={(e) => e.deltaY < 0 && hold()}
        onTouchMove={hold}
        onKeyDown={back}
        onPointerDown={(e) => e.target === e.currentTarget && hold()} // the bar at its side
      >
        <Heads lanes={lanes} gap={gap} width={width} head={head} />
        <div
          className="rows"
          style={{ height: w.height, width }}
          onFocus={(e) => {
            hold();
            keys.onFocus(e);
          }}
          onKeyDown={keys.onKeyDown}
        >
          <svg width={width} height={(w.last - w.first) * ROW} style={{ position: "absolute", top: w.first * ROW }} aria-hidden="true">
            {lanes.map((l) => (
              <line key={l} className="life" x1={x.get(l)} x2={x.get(l)} y1="0" y2={(w.last - w.first) * ROW} />
            ))}
          </svg>
          {rows.slice(w.first, w.last).map((a, n) => (
            // By its place: what scrolls through gets other content, not other elements, which would cost three times as much.
            <Row key={n} of={a} at={w.first + n} stop={w.first + n === keys.stop} width={width} from={x.get(lane(a.from, fold)) ?? 0} to={x.get(lane(a.to, fold)) ?? 0} chosen={a.key === chosen} choose={choose} />
          ))}
        </div>
      </div>
    </div>
  );
}

const Heads = memo(function Heads({ lanes, gap, width, head }: { lanes: string[]; gap: number; width: number; head: number }) {
  const named = names(lanes);
  return (
    <div className="heads" style={{ width }}>
      <svg width={width} height={head} aria-hidden="true">
        {lanes.map((l, n) => {
          const x = LEFT + gap * n + gap / 2;
          const place = gap < aslant ? { x: x + 3, y: head - 6, textAnchor: "end" as const, transform: `rotate(45 ${x + 3} ${head - 6})` } : { x, y: 21, textAnchor: "middle" as const };
          return (
            <text key={l} {...place}>
              <title>{l}</title>
              {clip(named.get(l) ?? "", gap < aslant ? 10 : Math.floor(gap / 8))}
            </text>
          );
        })}
      </svg>
    </div>
  );
});

const Row = memo(function Row({ of, at, stop, width, from, to, chosen, choose }: { of: Arrow; at: number; stop: boolean; width: number; from: number; to: number; chosen: boolean; choose: (key: string) => void }) {
  const tone = isBad(of) ? "red" : of.record ? "quiet" : (toneOfKind[of.kind] ?? "quiet");
  const look = `arrow tone-${tone}${tapped(of) ? " tapped" : ""}`;
  const right = to >= from;
  const self = from === to;
  const outcome = isBad(of) ? words(of.record?.outcome) : "";
  const label = [of.kind, of.latency === undefined ? "" : span(of.latency), outcome, of.used?.cost_micros ? money(of.used.cost_micros) : ""].filter(Boolean).join(" · ");
  const inside = (at: number) => Math.max(LEFT + 30, Math.min(width - 34, at));
  const room = self ? 24 : Math.max(14, Math.floor(Math.abs(to - from) / 6.6));
  const spoken = `${clock(of.at)} ${tapped(of) ? "seen by the tap: " : ""}${of.kind} from ${who(of.from)} to ${who(of.to)}${of.latency === undefined ? "" : ` after ${span(of.latency)}`}${outcome ? `, ${outcome}` : ""}: ${saidOf(of).slice(0, 160)}`;
  return (
    <button type="button" className={`row ${chosen ? "chosen" : ""}`} style={{ top: at * ROW, width, height: ROW }} data-row={at} tabIndex={stop ? 0 : -1} aria-pressed={chosen} onClick={() => choose(chosen ? "" : of.key)}>
      <span className="hidden">{spoken}</span>
      <span className="at" aria-hidden="true">
        {clock(of.at)}
      </span>
      <svg width={width} height={ROW} aria-hidden="true">
        {self ? <path className={look} d={`M${from} 14h26v14h-18`} /> : <line className={look} x1={from} x2={right ? to - 7 : to + 7} y1="27" y2="27" />}
        <path className={`arrow tone-${tone}`} d={self ? `M${from + 14} 23l-7 5l7 5` : right ? `M${to - 8} 22l7 5l-7 5` : `M${to + 8} 22l-7 5l7 5`} />
        <text x={self ? from + 32 : inside((from + to) / 2)} y={self ? 25 : 19} textAnchor={self ? "start" : "middle"}>
          {clip(label, room)}
        </text>
      </svg>
    </button>
  );
});
