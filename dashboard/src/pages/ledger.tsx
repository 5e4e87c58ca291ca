import { useEffect, useMemo, useRef, useState } from "react";
import { asRefusal, call, eventsBetween, lastEvent, newestEvents, query, type Refusal } from "../lib/api";
import { clock, count, date, short, who } from "../lib/format";
import { useEvents, useGet } from "../lib/live";
import { useMay } from "../lib/principal";
import { setParams, useRoute } from "../lib/route";
import type { Event } from "../lib/types";
import { Action, Card, Empty, EntityLink, Facts, Hash, Json, Loading, Search, Select, Shown, Status, Trouble } from "../ui/parts";
import { useRowKeys, useWindow } from "../ui/virtual";

const ROW = 34;
const step = 2000;
/** Of a filter that lets little through. */
const narrowStep = 20_000;
const kinds = ["", "project", "brief", "approval", "plan", "run", "ticket", "agent", "daemon", "budget"];

interface Past {
  items: Event[]; // newest first
  from: number; // everything after this n was asked for
}

/** Events before `before`, or the newest ones; those of one entity or brief are looked for in more than a step of the ledger. */
async function readBack(filter: Record<string, string>, before?: number, signal?: AbortSignal): Promise<{ items: Event[]; from: number }> {
  if (filter["entity"] || filter["brief"]) return newestEvents<Event>([filter], narrowStep, { before, signal });
  const from = Math.max(0, (before ?? (await lastEvent(signal))) - step);
  return { items: await eventsBetween<Event>(filter, from, before ?? Infinity, signal), from };
}

/** The newest events of a filter, and further back on demand; what comes is put in front. */
function usePast(filter: Record<string, string>): { past?: Past; error?: Refusal; older: () => Promise<void>; again: () => void } {
  const key = JSON.stringify(filter);
  const [state, set] = useState<{ key: string; past?: Past; error?: Refusal }>({ key });
  const [tries, again] = useState(0);
  const early = useRef<Event[]>([]);
  useEffect(() => {
    const control = new AbortController();
    early.current = [];
    const read = async () => {
      try {
        const { items, from } = await readBack(filter, undefined, control.signal);
        const known = new Set(items.map((e) => e.id));
        const all = [...items, ...early.current.filter((e) => !known.has(e.id))];
        if (!control.signal.aborted) set({ key, past: { items: all.reverse(), from } });
      } catch (e) {
        if (!control.signal.aborted) set({ key, error: asRefusal(e) });
      }
    };
    void read();
    return () => control.abort();
    // The filter is in the key.
  }, [key, tries]);
  const fits = (e: Event) =>
    e.id !== undefined &&
    (!filter["kind"] || e.kind === filter["kind"]) &&
    (!filter["type"] || e.type.startsWith(filter["type"])) &&
    (!filter["entity"] || e.entity === filter["entity"]) &&
    (!filter["brief"] || e.correlation === filter["brief"] || e.entity === filter["brief"]) &&
    (!filter["agent"] || JSON.stringify(e).includes(filter["agent"]));
  useEvents(
    (e) => {
      if (!fits(e)) return;
      early.current.push(e);
      set((old) => (old.key === key && old.past && !old.past.items.slice(0, 500).some((x) => x.id === e.id) ? { ...old, past: { ...old.past, items: [e, ...old.past.items] } } : old));
    },
    () => again((n) => n + 1),
  );
  const here = state.key === key ? state : { key };
  return {
    ...(here.past ? { past: here.past } : {}),
    ...(here.error ? { error: here.error } : {}),
    again: () => again((n) => n + 1),
    older: async () => {
      const past = here.past;
      if (!past || past.from === 0) return;
      const { items, from } = await readBack(filter, past.from);
      items.reverse();
      // To what is there by now: new ones have come meanwhile.
      set((old) => (old.key === key && old.past?.from === past.from ? { ...old, past: { items: [...old.past.items, ...items], from } } : old));
    },
  };
}

