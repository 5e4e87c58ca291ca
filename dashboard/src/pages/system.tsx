import { useContext } from "react";
import { get, type Page } from "../lib/api";
import { bytes, count, date, span } from "../lib/format";
import { live, useRefresh, useResource } from "../lib/live";
import { PrincipalContext, useMay } from "../lib/principal";
import { Bars, type Histogram } from "../ui/bars";
import { Ago, Card, Facts, Name, Shown, Stat, Status } from "../ui/parts";
import { right, Rows, Table } from "../ui/table";

interface SystemState {
  version: string;
  now: number;
  events: { first_at_hand: number; last: number };
  entities_in_memory: number;
  under_way: number;
  links: number;
  invariant_violations: number;
  crashes: number;
  dead_letters: number;
  quarantined: number;
  restarts: number;
  refused: number;
  shards: { shard: number; seq: number }[];
  /** What the parts of the server have to do now. */
  load?: {
    commands: number;
    commands_limit: number;
    entities: number;
    entities_limit: number;
    entities_reading: number;
    view_behind: number;
    engines: { waiting: number; busy: number; threads: number };
    dispatch: { offers: number; slots: number; occupied: number };
    journal: { units: number; bytes: number; bytes_limit: number; reads: number };
  };
  /** What entities have asked for and is under way, by kind. */
  effects?: { kind: string; class: string; count: number; oldest_ms: number | null }[];
  /** Since the start. */
  journal?: { batches: Histogram; commits: Histogram; conflicts: number; unknown: number };
}
interface DeadLetter {
  entity?: string;
  command?: string;
  kind?: string;
  why?: string;
  at?: number;
}

export default function System() {
  const system = useResource("system", (signal) => get<SystemState>("/api/system", signal), (e) => e.type !== "progress");
  useRefresh(system, 5_000);
  const ready = useResource("ready", (signal) => get<{ status: string }>("/readyz", signal), (e) => e.kind === "daemon");
  return (
    <>
      <h1>System</h1>
      <div className="notice" role="status">
        {ready.data ? <Status of={ready.data.status} /> : <span className={`badge ${ready.error ? "red" : ""}`}>{ready.error ? (ready.error.status ? "not ready" : "no answer") : "…"}</span>}
        <span>{ready.data ? "The store answers and takes events." : (ready.error?.message ?? "Asking whether the server is ready.")}</span>
      </div>
      <Shown of={system} what="the state of the server">
        {(s) => (
          <>
            <div className="stats">
              <Stat value={count(s.events.last)} label="events" />
              <Stat value={count(s.entities_in_memory)} label="entities in memory" />
              <Stat value={count(s.under_way)} label="commands under way" />
              <Stat value={count(s.links)} label="daemons linked" />
              <Stat value={count(s.refused)} label="refused for overload" />
              <Stat value={count(s.shards.length)} label="of 256 shards in use" />
            </div>
            <div className="two">
              <div className="stack">
                <Card title="What went wrong" side={<span className="muted">all 0 is how it must be</span>}>
                  <Rows
                    of={(
                      [
                        ["invariants broken, in the whole ledger", s.invariant_violations],
                        ["entities that crashed", s.crashes],
                        ["commands put aside (dead letters)", s.dead_letters],
                        ["entities in quarantine, now", s.quarantined],
                        ["parts of the server restarted", s.restarts],
                      ] as [string, number][]
                    ).map(([what, n]) => [what, <span key={what} className={`badge ${n === 0 ? "green" : "red"}`}>{count(n)}</span>])}
                  />
                </Card>
                {s.effects && <Effects of={s.effects} />}
                {s.load && <Queues of={s.load} />}
              </div>
              <div className="stack">
                <Card title="This server">
                  <Facts
                    of={[
                      ["Version", s.version],
                      ["Its clock", date(s.now)],
                      ["Events at hand", `${count(s.events.last - s.events.first_at_hand + 1)} of ${count(s.events.last)}`],
                      ["Link of this page", live.current()],
                    ]}
                  />
                </Card>
                {s.journal && <Bars title="Made durable at once" of={s.journal.batches} unit="units a batch, on average" name={(n) => (Number.isInteger(n) ? count(n) : n.toFixed(1))} />}
                {s.journal && <Bars title="How long a commit took" of={s.journal.commits} unit="on average" name={(us) => span(us / 1000)} />}
                <DeadLetters />
                <Shards of={s.shards} />
              </div>
            </div>
          </>
        )}
      </Shown>
    </>
  );
}

