import { memo, useCallback, useEffect, useMemo, useState } from "react";
import { count, names } from "../lib/format";
import { setParams, useRoute } from "../lib/route";
import { useTalk } from "../lib/talk";
import { lane, order, saidOf, tapped, View, type Arrow, type Arrows } from "../lib/traffic";
import type { WatchState } from "../lib/watch";
import { notShown, said } from "../lib/watchtext";
import { Empty, Loading, Search, Select, Trouble } from "../ui/parts";
import { Sequence } from "../ui/sequence";
import { MessageDetail } from "./message";

/** What a watch may ask the server for, records a second. */
const rates = [200, 1000, 2000];
/** How far in the past a watch may begin. */
const beginnings: [since: string, name: string][] = [["", "now"], ["5m", "5 minutes ago"], ["1h", "an hour ago"]];
const choose = (key: string) => setParams({ m: key });

function wants(kind: string, principal: string, seen: string, text: string): (a: Arrow) => boolean {
  return (a) =>
    (!kind || a.kind === kind) &&
    (!principal || a.from === principal || a.to === principal) &&
    (!seen || (seen === "tap") === tapped(a)) &&
    (!text || `${a.key} ${a.from} ${a.to} ${a.kind} ${a.message?.correlation ?? ""} ${saidOf(a)}`.toLowerCase().includes(text));
}

export default function Traffic() {
  const { params } = useRoute();
  const on = params["watch"] === "1";
  const filter = params["f"] ?? "";
  const contents = params["contents"] === "1";
  const rate = Number(params["rate"]) || rates[0]!;
  const since = beginnings.find(([s]) => s === params["since"])?.[0] ?? "";
  const talk = useTalk(on ? { filter, contents, rate, since } : undefined);
  const { traffic, version, reading } = talk;
  traffic.settle();
  const kind = params["kind"] ?? "";
  const principal = params["agent"] ?? "";
  const seen = params["seen"] ?? "";
  const text = (params["q"] ?? "").toLowerCase();
  const chosen = params["m"] ?? "";

  // While somebody looks at a moment of the past nothing moves there: a copy of what there was then.
  const [held, setHeld] = useState<Arrows & { taken: number }>();
  const hold = useCallback(() => setHeld((old) => old ?? { arrows: traffic.arrows.slice(), gone: 0, epoch: 0, taken: traffic.taken }), [traffic]);
  useEffect(() => {
    if (chosen && !reading) hold();
  }, [chosen, reading, hold]);

  const aside = [...traffic.principals].filter((p) => !/^(agent|human|server):/.test(p)).length;
  const fold = aside > 8;
  const view = useMemo(
    () => new View(held ?? traffic, wants(kind, principal, seen, text), (p) => lane(p, fold)),
    [held, traffic, kind, principal, seen, text, fold],
  );
  view.catchUp();
  const lanes = useMemo(() => order(view.lanes), [view, view.lanes.size]);
  const arrow = useMemo(() => traffic.find(chosen) ?? held?.arrows.find((a) => a.key === chosen), [traffic, held, chosen, version]);
  const fresh = held ? traffic.taken - held.taken : 0;

  if (reading && !talk.error)
    return (
      <>
        <h1>Traffic</h1>
        <Loading what="the messages of the ledger" />
      </>
    );
  return (
    <>
      <h1>Traffic</h1>
      {talk.error && <Trouble error={talk.error} retry={talk.again} />}
      <Filters kind={kind} principal={principal} seen={seen} text={params["q"] ?? ""} kinds={traffic.kinds} principals={traffic.principals} sizes={traffic.kinds.size * 100_000 + traffic.principals.size} />
      <WatchBar on={on} filter={filter} contents={contents} rate={rate} since={since} state={talk.watch} again={talk.watchAgain} />
      <p className="muted legend">
        <span>
          <i className="line-solid" />
          in the ledger
        </span>
        <span>
          <i className="line-dashed" />
          seen by the tap
        </span>
        <span>
          {count(view.rows.length)} messages<span className="label">; a time is how long the answer took</span>
        </span>
        <button type="button" disabled={!held && traffic.arrows.length === 0} aria-pressed={held !== undefined} onClick={() => (held ? (setHeld(undefined), choose("")) : hold())}>
          {held ? `Go on (${count(fresh)} new)` : "Pause"}
        </button>
      </p>
      {chosen && !arrow && !reading && (
        <div className="notice amber" role="status">
          <span>
            Message <code>{chosen}</code> is not among those that were read.
          </span>
          <button type="button" onClick={() => (setHeld(undefined), choose(""))}>
            Go on without it
          </button>
        </div>
      )}
      {view.rows.length === 0 && talk.error ? null : view.rows.length === 0 ? (
        <Empty title="No message.">{traffic.arrows.length > 0 ? "None goes through these filters." : "Agents begin to talk when a brief is submitted."}</Empty>
      ) : (
        <div className={`split ${arrow ? "" : "closed"}`}>
          <Sequence rows={view.rows} lanes={lanes} fold={fold} chosen={chosen} follows={!held} hold={hold} choose={choose} />
          {arrow && <MessageDetail of={arrow} traffic={traffic} />}
        </div>
      )}
    </>
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
    <div className="filters">
      <Select label="Kind" value={kind} options={[["", "every kind"], ...[...kinds].sort().map((k): [string, string] => [k, k])]} onChange={(v) => setParams({ kind: v })} />
      <Select
        label="Who"
        value={principal}
        options={[["", "everybody"], ...there.map((l): [string, string] => [l, `${named.get(l)} (${l.slice(0, l.indexOf(":"))})`])]}
        onChange={(v) => setParams({ agent: v })}
      />
      <Select label="From" value={seen} options={[["", "both"], ["ledger", "the ledger"], ["tap", "the tap"]]} onChange={(v) => setParams({ seen: v })} />
      <Search label="Search" value={text} placeholder="text, id, ticket" onChange={(v) => setParams({ q: v })} />
    </div>
  );
});

