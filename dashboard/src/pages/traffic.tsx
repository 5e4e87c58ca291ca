import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { events, get, Refusal } from "../lib/api";
import { clock, date, span, textOf, who } from "../lib/format";
import { useEvents } from "../lib/live";
import { setParams, useRoute } from "../lib/route";
import { lane, order, Traffic as Talk, type Arrow } from "../lib/traffic";
import type { Event } from "../lib/types";
import { Action, Card, Empty, EntityLink, Facts, Json, Loading, Search, Select, Status, Trouble, Who } from "../ui/parts";
import { useFollow, useWindow } from "../ui/virtual";

const ROW = 40;
const HEAD = 34;
const LEFT = 70;
const most = 100_000;

const toneOfKind: Record<string, string> = { question: "amber", answer: "blue", request: "violet", report: "green", verdict: "violet", assignment: "blue", escalation: "red", refusal: "red" };

/** Reads the messages of the ledger, then hears those that come. */
function useTalk() {
  const talk = useRef(new Talk());
  const [version, bump] = useState(0);
  const [state, set] = useState<"reading" | "live">("reading");
  const [error, setError] = useState<Refusal>();
  const frame = useRef(0);
  const soon = useCallback(() => {
    // Many events come in one frame; the page is drawn once.
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      bump((n) => n + 1);
    });
  }, []);
  const early = useRef<Event[] | undefined>([]);
  const read = useCallback(
    async (signal: AbortSignal) => {
      setError(undefined);
      try {
        const parts = await Promise.all(["ticket.message_posted", "agent.received", "agent.replied"].map((type) => events<Event>({ type }, most, signal)));
        const past = parts.flatMap((p) => p.items).sort((a, b) => (a.n ?? 0) - (b.n ?? 0));
        for (const e of [...past, ...(early.current ?? [])]) talk.current.take(e);
        early.current = undefined;
        set("live");
        soon();
      } catch (e) {
        if (!signal.aborted) setError(e instanceof Refusal ? e : new Refusal(0, String(e)));
      }
    },
    [soon],
  );
  useEffect(() => {
    const control = new AbortController();
    void read(control.signal);
    return () => control.abort();
  }, [read]);
  useEvents(
    (e) => {
      if (!e.data?.["message"]) return;
      if (early.current) early.current.push(e);
      else if (talk.current.take(e)) soon();
    },
    () => {
      if (!early.current) void read(new AbortController().signal);
    },
  );
  return { talk: talk.current, version, state, error, again: () => void read(new AbortController().signal) };
}

export default function Traffic() {
  const { talk, version, state, error, again } = useTalk();
  const { params } = useRoute();
  const [paused, pause] = useState(0); // how many were there; 0: not paused
  const kind = params["kind"] ?? "";
  const agent = params["agent"] ?? "";
  const text = (params["q"] ?? "").toLowerCase();
  const chosen = params["m"] ?? "";
  const kinds = useMemo(() => [...new Set(talk.arrows.map((a) => a.message.kind ?? ""))].filter(Boolean).sort(), [talk, version]);
  const arrows = useMemo(() => {
    const seen = paused ? talk.arrows.slice(0, paused) : talk.arrows;
    if (!kind && !agent && !text) return seen.slice();
    return seen.filter(
      (a) =>
        (!kind || a.message.kind === kind) &&
        (!agent || a.from === agent || a.to === agent) &&
        (!text || `${a.message.id} ${a.from} ${a.to} ${a.message.correlation ?? ""} ${textOf(a.message)}`.toLowerCase().includes(text)),
    );
  }, [talk, version, kind, agent, text, paused]);
  const fold = useMemo(() => talk.lifelines.filter((l) => !/^(agent|human):/.test(l)).length > 8, [talk, version]);
  const lanes = useMemo(() => order([...new Set(arrows.flatMap((a) => [lane(a.from, fold), lane(a.to, fold)]))]), [arrows, fold]);
  const arrow = talk.find(chosen);
  if (state === "reading" && !error)
    return (
      <>
        <h1>Traffic</h1>
        <Loading what="the messages of the ledger" />
      </>
    );
  return (
    <>
      <h1>Traffic</h1>
      {error && <Trouble error={error} retry={again} />}
      <div className="filters">
        <Select label="Kind" value={kind} options={[["", "every kind"], ...kinds.map((k): [string, string] => [k, k])]} onChange={(v) => setParams({ kind: v })} />
        <Select label="Who" value={agent} options={[["", "everybody"], ...order(talk.lifelines).map((l): [string, string] => [l, `${who(l)} (${l.slice(0, l.indexOf(":"))})`])]} onChange={(v) => setParams({ agent: v })} />
        <Search label="Search" value={params["q"] ?? ""} placeholder="text, id, ticket" onChange={(v) => setParams({ q: v })} />
        <button type="button" aria-pressed={paused > 0} onClick={() => pause(paused ? 0 : Math.max(1, talk.arrows.length))}>
          {paused ? `Go on (${talk.arrows.length - paused} new)` : "Pause"}
        </button>
      </div>
      <p className="muted">
        {arrows.length} messages, made durable by the ledger. Times beside answers are how long they took.
      </p>
      {arrows.length === 0 ? (
        <Empty title="No message.">{talk.arrows.length > 0 ? "None goes through these filters." : "Agents begin to talk when a brief is submitted."}</Empty>
      ) : (
        <div className={`split ${arrow ? "" : "closed"}`}>
          <Sequence arrows={arrows} lanes={lanes} fold={fold} chosen={chosen} paused={paused > 0} />
          {arrow && <Detail of={arrow} talk={talk} />}
        </div>
      )}
    </>
  );
}

