import { useContext } from "react";
import { get, type Page } from "../lib/api";
import { count, date } from "../lib/format";
import { live, useResource } from "../lib/live";
import { PrincipalContext, useMay } from "../lib/principal";
import { Ago, Card, Facts, Shown, Status } from "../ui/parts";
import { Stat } from "./costs";

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
}
interface DeadLetter {
  entity?: string;
  command?: string;
  why?: string;
  error?: string;
  at?: number;
  [more: string]: unknown;
}

export default function System() {
  const system = useResource("system", (signal) => get<SystemState>("/api/system", signal), (e) => e.type !== "progress");
  const ready = useResource("ready", (signal) => get<{ status: string }>("/readyz", signal), (e) => e.kind === "daemon");
  return (
    <>
      <h1>System</h1>
      <div className="notice" role="status">
        {ready.data ? <Status of={ready.data.status} /> : <span className="badge red">{ready.error?.message ?? "…"}</span>}
        <span>{ready.data ? "The store answers and takes events." : "The server says it is not ready."}</span>
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
              <Card title="What went wrong" side={<span className="muted">all 0 is how it must be</span>}>
                <table>
                  <tbody>
                    {(
                      [
                        ["invariants broken, in the whole ledger", s.invariant_violations],
                        ["entities that crashed", s.crashes],
                        ["commands put aside (dead letters)", s.dead_letters],
                        ["entities in quarantine, now", s.quarantined],
                        ["parts of the server restarted", s.restarts],
                      ] as [string, number][]
                    ).map(([what, n]) => (
                      <tr key={what}>
                        <th scope="row">{what}</th>
                        <td className="right">
                          <span className={`badge ${n === 0 ? "green" : "red"}`}>{count(n)}</span>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Card>
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
              <Shards of={s.shards} />
              <DeadLetters />
            </div>
          </>
        )}
      </Shown>
    </>
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
                    <strong>{String(d.entity ?? "")}</strong> {String(d.command ?? "")} <span className="muted">{String(d.why ?? d.error ?? "")}</span> {d.at ? <Ago at={d.at} /> : null}
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

