import { useState } from "react";
import { call } from "../lib/api";
import { coarse, isOver, span, toneOf, who, words } from "../lib/format";
import { useEvents } from "../lib/live";
import { useMay } from "../lib/principal";
import { setParams, useRoute } from "../lib/route";
import { byHand, choices, useChosenRun, useRuns, useTickets } from "../lib/runs";
import type { Run, Ticket } from "../lib/types";
import { byColumn, columns, holderOf } from "../lib/waiting";
import { Action, Empty, Hint, Search, Select, Shown, Status, useNow } from "../ui/parts";

export default function Board() {
  const runs = useRuns();
  return (
    <>
      <h1>Board</h1>
      <Shown of={runs} what="the runs">
        {({ items, total }) => (items.length === 0 ? <Empty title="No run yet.">A run begins when a plan is approved. What waits for an approval is in the <a href="#/inbox">Inbox</a>.</Empty> : <OfRun runs={items} whole={items.length >= total} reload={runs.reload} />)}
      </Shown>
    </>
  );
}

function OfRun({ runs, whole, reload }: { runs: Run[]; whole: boolean; reload: () => Promise<void> }) {
  const [chosen, choose] = useChosenRun(runs);
  const { params } = useRoute();
  const tickets = useTickets(chosen);
  const run = runs.find((r) => r.id === chosen);
  const there = choices(runs);
  const unknown = whole && chosen !== "" && chosen !== byHand && !there.some(([id]) => id === chosen);
  const text = (params["q"] ?? "").toLowerCase();
  const agent = params["agent"] ?? "";
  const status = params["status"] ?? "";
  return (
    <>
      <div className="filters">
        <Select label="Run" value={chosen} options={unknown ? [[chosen, "unknown"], ...there] : there} onChange={choose} />
        <Shown of={tickets} what="filters">
          {({ items }) => (
            <>
              <Select
                label="Agent"
                value={agent}
                options={[["", "anybody"], ...[...new Set(items.flatMap((t) => [holderOf(t), ...(t.workers ?? []).map((w) => w.agent ?? "")]).filter(Boolean))].sort().map((a): [string, string] => [a, who(a)])]}
                onChange={(v) => setParams({ agent: v })}
              />
              <Select label="State" value={status} options={[["", "any"], ...[...new Set(items.map((t) => t.status))].sort().map((s): [string, string] => [s, words(s)])]} onChange={(v) => setParams({ status: v })} />
            </>
          )}
        </Shown>
        <Search label="Search" value={params["q"] ?? ""} placeholder="id, title, file" onChange={(v) => setParams({ q: v })} />
      </div>
      {run && <RunHead of={run} tickets={tickets.data?.items ?? []} reload={reload} />}
      {unknown ? (
        <Empty title={`There is no run ${chosen}.`}>Choose one from the list above.</Empty>
      ) : (
        <Shown of={tickets} what="the tickets">
          {({ items, total, whole }) => (
            <Columns
              of={items.filter(
                (t) =>
                  (!agent || holderOf(t) === agent || (t.workers ?? []).some((w) => w.agent === agent)) &&
                  (!status || t.status === status) &&
                  (!text || [t.id, t.item.title, t.item.text ?? "", ...(t.item.files ?? []), ...(t.proof?.files ?? [])].some((s) => s.toLowerCase().includes(text))),
              )}
              note={whole ? "" : `The newest ${items.length} of ${total} tickets.`}
            />
          )}
        </Shown>
      )}
    </>
  );
}

/** Shares of a whole as one bar. */
export function Bar({ parts, label }: { parts: [tone: string, n: number][]; label: string }) {
  const sum = parts.reduce((s, [, n]) => s + n, 0);
  let at = 0;
  return (
    <div className="bar">
      <svg viewBox="0 0 1000 8" preserveAspectRatio="none" role="img" aria-label={label}>
        {parts.map(([tone, n], i) => {
          const width = sum === 0 ? 0 : (n / sum) * 1000;
          const x = at;
          at += width;
          return <rect key={i} x={x} y="0" width={width} height="8" className={`fill-${tone}`} />;
        })}
      </svg>
    </div>
  );
}