function Sequence({ arrows, lanes, fold, chosen, paused }: { arrows: Arrow[]; lanes: string[]; fold: boolean; chosen: string; paused: boolean }) {
  const w = useWindow(arrows.length, ROW, HEAD);
  const [follow, setFollow] = useState(chosen === "");
  const [wide, setWide] = useState(900);
  useFollow(w, arrows.length, follow && !paused);
  useEffect(() => {
    const box = w.ref.current;
    if (!box) return;
    const size = new ResizeObserver(() => setWide(box.clientWidth));
    size.observe(box);
    return () => size.disconnect();
  }, [w.ref]);
  const gap = Math.max(wide < 600 ? 68 : 84, Math.floor((wide - LEFT - 8) / Math.max(1, lanes.length)));
  const width = Math.max(LEFT + gap * lanes.length, wide);
  const x = new Map(lanes.map((l, n) => [l, LEFT + gap * n + gap / 2]));
  const first = arrows[w.first];
  // An address may name a message: it is brought into sight once.
  const shown = useRef("");
  useEffect(() => {
    if (!chosen || shown.current === chosen) return;
    shown.current = chosen;
    const at = arrows.findIndex((a) => a.message.id === chosen);
    if (at >= 0 && (at < w.first + 8 || at > w.last - 10)) {
      setFollow(false);
      w.scrollTo(at - 3);
    }
  }, [chosen, arrows, w]);
  return (
    <div>
      <div className="filters" style={{ marginBottom: 6 }}>
        <span className="field grow">
          <label htmlFor="scrub">Back in time: {first ? date(arrows[Math.min(arrows.length - 1, Math.floor(w.top / ROW))]?.at) : "–"}</label>
          <input
            id="scrub"
            className="scrub"
            type="range"
            min={0}
            max={Math.max(0, arrows.length - 1)}
            value={Math.min(arrows.length - 1, Math.floor(w.top / ROW))}
            onChange={(e) => {
              setFollow(false);
              w.scrollTo(Number(e.target.value));
            }}
          />
        </span>
        <button type="button" aria-pressed={follow} onClick={() => setFollow(!follow)}>
          {follow ? "Stays at the newest" : "Go to the newest"}
        </button>
      </div>
      <div className="sequence" ref={w.ref} tabIndex={0} role="region" aria-label="Messages as a sequence diagram" onWheel={(e) => e.deltaY < 0 && setFollow(false)} onTouchMove={() => setFollow(false)}>
        <div className="heads" style={{ width }}>
          <svg width={width} height={HEAD} aria-hidden="true">
            {lanes.map((l) => (
              <text key={l} x={x.get(l)} y="21" textAnchor="middle">
                <title>{l}</title>
                {clip(who(l), Math.floor(gap / 7.5))}
              </text>
            ))}
          </svg>
        </div>
        <div className="rows" style={{ height: w.height, width }}>
          <svg width={width} height={(w.last - w.first) * ROW} style={{ position: "absolute", top: w.first * ROW }} aria-hidden="true">
            {lanes.map((l) => (
              <line key={l} className="life" x1={x.get(l)} x2={x.get(l)} y1="0" y2={(w.last - w.first) * ROW} />
            ))}
          </svg>
          {arrows.slice(w.first, w.last).map((a, n) => (
            <Row key={a.message.id} of={a} top={(w.first + n) * ROW} width={width} from={x.get(lane(a.from, fold)) ?? 0} to={x.get(lane(a.to, fold)) ?? 0} chosen={a.message.id === chosen} />
          ))}
        </div>
      </div>
    </div>
  );
}

