import { deeds } from "../lib/api";
import type { Work } from "../lib/attempts";
import { count, isOver, money, span, who } from "../lib/format";
import { useRefresh } from "../lib/live";
import { useMay } from "../lib/principal";
import { deedsOf, inWords } from "../lib/record";
import { useKeptDown } from "../lib/quarantine";
import { setParams, useRoute } from "../lib/route";
import { useAgents, useDaemons, useTickets, useWork } from "../lib/runs";
import type { Agent, Daemon, Ticket } from "../lib/types";
import { holderOf } from "../lib/waiting";
import { Action, Ago, Card, Empty, EntityLink, Search, Select, Shown, Status } from "../ui/parts";
import { right, Table, unseen } from "../ui/table";

/** What agents used is of so many attempts; Costs looks farther back. */
const mostOwn = 2000;

export default function Agents() {
  const { params } = useRoute();
  const agents = useAgents();
  useRefresh(agents, 10_000); // no event tells of a restart
  const down = useKeptDown(agents.data?.items);
  const work = useWork(mostOwn);
  const daemons = useDaemons();
  useRefresh(daemons, 10_000);
  const tickets = useTickets("");
  const text = (params["q"] ?? "").toLowerCase();
  const project = params["project"] ?? "";
  return (
    <>
      <h1>Agents</h1>
      <div className="filters">
        <Select label="Project" value={project} options={[["", "all"], ...[...new Set((agents.data?.items ?? []).map((a) => a.project ?? ""))].filter(Boolean).sort().map((p): [string, string] => [p, p])]} onChange={(v) => setParams({ project: v })} />
        <Search label="Search" value={params["q"] ?? ""} placeholder="name, role, state, daemon" onChange={(v) => setParams({ q: v })} />
      </div>
      <div className="stack">
        <Card title="Roster">
          <Shown of={agents} what="the agents">
            {({ items }) => {
              const shown = items
                .filter((a) => (!project || a.project === project) && (!text || `${a.id} ${a.spec.role} ${a.status} ${a.spec.engine ?? "rules"}`.toLowerCase().includes(text)))
                .sort((a, b) => (a.project ?? "").localeCompare(b.project ?? "") || a.spec.role.localeCompare(b.spec.role) || a.id.localeCompare(b.id));
              return shown.length === 0 ? (
                <Empty title="No agent.">{items.length === 0 ? <>A project brings its roster with it: <code>troupe init</code></> : "None goes through these filters."}</Empty>
              ) : (
                <>
                  <Roster agents={shown} tickets={tickets.data?.items ?? []} attempts={work.data} down={down.data} reload={agents.reload} />
                  {tickets.data?.whole === false && <p className="muted">Work and record are of the newest {count(tickets.data.items.length)} of {count(tickets.data.total)} tickets.</p>}
                  {work.data?.whole === false && <p className="muted">What attempts took is of the newest {count(mostOwn)}.</p>}
                </>
              );
            }}
          </Shown>
        </Card>
        <Card title="Daemons">
          <Shown of={daemons} what="the daemons">
            {({ items }) => {
              const shown = items.filter((d) => !text || `${d.id} ${d.name ?? ""} ${d.status}`.toLowerCase().includes(text) || (agents.data?.items ?? []).some((a) => a.id.toLowerCase().includes(text)));
              return shown.length === 0 ? (
                <Empty title="No daemon is enrolled.">
                  One makes a machine a place of work: <code>troupe daemon code | troupe daemon enroll --code -</code>
                </Empty>
              ) : (
                <Daemons of={shown} tickets={tickets.data?.items ?? []} reload={daemons.reload} />
              );
            }}
          </Shown>
        </Card>
      </div>
    </>
  );
}

