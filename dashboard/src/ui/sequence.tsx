import { memo, useEffect, useRef, useState, type ReactNode } from "react";
import { clip, clock, count, date, money, names, span, who, words } from "../lib/format";
import { isBad, lane, saidOf, tapped, titleOf, type Arrow } from "../lib/traffic";
import { topFor, useRowKeys, useWindow } from "./virtual";

const ROW = 40;
const LEFT = 70;
/** Where a lifeline has less room than this its name stands aslant. */
const aslant = 60;

const toneOfKind: Record<string, string> = { question: "amber", answer: "blue", request: "violet", report: "green", verdict: "violet", assignment: "blue", bug: "red" };

export interface Shown {
  rows: Arrow[];
  lanes: string[];
  fold: boolean;
  /** Which row is chosen; -1: none. */
  chosen: number;
  /** Whether it stays at the newest; otherwise it is a moment of the past, in which nothing moves. */
  follows: boolean;
  /** Somebody wants to look at what there is now. */
  hold: () => void;
  /** The slider is at its end again. */
  goOn: () => void;
  choose: (key: string) => void;
  /** The slider goes from one message to the next: many a second. */
  scrub: (key: string) => void;
  /** Stands beside the slider. */
  side: ReactNode;
}

/** Who says what to whom, one row each; those in sight are drawn, however many there are. */
export function Sequence({ rows, lanes, fold, chosen, follows, hold, goOn, choose, scrub, side }: Shown) {
  const [wide, setWide] = useState(900);
  const narrow = wide < 600;
  const gap = Math.max(narrow ? 20 : 40, Math.floor((wide - LEFT - 8) / Math.max(1, lanes.length)));
  const head = gap < aslant ? 64 : 34;
  const w = useWindow(rows.length, ROW, head, follows);
  const keys = useRowKeys(rows.length, ROW, head, w, chosen);
  useEffect(() => {
    const box = w.ref.current;
    if (!box) return;
    const size = new ResizeObserver(() => setWide(box.clientWidth));
    size.observe(box);
    return () => size.disconnect();
  }, [w.ref]);
  const width = Math.max(LEFT + gap * lanes.length, wide);
  const x = new Map(lanes.map((l, n) => [l, LEFT + gap * n + gap / 2]));
  const reveal = (row: number) => {
    const box = w.ref.current;
    if (!box) return;
    const view = Math.max(ROW, box.clientHeight - head);
    const top = topFor(row, ROW, box.scrollTop, view);
    if (top !== box.scrollTop) w.scrollTo(top);
    const a = rows[row];
    const left = a ? Math.min(x.get(lane(a.from, fold)) ?? 0, x.get(lane(a.to, fold)) ?? 0) - LEFT - 24 : 0;
    if (left > 0 && left + LEFT + 48 > wide) box.scrollTo({ left });
  };
  // Where there are more lifelines than fit, the first look is not to be at those between which nothing passes.
  useEffect(() => {
    const box = w.ref.current;
    if (!box || width <= wide) return;
    const spans = rows.slice(w.first, w.last).map((a) => [x.get(lane(a.from, fold)) ?? 0, x.get(lane(a.to, fold)) ?? 0].sort((p, q) => p - q) as [number, number]);
    const inSight = ([from, to]: [number, number]) => to > box.scrollLeft + LEFT && from < box.scrollLeft + wide;
    const newest = spans[spans.length - 1];
    if (newest && !spans.some(inSight)) box.scrollTo({ left: newest[0] - LEFT - 24 });
  }, [rows, lanes.length, width, wide]);
  // What is chosen is brought into sight once; what was clicked is there already.
  const key = rows[chosen]?.key ?? "";
  const shown = useRef("");
  useEffect(() => {
    if (!key) shown.current = "";
    if (!key || shown.current === key || follows) return;
    shown.current = key;
    reveal(chosen);
  });

  // The slider stands at the chosen message, and goes from one to the next; where none is chosen, at
  // the newest in sight. Above the first screen there is nothing to scroll to: it stays where it was put.
  const last = rows.length - 1;
  const put = useRef({ at: 0, top: -1 });
  const newest = Math.max(0, Math.min(last, Math.round((w.top + w.view) / ROW) - 1));
  const at = chosen >= 0 ? chosen : follows ? last : put.current.top === w.top ? Math.min(put.current.at, last) : newest;
  const slide = (to: number) => {
    if (chosen >= 0) {
      shown.current = rows[to]?.key ?? "";
      reveal(to);
      return scrub(shown.current);
    }
    if (to === last) return goOn();
    hold();
    put.current = { at: to, top: w.scrollTo((to + 1) * ROW - w.view) };
  };
  const when = follows ? "at the newest" : rows[at] ? `${date(rows[at].at)}, ${count(at + 1)} of ${count(rows.length)}` : "–";
  const back = (e: React.KeyboardEvent) => {
    if (["ArrowUp", "PageUp", "Home"].includes(e.key)) hold();
  };
  return (
    <div>
      <div className="playhead">
        {side}
        <label htmlFor="scrub">
          <span className="label">Back in time: </span>
          {when}
        </label>
        <input id="scrub" className="scrub" type="range" min={0} max={Math.max(0, last)} disabled={last < 1} value={Math.max(0, at)} aria-valuetext={when} onChange={(e) => slide(Number(e.target.value))} />
      </div>
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
            <Row key={n} of={a} at={w.first + n} solid={!tapped(a)} stop={w.first + n === keys.stop} width={width} from={x.get(lane(a.from, fold)) ?? 0} to={x.get(lane(a.to, fold)) ?? 0} chosen={w.first + n === chosen} choose={choose} />
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

interface RowOf {
  of: Arrow;
  at: number;
  /** The ledger has it. It may get it while it stands here, and is then drawn anew. */
  solid: boolean;
  stop: boolean;
  width: number;
  from: number;
  to: number;
  chosen: boolean;
  choose: (key: string) => void;
}
const Row = memo(function Row({ of, at, solid, stop, width, from, to, chosen, choose }: RowOf) {
  const said = of.message !== undefined || of.record?.point === "send";
  const tone = isBad(of) ? "red" : said ? (toneOfKind[of.kind] ?? "quiet") : "quiet";
  const look = `arrow tone-${tone}${solid ? "" : " tapped"}`;
  const right = to >= from;
  const self = from === to;
  const title = titleOf(of);
  const outcome = isBad(of) ? words(of.record?.outcome) : "";
  const cost = of.attempt?.used.cost_micros;
  const label = [title, of.latency === undefined ? "" : span(of.latency), outcome, cost ? money(cost) : ""].filter(Boolean).join(" · ");
  const inside = (at: number) => Math.max(LEFT + 30, Math.min(width - 34, at));
  // Nothing else stands in its row: a label may be longer than its arrow.
  const middle = self ? from + 32 : inside((from + to) / 2);
  const room = Math.max(14, Math.floor((self ? width - middle : 2 * Math.min(middle - LEFT, width - middle)) / 6.6));
  const spoken = `${clock(of.at)} ${solid ? "" : "seen by the tap: "}${title} from ${who(of.from)} to ${who(of.to)}${of.latency === undefined ? "" : ` after ${span(of.latency)}`}${outcome ? `, ${outcome}` : ""}: ${saidOf(of).slice(0, 160)}`;
  return (
    <button type="button" className={`row ${chosen ? "chosen" : ""}`} style={{ top: at * ROW, width, height: ROW }} data-row={at} tabIndex={stop ? 0 : -1} aria-pressed={chosen} onClick={() => choose(chosen ? "" : of.key)}>
      <span className="hidden">{spoken}</span>
      <span className="at" aria-hidden="true">
        {clock(of.at)}
      </span>
      <svg width={width} height={ROW} aria-hidden="true">
        {self ? <path className={look} d={`M${from} 14h26v14h-18`} /> : <line className={look} x1={from} x2={right ? to - 7 : to + 7} y1="27" y2="27" />}
        <path className={`arrow tone-${tone}`} d={self ? `M${from + 14} 23l-7 5l7 5` : right ? `M${to - 8} 22l7 5l-7 5` : `M${to + 8} 22l-7 5l7 5`} />
        <text x={middle} y={self ? 25 : 19} textAnchor={self ? "start" : "middle"}>
          {label.length > room ? `${label.slice(0, room - 1)}…` : label}
        </text>
      </svg>
    </button>
  );
});