const effectNames: Record<string, string> = {
  message: "messages between entities",
  thinking: "engines that think for an agent",
  offer: "tickets that wait for an agent or a daemon",
  attempt: "attempts on daemons",
  notice: "notices to daemons",
  timer: "timers",
};

/** What becomes of an effect of which nobody knows whether it happened. */
const effectClasses: Record<string, string> = {
  pure: "done again",
  idempotent: "sent again, counts once",
  probeable: "asked for first",
  guarded: "a person decides",
};

function Effects({ of }: { of: NonNullable<SystemState["effects"]> }) {
  return (
    <Card title="Effects" side={<span className="muted">under way now</span>}>
      <Table heads={["Kind", right("Under way"), right("Oldest")]}>
        {of.map((e) => (
          <tr key={e.kind}>
            <th scope="row">
              {effectNames[e.kind] ?? e.kind}
              {e.class && <div className="muted">in doubt: {effectClasses[e.class] ?? e.class}</div>}
            </th>
            <td className="right">{count(e.count)}</td>
            <td className="right nowrap">{e.oldest_ms === null ? <span className="muted">–</span> : span(e.oldest_ms)}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

function Queues({ of }: { of: NonNullable<SystemState["load"]> }) {
  const rows: [what: string, n: number, limit: number | undefined, name?: (n: number) => string][] = [
    ["commands under way", of.commands, of.commands_limit],
    ["outcomes that wait to be made durable", of.journal.units, undefined],
    ["memory of these", of.journal.bytes, of.journal.bytes_limit, bytes],
    ["reads that wait for the store", of.journal.reads, undefined],
    ["batches that the read side has not applied", of.view_behind, undefined],
    ["entities in memory", of.entities, of.entities_limit],
    ["entities that are being read", of.entities_reading, undefined],
    ["messages that wait for an engine", of.engines.waiting, undefined],
    ["engines at work", of.engines.busy, of.engines.threads],
    ["slots of daemons at work", of.dispatch.occupied, of.dispatch.slots],
  ];
  return (
    <Card title="What waits, and what is at work" side={<span className="muted">now</span>}>
      <Rows
        of={rows.map(([what, n, limit, name = count]) => [
          what,
          <>
            {name(n)}
            {limit !== undefined && <span className="muted"> of {name(limit)}</span>}
          </>,
        ])}
      />
    </Card>
  );
}

function Shards({ of }: { of: SystemState["shards"] }) {
  const top = Math.max(1, ...of.map((s) => s.seq));
  const seq = new Map(of.map((s) => [s.shard, s.seq]));
  return (
    <Card title="Shards" side={<span className="muted">largest: {count(top)} events</span>}>
      <svg className="chart" viewBox="0 0 512 90" preserveAspectRatio="none" role="img" aria-label={`Events in each of 256 shards; ${of.length} hold any, the largest ${top}`}>
        {Array.from({ length: 256 }, (_, n) => {
          const v = seq.get(n) ?? 0;
          return <rect key={n} className={v > 0 ? "fill-blue" : "fill-quiet"} x={n * 2} width="1.6" y={v > 0 ? 88 - (v / top) * 84 : 88} height={v > 0 ? (v / top) * 84 + 2 : 2} />;
        })}
      </svg>
    </Card>
  );
}

function DeadLetters() {
  const may = useMay("admin");
  const me = useContext(PrincipalContext);
  const r = useResource(may ? `dead:${me.id}` : "", (signal) => get<Page<DeadLetter>>("/api/dead-letters", signal), () => false);
  useRefresh(r, 5_000); // as what stands beside it
  return (
    <Card title="Dead letters">
      {!may ? (
        <p className="muted">They are shown to administrators.</p>
      ) : (
        <Shown of={r} what="what was put aside">
          {({ items }) =>
            items.length === 0 ? (
              <p className="muted">No command was put aside.</p>
            ) : (
              <ul className="chat">
                {items.map((d, n) => (
                  <li key={n}>
                    <div className="headline">
                      <strong>{d.kind || "a command"}</strong>
                      <span className="muted">
                        <Ago at={d.at} />
                      </span>
                    </div>
                    <div>
                      to <Name of={d.entity ?? ""} />
                    </div>
                    {d.why && <div className="error">{d.why}</div>}
                    {d.command && (
                      <div className="muted">
                        <Name of={d.command} />
                      </div>
                    )}
                  </li>
                ))}
              </ul>
            )
          }
        </Shown>
      )}
    </Card>
  );
}