function RunHead({ of, tickets, reload }: { of: Run; tickets: Ticket[]; reload: () => Promise<void> }) {
  const may = useMay("developer");
  const now = useNow(5_000);
  const tones = new Map<string, number>();
  for (const t of tickets) tones.set(toneOf(t.status), (tones.get(toneOf(t.status)) ?? 0) + 1);
  const done = tickets.filter((t) => t.status === "DONE").length;
  // A run is completed with one that failed where another one has its work.
  const heirs = new Set(tickets.map((t) => t.supersedes));
  const replaced = tickets.filter((t) => heirs.has(t.id)).length;
  const act = (what: string) => async () => {
    await call("POST", `/api/runs/${encodeURIComponent(of.id)}/${what}`, {});
    await reload();
  };
  return (
    <div className="card apart">
      <div className="headline">
        <Status of={of.status} />
        <span>
          {done} of {tickets.length} tickets done{replaced > 0 && `, ${replaced} replaced`}
        </span>
        {of.created_at && <span className="muted">{span((of.ended_at ?? now) - of.created_at)}{of.ended_at ? " in all" : " so far"}</span>}
        {of.why && of.status !== "running" && <span className="muted">{of.why}</span>}
        {of.plan && <a href={`#/plan?plan=${encodeURIComponent(of.plan)}`}>Plan version {of.plan_version ?? 1}</a>}
        {of.status === "running" && <Action label="Pause" disabled={!may} act={act("pause")} />}
        {of.status === "paused" && <Action label="Resume" tone="primary" disabled={!may} act={act("resume")} />}
        {(of.status === "running" || of.status === "paused") && <Action label="Stop" tone="danger" confirm="Really stop the run?" disabled={!may} act={act("stop")} />}
      </div>
      <Bar label={`${done} of ${tickets.length} done`} parts={(["green", "violet", "blue", "amber", "red", "quiet"] as const).map((t) => [t, tones.get(t) ?? 0])} />
      {of.lacks && (
        <>
          <p>Waits for {of.lacks.text}.</p>
          {of.lacks.do && <Hint of={of.lacks.do} />}
        </>
      )}
    </div>
  );
}

function Columns({ of, note }: { of: Ticket[]; note: string }) {
  const sorted = byColumn(of);
  const said = useSaid();
  return (
    <>
      {note && <p className="muted">{note}</p>}
      <div className={`board ${[...sorted.values()].filter((c) => c.length > 0).length === 1 ? "lone" : ""}`}>
        {columns.map((c) => (
          <ColumnOf key={c.key} title={c.title} tickets={sorted.get(c.key) ?? []} said={said} />
        ))}
      </div>
    </>
  );
}

/** What agents say they are doing, by ticket: told once by the stream and never stored. */
function useSaid(): Map<string, string> {
  const [said, set] = useState(() => new Map<string, string>());
  useEvents((e) => {
    if (e.type === "progress" && e.text) set((old) => new Map(old).set(e.entity, e.text ?? ""));
  });
  return said;
}

const step = 40;

function ColumnOf({ title, tickets, said }: { title: string; tickets: Ticket[]; said: Map<string, string> }) {
  const [shown, show] = useState(step);
  const now = useNow(1_000);
  return (
    <section className="column" aria-label={`${title}: ${tickets.length}`}>
      <h2>
        {title} <span>{tickets.length}</span>
      </h2>
      <ul className="tickets">
        {tickets.slice(0, shown).map((t) => (
          <TicketCard key={t.id} of={t} now={now} said={said.get(t.id)} />
        ))}
      </ul>
      {tickets.length > shown && (
        <button type="button" className="more" onClick={() => show(shown + 4 * step)}>
          {tickets.length - shown} more
        </button>
      )}
    </section>
  );
}

const clipped = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)} …` : text);

function TicketCard({ of, now, said }: { of: Ticket; now: number; said: string | undefined }) {
  const s = of.now;
  const over = isOver(of.status);
  return (
    <li className="ticket">
      <div className="ticket-top">
        <span className="ticket-id" title={of.id}>
          {of.id}
        </span>
        <Status of={of.status} />
      </div>
      <a className="title" href={`#/ticket/${encodeURIComponent(of.id)}`} title={of.item.title}>
        {of.item.title}
      </a>
      <p className="now" title={s?.do}>
        {clipped((s?.text ?? "").replace(/\.$/, ""), 180)}
        {s?.since ? (
          <>
            , <span className="nowrap">{`${over ? "" : "for "}${coarse(now - s.since)}${over ? " ago" : ""}`}</span>
          </>
        ) : null}
      </p>
      {said && holderOf(of) && <p className="now">“{clipped(said, 120)}”</p>}
    </li>
  );
}