export default function Ledger() {
  const { params } = useRoute();
  const filter = Object.fromEntries(["kind", "type", "entity", "brief", "agent"].map((k) => [k, params[k] ?? ""]).filter(([, v]) => v !== "")) as Record<string, string>;
  const { past, error, older, again } = usePast(filter);
  const text = (params["q"] ?? "").toLowerCase();
  const shown = useMemo(
    () => (past?.items ?? []).filter((e) => !text || `${e.type} ${e.entity} ${e.by ?? ""} ${e.id ?? ""} ${JSON.stringify(e.data ?? {})}`.toLowerCase().includes(text)),
    [past, text],
  );
  const chosen = params["event"] ?? "";
  const listed = shown.find((e) => e.id === chosen) ?? past?.items.find((e) => e.id === chosen);
  // An address may name one that is older than what was read.
  const apart = useGet<Event>(chosen && past && !listed ? `/api/events/${encodeURIComponent(chosen)}` : "", () => false);
  const event = listed ?? (chosen ? apart.data : undefined);
  return (
    <>
      <h1>Ledger</h1>
      <Chain />
      {params["why"] && <Why of={params["why"]} />}
      <div className="filters">
        <Select label="Kind" value={params["kind"] ?? ""} options={kinds.map((k): [string, string] => [k, k || "every kind"])} onChange={(v) => setParams({ kind: v })} />
        <Delayed label="Type begins with" value={params["type"] ?? ""} placeholder="ticket.gated" onChange={(v) => setParams({ type: v })} />
        <Delayed label="Entity" value={params["entity"] ?? ""} placeholder="id" onChange={(v) => setParams({ entity: v })} />
        <Search label="Search in what is read" value={params["q"] ?? ""} placeholder="any text" onChange={(v) => setParams({ q: v })} />
      </div>
      {error && <Trouble error={error} retry={again} />}
      {!past && !error && <Loading what="the events" />}
      {past && shown.length === 0 && (
        <Empty title="No event.">
          {past.from > 0 ? "None among those that were read goes through these filters." : text || Object.keys(filter).length > 0 ? "None goes through these filters." : <>The first ones come with a project: <code>troupe init</code></>}
          {past.from > 0 && (
            <div className="buttons">
              <Action label="Read older ones" act={older} />
            </div>
          )}
        </Empty>
      )}
      {past && shown.length > 0 && (
        <div className={`split ${event || params["entity"] ? "" : "closed"}`}>
          <div>
            <List of={shown} chosen={chosen} />
            <p className="muted buttons">
              {count(shown.length)} events, newest first.{" "}
              {past.from > 0 && <Action label="Read older ones" act={older} />}
            </p>
          </div>
          {(event || params["entity"]) && (
            <div className="stack">
              {event && <Detail of={event} />}
              {(() => {
                const about = event ?? shown[0];
                return about ? <TimeTravel key={`${about.kind}/${about.entity}`} kind={about.kind} id={about.entity} at={event?.version} /> : null;
              })()}
            </div>
          )}
        </div>
      )}
    </>
  );
}

/** A filter that the server applies is sent when the typing pauses. */
function Delayed({ value, onChange, ...rest }: { label: string; value: string; placeholder: string; onChange: (v: string) => void }) {
  const [typed, set] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      set(value);
    }
  }, [value]);
  useEffect(() => {
    if (typed === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed;
      onChange(typed.trim());
    }, 350);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  return <Search {...rest} value={typed} onChange={set} />;
}