/** `down` has those that the server keeps down, with its reason: that is not stored, and their state stays what it was. */
export function Roster({ agents, tickets, attempts, down, reload }: { agents: Agent[]; tickets: Ticket[]; attempts?: Work | undefined; down?: Map<string, string> | undefined; reload: () => Promise<void> }) {
  const may = useMay("developer");
  const holds = new Map<string, Ticket[]>();
  for (const t of tickets) {
    const h = holderOf(t);
    if (h && !isOver(t.status)) holds.set(h, [...(holds.get(h) ?? []), t]);
  }
  const record = deedsOf(tickets, attempts);
  return (
    <Table label="Roster" stacked heads={["Agent", "State", "Engine", "Work", right("Mailbox"), right("Restarts"), "Record", unseen("Deeds")]}>
          {agents.map((a) => {
            const own = record.get(a.id);
            const said = inWords(own, a.answered ?? 0);
            const work = holds.get(a.id) ?? [];
            const kept = down?.get(a.id);
            const why = kept ?? a.why;
            const post = deeds(`/api/agents/${encodeURIComponent(a.id)}`, reload);
            return (
              <tr key={a.id}>
                <td>
                  <strong title={a.id}>{a.spec.name}</strong> <span className="muted">{a.spec.role}</span>
                  <div className="muted">{a.project}</div>
                </td>
                <td data-label="State">
                  <Status of={kept ? "quarantined" : a.status} />
                  {why && <div className="muted">{why}</div>}
                </td>
                <td data-label="Engine">
                  {a.spec.engine ?? "rules"}
                  {(a.spec.capacity ?? 1) > 1 && <span className="muted nowrap"> × {a.spec.capacity}</span>}
                </td>
                <td data-label="Work" className={work.length === 0 ? "nothing" : undefined}>
                  {work.length === 0 ? (
                    <span className="muted">–</span>
                  ) : (
                    work.map((t) => (
                      <div key={t.id}>
                        <EntityLink kind="ticket" id={t.id} /> <span className="muted">{t.item.title.slice(0, 60)}</span>
                      </div>
                    ))
                  )}
                </td>
                <td data-label="Mailbox" className={`right ${a.inbox?.length ? "" : "nothing"}`}>
                  {count(a.inbox?.length)}
                </td>
                <td data-label="Restarts" className={`right ${a.restarts ? "" : "nothing"}`}>
                  {count(a.restarts)}
                </td>
                <td data-label="Record" className={said.length > 0 || own?.attempts ? undefined : "nothing"}>
                  {said.length > 0 || own?.attempts ? (
                    <>
                      {said.join(" · ")}{" "}
                      {own && own.attempts > 0 && (
                        <span className="muted">
                          {own.attempts} {own.attempts === 1 ? "attempt" : "attempts"}, <span className="nowrap">{span(own.wall)}</span>
                          {own.micros > 0 && `, ${money(own.micros)}`}
                        </span>
                      )}
                    </>
                  ) : (
                    <span className="muted">–</span>
                  )}
                </td>
                <td>
                  {kept ? null : a.status === "paused" || a.status === "quarantined" || a.status === "crashed" ? (
                    <Action label="Resume" disabled={!may} act={post("resume")} />
                  ) : isOver(a.status) ? null : (
                    <Action label="Pause" disabled={!may} act={post("pause")} />
                  )}
                </td>
              </tr>
            );
          })}
    </Table>
  );
}

function Daemons({ of, tickets, reload }: { of: Daemon[]; tickets: Ticket[]; reload: () => Promise<void> }) {
  const may = useMay("admin");
  return (
    <Table label="Daemons" stacked heads={["Daemon", "State", "Heard", "Runners", "At work", "Repositories", unseen("Deeds")]}>
          {of.map((d) => {
            const busy = tickets.filter((t) => t.holder?.daemon === d.id && (t.holder.is === "held" || t.holder.is === undefined || t.holder.is === "offered") && !isOver(t.status)).length;
            const post = deeds(`/api/daemons/${encodeURIComponent(d.id)}`, reload);
            return (
              <tr key={d.id}>
                <td>
                  <strong>{d.name ?? d.id}</strong>
                  <div className="muted">{d.id}</div>
                </td>
                <td data-label="State">
                  <Status of={d.status} />{" "}
                  <span className="muted">
                    <Ago at={d.changed_at} />
                    {d.why && d.status !== "online" && <> · {d.why}</>}
                  </span>
                </td>
                <td data-label="Heard">{d.heard_at ? <Ago at={d.heard_at} /> : <span className="muted">not since the server began</span>}</td>
                <td data-label="Runners">
                  {(d.runners ?? []).map((r) => `${r.profile}${r.version ? ` ${r.version}` : ""} × ${r.slots ?? 1}`).join(", ") || <span className="muted">–</span>}
                </td>
                <td data-label="At work">
                  {busy} of {d.slots ?? 0}
                </td>
                <td data-label="Repositories">{(d.repositories ?? []).map((x) => (x === "*" ? "any" : x)).join(", ") || "–"}</td>
                <td>
                  {d.status === "online" && <Action label="Drain" disabled={!may} act={post("drain")} />}{" "}
                  {!isOver(d.status) && <Action label="Revoke" tone="danger" confirm={`Really revoke ${who(d.name ?? d.id)}?`} disabled={!may} act={post("revoke")} />}
                </td>
              </tr>
            );
          })}
    </Table>
  );
}
