import { memo, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { count, names } from "../lib/format";
import { setParams, useRoute } from "../lib/route";
import { useTalk } from "../lib/talk";
import { lane, order, saidOf, tapped, toldOf, View, type Arrow, type Arrows } from "../lib/traffic";
import type { WatchState } from "../lib/watch";
import { compile, filterOf, paramOf, presets } from "../lib/watchfilter";
import { notShown, said } from "../lib/watchtext";
import { Empty, Loading, Search, Select, Trouble } from "../ui/parts";
import { Sequence } from "../ui/sequence";
import { MessageDetail } from "./message";

/** What a watch may ask the server for, records a second. */
const rates = [200, 1000, 2000];
/** How far in the past a watch may begin. */
const beginnings: [since: string, name: string][] = [["", "now"], ["5m", "5 minutes ago"], ["1h", "an hour ago"]];
/** The address follows the slider when it rests so many milliseconds: browsers let a page change it a few times a second only. */
const settles = 250;

interface Wish {
  filter: string;
  kind: string;
  principal: string;
  seen: string;
  text: string;
}
/** What the server told under this filter it lets through; of everything else the filter is asked here. */
function wants({ filter, kind, principal, seen, text }: Wish): (a: Arrow) => boolean {
  const lets = compile(filter);
  return (a) =>
    (!kind || a.kind === kind) &&
    (!principal || a.from === principal || a.to === principal) &&
    (!seen || (seen === "tap") === tapped(a)) &&
    (!text || `${a.key} ${a.from} ${a.to} ${a.kind} ${a.message?.correlation ?? ""} ${saidOf(a)}`.toLowerCase().includes(text)) &&
    (a.under === filter || (lets ? toldOf(a).some(lets) : a.message !== undefined));
}

/** The chosen message: what the address names, or while the slider moves, where that is. */
function useChosen(named: string): { chosen: string; choose: (key: string) => void; scrub: (key: string) => void } {
  const [slid, setSlid] = useState<string>();
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const choose = useCallback((m: string) => {
    clearTimeout(timer.current);
    setParams({ m });
    setSlid(undefined);
  }, []);
  const scrub = useCallback(
    (m: string) => {
      clearTimeout(timer.current);
      setSlid(m);
      timer.current = setTimeout(() => choose(m), settles);
    },
    [choose],
  );
  return { chosen: slid ?? named, choose, scrub };
}

export default function Traffic() {
  const { params } = useRoute();
  const on = params["watch"] === "1";
  const filter = filterOf(params["f"]);
  const contents = params["contents"] === "1";
  const rate = Number(params["rate"]) || (rates[0] as number);
  const since = beginnings.find(([s]) => s === params["since"])?.[0] ?? "";
  const talk = useTalk(on ? { filter, contents, rate, since } : undefined);
  const { traffic, version, reading } = talk;
  traffic.settle();
  const kind = params["kind"] ?? "";
  const principal = params["agent"] ?? "";
  const seen = params["seen"] ?? "";
  const text = (params["q"] ?? "").toLowerCase();
  const { chosen, choose, scrub } = useChosen(params["m"] ?? "");

  // While somebody looks at a moment of the past nothing moves there: a copy of what there was then.
  const [held, setHeld] = useState<Arrows & { taken: number }>();
  const hold = useCallback(() => setHeld((old) => old ?? { arrows: traffic.arrows.map((a) => ({ ...a })), gone: 0, epoch: 0, taken: traffic.taken }), [traffic]);
  const goOn = useCallback(() => {
    setHeld(undefined);
    choose("");
  }, [choose]);
  useEffect(() => {
    if (chosen && !reading) hold();
  }, [chosen, reading, hold]);

  const aside = [...traffic.principals].filter((p) => !/^(agent|human|server):/.test(p)).length;
  const fold = aside > 8;
  const shown = held ?? traffic;
  const view = useMemo(() => new View(shown, wants({ filter, kind, principal, seen, text }), (p) => lane(p, fold)), [shown, filter, kind, principal, seen, text, fold]);
  view.catchUp();
  const lanes = useMemo(() => order(view.lanes), [view, view.lanes.size, shown.epoch]);
  const arrow = useMemo(() => traffic.find(chosen) ?? held?.arrows.find((a) => a.key === chosen), [traffic, held, chosen, version]);
  // What is held may have the key that a message had before the ledger had it.
  const row = arrow ? view.rows.findIndex((a) => a.key === arrow.key || a.key === arrow.was) : -1;
  const fresh = held ? traffic.taken - held.taken : 0;

  if (reading && !talk.error)
    return (
      <>
        <h1>Traffic</h1>
        <Loading what="the messages of the ledger" />
      </>
    );
  const pause = (
    <button type="button" disabled={!held && traffic.arrows.length === 0} aria-pressed={held !== undefined} onClick={() => (held ? goOn() : hold())}>
      {held ? `Go on (${count(fresh)} new)` : "Pause"}
    </button>
  );
  const legend = (
    <p className="muted legend">
      <span>
        <i className="line-solid" />
        in the ledger
      </span>
      <span>
        <i className="line-dashed" />
        seen by the tap
      </span>
      <span title="A time is how long the answer took.">
        {count(view.rows.length)} shown
      </span>
    </p>
  );
  return (
    <>
      <h1>Traffic</h1>
      {talk.error && <Trouble error={talk.error} retry={talk.again} />}
      <Controls on={on} filter={filter} contents={contents} rate={rate} since={since} state={talk.watch} again={talk.watchAgain} goOn={goOn} legend={legend}>
        <Filters kind={kind} principal={principal} seen={seen} text={params["q"] ?? ""} kinds={traffic.kinds} principals={traffic.principals} sizes={traffic.kinds.size * 100_000 + traffic.principals.size} />
      </Controls>
      {chosen && !arrow && !reading && (
        <div className="notice amber" role="status">
          <span>
            Message <code>{chosen}</code> is not among those that were read.
          </span>
          <button type="button" onClick={goOn}>
            Go on without it
          </button>
        </div>
      )}
      {view.rows.length > 0 ? (
        <div className={`split ${arrow ? "" : "closed"}`}>
          <Sequence rows={view.rows} lanes={lanes} fold={fold} chosen={row} follows={!held} hold={hold} goOn={goOn} choose={choose} scrub={scrub} side={pause} />
          {arrow && <MessageDetail of={arrow} traffic={traffic} choose={choose} />}
        </div>
      ) : (
        !talk.error && (
          <>
            {held && <div className="playhead">{pause}</div>}
            <Nothing some={traffic.arrows.length > 0} on={on} filter={filter} since={since} narrowed={Boolean(kind || principal || seen || text)} />
          </>
        )
      )}
    </>
  );
}

/** Why there is nothing to see, and what can be done about it. */
function Nothing({ some, on, filter, since, narrowed }: { some: boolean; on: boolean; filter: string; since: string; narrowed: boolean }) {
  const preset = presets.find((p) => p.filter === filter);
  if (some && narrowed) return <Empty title="No message.">None goes through these filters.</Empty>;
  const past = on && !since && compile(filter)?.({ point: "journal", direction: "out", outcome: "ok" });
  return (
    <Empty title={on ? "Nothing passed yet." : "No message."}>
      {on
        ? `What goes through this filter${preset ? ` (${preset.shows})` : ""} appears here as it passes.`
        : some
          ? "None that was read goes through this filter. What else passes is shown while you watch."
          : "Agents begin to talk when a brief is submitted."}
      {past && (
        <div className="buttons">
          <button type="button" onClick={() => setParams({ since: "5m" })}>
            Begin 5 minutes ago
          </button>
        </div>
      )}
    </Empty>
  );
}

interface Chosen {
  kind: string;
  principal: string;
  seen: string;
  text: string;
  kinds: Set<string>;
  principals: Set<string>;
  /** Changes when there is more to choose from; the sets themselves only grow. */
  sizes: number;
}
const Filters = memo(function Filters({ kind, principal, seen, text, kinds, principals }: Chosen) {
  const there = order(principals).slice(0, 500);
  const named = names(there);
  return (
    <>
      <Select label="Kind" value={kind} options={[["", "every kind"], ...[...kinds].sort().map((k): [string, string] => [k, k])]} onChange={(v) => setParams({ kind: v })} />
      <Select
        label="Who"
        value={principal}
        options={[["", "everybody"], ...there.map((l): [string, string] => [l, `${named.get(l)} (${l.slice(0, l.indexOf(":"))})`])]}
        onChange={(v) => setParams({ agent: v })}
      />
      <Select label="From" value={seen} options={[["", "both"], ["ledger", "the ledger"], ["tap", "the tap"]]} onChange={(v) => setParams({ seen: v })} />
      <Search label="Search" value={text} placeholder="text, id, ticket" onChange={(v) => setParams({ q: v })} />
    </>
  );
});

interface Watching {
  on: boolean;
  /** The one in force. */
  filter: string;
  contents: boolean;
  rate: number;
  since: string;
  state: WatchState | undefined;
  again: () => void;
  /** Who asks for something else wants to see it, not the moment that is held. */
  goOn: () => void;
  legend: ReactNode;
  children: ReactNode;
}
/** What is shown, what the server is asked for of what passes it now, and what became of that. */
function Controls({ on, filter, contents, rate, since, state, again, goOn, legend, children }: Watching) {
  const { params } = useRoute();
  const [text, setText] = useState(filter);
  useEffect(() => setText(filter), [filter]);
  const [more, setMore] = useState(false);
  const rarer = ["since", "rate", "contents", "kind", "agent", "seen", "q"].filter((k) => params[k]).length;
  const refused = on && state?.is === "refused";
  const missing = state ? notShown(state, since !== "") : "";
  const watch = (f: string) => {
    if (on && f === filter) again();
    goOn();
    setText(f);
    setParams({ watch: "1", f: paramOf(f) });
  };
  return (
    <form
      className="watch-bar"
      onSubmit={(e) => {
        e.preventDefault();
        watch(text);
      }}
    >
      <div className="filters">
        <div className="presets" role="group" aria-label="What is shown">
          {presets.map((p) => (
            <button key={p.name} type="button" aria-pressed={filter === p.filter} title={`Watch ${p.shows}`} onClick={() => (on && state?.is === "live" && p.filter === filter ? setText(filter) : watch(p.filter))}>
              {p.name}
            </button>
          ))}
        </div>
        <span className="field grow">
          <label htmlFor="watch-filter">Filter</label>
          <input
            id="watch-filter"
            className="mono"
            value={text}
            placeholder="everything"
            onChange={(e) => setText(e.target.value)}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={refused && state.column !== undefined}
            aria-describedby="watch-state"
          />
        </span>
        <button type="submit" className={on && !refused && text === filter ? "" : "primary"}>
          {on && !refused ? "Watch anew" : "Watch"}
        </button>
        <button type="button" className="toggle" aria-expanded={more} aria-controls="rarer" onClick={() => setMore(!more)}>
          More{rarer > 0 && ` (${rarer})`}
        </button>
      </div>
      <div id="rarer" className={`filters rarer ${more ? "open" : ""}`}>
        {children}
        <Select label="Beginning" value={since} options={beginnings} onChange={(v) => setParams({ since: v })} />
        <Select label="A second" value={String(rate)} options={rates.map((r): [string, string] => [String(r), `at most ${count(r)}`])} onChange={(v) => setParams({ rate: v })} />
        <label className="check">
          <input type="checkbox" checked={contents} onChange={(e) => setParams({ contents: e.target.checked ? "1" : "" })} /> with contents
        </label>
      </div>
      <div className="under">
        <div id="watch-state" role="status">
          {refused && state.column !== undefined && text === filter && (
            <pre className="caret" aria-hidden="true">
              {`${filter}\n${" ".repeat(state.column - 1)}^`}
            </pre>
          )}
          {on && state ? (
            <>
              <span className={refused ? "error" : "muted"}>
                {state.is === "live" && (
                  <>
                    Watching {filter.trim() ? <code>{filter}</code> : "everything"}.{" "}
                  </>
                )}
                {said(state, beginnings.find(([s]) => s && s === since)?.[1])}
              </span>
              {missing && <span className="muted"> {missing}</span>}{" "}
              <button type="button" className="link-like" onClick={() => setParams({ watch: "" })}>
                {refused ? "Forget it" : "Stop watching"}
              </button>
            </>
          ) : (
            !on && <span className="muted">Messages come from the ledger by themselves; what else passes is shown while you watch.</span>
          )}
        </div>
        {legend}
      </div>
    </form>
  );
}