const clip = (s: string, n: number): string => (s.length > n ? `${s.slice(0, Math.max(1, n - 1))}…` : s);

function Row({ of, top, width, from, to, chosen }: { of: Arrow; top: number; width: number; from: number; to: number; chosen: boolean }) {
  const tone = toneOfKind[of.message.kind ?? ""] ?? "quiet";
  const right = to >= from;
  const self = from === to;
  const label = `${of.message.kind ?? "message"}${of.latency === undefined ? "" : ` · ${span(of.latency)}`}`;
  const said = textOf(of.message);
  const room = Math.max(10, Math.floor(Math.abs(to - from) / 6.6));
  return (
    <button
      type="button"
      className={`row ${chosen ? "chosen" : ""}`}
      style={{ top, width, height: ROW }}
      aria-pressed={chosen}
      onClick={() => setParams({ m: chosen ? "" : of.message.id })}
    >
      <span className="hidden">{`${clock(of.at)} ${of.message.kind ?? "message"} from ${who(of.from)} to ${who(of.to)}${of.latency === undefined ? "" : ` after ${span(of.latency)}`}: ${said.slice(0, 160)}`}</span>
      <svg width={width} height={ROW} aria-hidden="true">
        <text className="sub" x="8" y="24">
          {clock(of.at)}
        </text>
        {self ? (
          <path className={`arrow tone-${tone}`} d={`M${from} 14h26v14h-18`} />
        ) : (
          <line className={`arrow tone-${tone}`} x1={from} x2={right ? to - 7 : to + 7} y1="27" y2="27" />
        )}
        <path className={`arrow tone-${tone}`} d={self ? `M${from + 14} 23l-7 5l7 5` : right ? `M${to - 8} 22l7 5l-7 5` : `M${to + 8} 22l-7 5l7 5`} />
        <text x={self ? from + 32 : (from + to) / 2} y={self ? 25 : 19} textAnchor={self ? "start" : "middle"}>
          {clip(label, room)}
        </text>
      </svg>
    </button>
  );
}

function Detail({ of, talk }: { of: Arrow; talk: Talk }) {
  const m = of.message;
  const chain = talk.chain(of);
  const data = (m.parts ?? []).filter((p) => p.data !== undefined).map((p) => p.data);
  const [why, setWhy] = useState<{ what: string; id?: string; text: string }[]>();
  useEffect(() => setWhy(undefined), [m.id]);
  return (
    <Card
      title={`${m.kind ?? "message"} from ${who(m.from)} to ${who(m.to)}`}
      side={
        <button type="button" className="plain" aria-label="Close" onClick={() => setParams({ m: "" })}>
          ✕
        </button>
      }
    >
      <p className="said">{textOf(m) || <span className="muted">(data only)</span>}</p>
      <Facts
        of={[
          ["At", date(of.at)],
          ["Took", of.latency === undefined ? "–" : span(of.latency)],
          ["Engine", m.engine ?? "–"],
          ["Hops", String(m.hops ?? 0)],
          ["About", m.correlation ? <EntityLink key="b" kind="brief" id={m.correlation} /> : "–"],
          ["In the ledger", <a key="l" href={`#/ledger?event=${encodeURIComponent(of.event.id ?? "")}&entity=${encodeURIComponent(of.event.entity)}`}>{of.event.type}</a>],
        ]}
      />
      {data.length > 0 && (
        <details>
          <summary>Data</summary>
          <Json of={data.length === 1 ? data[0] : data} />
        </details>
      )}
      <h3>Why?</h3>
      {chain.length === 0 && <p className="muted">It answers no message.</p>}
      <ol className="chat">
        {chain.map((a) => (
          <li key={a.message.id}>
            <button type="button" className="link-like" onClick={() => setParams({ m: a.message.id })}>
              {a.message.kind} of {who(a.from)} to {who(a.to)}
            </button>
            <div className="muted">{textOf(a.message).slice(0, 140)}</div>
          </li>
        ))}
      </ol>
      {why ? (
        <ol className="chat">
          {why.map((s, n) => (
            <li key={n}>
              <Status of={s.what} /> {s.text}
            </li>
          ))}
        </ol>
      ) : (
        <Action
          label="Back to the meeting"
          act={async () => {
            const found = await get<{ chain: { what: string; id?: string; text: string }[] }>(`/api/why/${encodeURIComponent(of.event.id ?? "")}`);
            setWhy(found.chain);
          }}
        />
      )}
      <p className="muted" style={{ marginTop: 8 }}>
        <Who id={m.from} /> <code>{m.id}</code>
      </p>
    </Card>
  );
}