/** What the server is asked to show of what passes it now, and what became of that. */
function WatchBar({ on, filter, contents, rate, since, state, again }: { on: boolean; filter: string; contents: boolean; rate: number; since: string; state: WatchState | undefined; again: () => void }) {
  const [text, setText] = useState(filter);
  useEffect(() => setText(filter), [filter]);
  const refused = on && state?.is === "refused";
  const missing = state ? notShown(state, since !== "") : "";
  const start = () => {
    if (on && text === filter) again();
    setParams({ watch: "1", f: text });
  };
  return (
    <form
      className="watch-bar"
      onSubmit={(e) => {
        e.preventDefault();
        start();
      }}
    >
      <div className="filters">
        <span className="field grow">
          <label htmlFor="watch-filter">Watch what passes the server now; a filter, or nothing for all</label>
          <input
            id="watch-filter"
            className="mono"
            value={text}
            placeholder="agent=dev-ada and not point=dispatch"
            onChange={(e) => setText(e.target.value)}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={refused && state.column !== undefined}
            aria-describedby="watch-state"
          />
        </span>
        <Select label="Beginning" value={since} options={beginnings} onChange={(v) => setParams({ since: v })} />
        <Select label="A second" value={String(rate)} options={rates.map((r): [string, string] => [String(r), `at most ${count(r)}`])} onChange={(v) => setParams({ rate: v })} />
        <label className="check">
          <input type="checkbox" checked={contents} onChange={(e) => setParams({ contents: e.target.checked ? "1" : "" })} /> with contents
        </label>
        <button type="submit" className={on && !refused ? "" : "primary"}>
          {on && !refused ? "Watch anew" : "Watch"}
        </button>
        {on && (
          <button type="button" onClick={() => setParams({ watch: "" })}>
            {refused ? "Forget it" : "Stop watching"}
          </button>
        )}
      </div>
      <div id="watch-state" role="status">
        {refused && state.column !== undefined && text === filter && (
          <pre className="caret" aria-hidden="true">
            {`${filter}\n${" ".repeat(state.column - 1)}^`}
          </pre>
        )}
        {on && state && <span className={refused ? "error" : "muted"}>{said(state, beginnings.find(([s]) => s && s === since)?.[1])}</span>}
        {missing && <span className="muted"> {missing}</span>}
      </div>
    </form>
  );
}