function List({ of, chosen }: { of: Event[]; chosen: string }) {
  const w = useWindow(of.length, ROW);
  const keys = useRowKeys(of.length, ROW, 0, w, chosen ? of.findIndex((e) => e.id === chosen) : -1, true);
  return (
    <div className="list" ref={w.ref} tabIndex={0} role="region" aria-label="Events">
      <div className="rows" style={{ height: w.height }} onFocus={keys.onFocus} onKeyDown={keys.onKeyDown}>
        {of.slice(w.first, w.last).map((e, n) => (
          <button
            key={e.id}
            type="button"
            className={`event ${e.id === chosen ? "chosen" : ""}`}
            style={{ top: (w.first + n) * ROW, height: ROW }}
            data-row={w.first + n}
            tabIndex={w.first + n === keys.stop ? 0 : -1}
            aria-pressed={e.id === chosen}
            onClick={() => setParams({ event: e.id === chosen ? "" : (e.id ?? "") })}
          >
            <span className="muted">{clock(e.at)}</span>
            <span>{e.type}</span>
            <span className="mono">{e.entity}</span>
            <span className="muted">{gist(e)}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

/** The words of an event that say most. */
function gist(e: Event): string {
  const d = e.data ?? {};
  const parts = ["to", "how", "why", "question", "summary", "text", "action", "key", "agent", "daemon", "notes"].flatMap((k) =>
    typeof d[k] === "string" && d[k] ? [k === "agent" ? who(d[k] as string) : (d[k] as string)] : [],
  );
  const message = d["message"] as { kind?: string; from?: string; to?: string } | undefined;
  if (message?.from) parts.unshift(`${message.kind ?? "message"} ${who(message.from)} → ${who(message.to)}`);
  return `${parts.slice(0, 3).join(" · ").slice(0, 200)}${parts.length ? " · " : ""}by ${who(e.by)}`;
}

function Detail({ of }: { of: Event }) {
  return (
    <Card
      title={of.type}
      side={
        <button type="button" className="plain" aria-label="Close" onClick={() => setParams({ event: "" })}>
          ✕
        </button>
      }
    >
      <Facts
        of={[
          ["At", date(of.at)],
          ["By", of.by ?? "–"],
          ["Of", <EntityLink key="e" kind={of.kind} id={of.entity}>{`${of.kind} ${of.entity}`}</EntityLink>],
          ["Version", String(of.version ?? "–")],
          ["Place", `shard ${of.shard ?? 0}, seq ${of.seq ?? 0}`],
          ["Hash", <Hash key="h" of={of.hash} />],
          ["Cause", of.cause ? <code key="c">{of.cause}</code> : "–"],
          ["Id", <code key="i">{of.id}</code>],
        ]}
      />
      <p className="below">
        <a href={`#/ledger${query({ why: of.id })}`}>Why did this happen?</a> · <a href={`#/ledger${query({ entity: of.entity, event: of.id })}`}>all of this {of.kind}</a>
      </p>
      <Json of={of.data ?? {}} />
    </Card>
  );
}

interface History {
  version: number;
  versions: number;
  type: string;
  at: number;
  by: string;
  state: Record<string, unknown>;
}

/** The state of an entity at any of its versions, folded by the server. */
function TimeTravel({ kind, id, at }: { kind: string; id: string; at: number | undefined }) {
  const [version, set] = useState<number | undefined>(at);
  const [asked, ask] = useState<number | undefined>(at);
  useEffect(() => {
    set(at);
    ask(at);
  }, [at]);
  useEffect(() => {
    const timer = setTimeout(() => ask(version), 120);
    return () => clearTimeout(timer);
  }, [version]);
  const h = useGet<History>(`/api/history/${kind}/${encodeURIComponent(id)}${query({ version: asked })}`, (e) => asked === undefined && e.kind === kind && e.entity === id && e.type !== "progress");
  const last = useRef<History>();
  if (h.data) last.current = h.data;
  const shown = h.data ?? last.current;
  if (!shown) return h.error ? <Trouble error={h.error} retry={() => void h.reload()} /> : <Loading what="its history" />;
  return (
    <Card title={`${kind} ${id} at version ${shown.version}`} side={<span className="badge green">chain holds</span>}>
      {h.error && <Trouble error={h.error} />}
      <label htmlFor="version" className="muted">
        Version {version ?? shown.version} of {shown.versions}
      </label>
      <input id="version" className="scrub" type="range" min={1} max={shown.versions} value={version ?? shown.version} onChange={(e) => set(Number(e.target.value))} />
      <p className="muted">
        after {shown.type} by {who(shown.by)}, {date(shown.at)} · <Status of={String(shown.state["status"] ?? "")} />
      </p>
      <Json of={shown.state} />
    </Card>
  );
}

interface Check {
  ok: boolean;
  events: number;
  streams: number;
  shards: number;
  problem_count: number;
  problems: string[];
  warnings: string[];
}

function Chain() {
  const may = useMay("admin");
  const [found, set] = useState<Check>();
  const [when, setWhen] = useState(0);
  return (
    <div className="notice" role="status">
      {found ? (
        <>
          <span className={`badge ${found.ok ? "green" : "red"}`}>{found.ok ? "chain intact" : found.problem_count === 1 ? "1 problem" : `${found.problem_count} problems`}</span>
          <span>
            {count(found.events)} events in {count(found.streams)} streams and {found.shards} shards: versions, sequences and hash chains {found.ok ? "hold" : "do not all hold"}. Checked at {clock(when)}. Those of tokens and principals are among them, and not in the list below.
          </span>
          {!found.ok && (
            <ul>
              {found.problems.map((p, n) => (
                <li key={n}>{p}</li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <>
          <span className="badge">not checked</span>
          <span>Every event carries the hash of the one before it in its stream.</span>
        </>
      )}
      <Action
        label={found ? "Check again" : "Check the chain"}
        disabled={!may}
        act={async () => {
          set(await call<Check>("GET", "/api/ledger/check"));
          setWhen(Date.now());
        }}
      />
    </div>
  );
}

function Why({ of }: { of: string }) {
  const r = useGet<{ chain: { what: string; id?: string; text: string; speaker?: string }[] }>(`/api/why/${encodeURIComponent(of)}`, () => false);
  return (
    <Card
      className="apart"
      title={`Why ${of}?`}
      side={
        <button type="button" className="plain" aria-label="Close" onClick={() => setParams({ why: "" })}>
          ✕
        </button>
      }
    >
      <Shown of={r} what="the chain of causes">
        {({ chain }) => (
          <ol className="chain">
            {chain.map((s, n) => (
              <li key={n}>
                <span className="badge">{s.what}</span>
                <span>
                  {s.text}{s.speaker ? ` — ${s.speaker}` : ""} {s.id && <code className="muted">{/^[0-9a-f]{20,}$/.test(s.id) ? short(s.id) : s.id}</code>}
                </span>
              </li>
            ))}
          </ol>
        )}
      </Shown>
    </Card>
  );
}
