import { all, call } from "../lib/api";
import { mostWork, usedBy } from "../lib/attempts";
import { addUp, burn, completion, histogram, quantile, rateOver, sentBack, violations, workSpan, type Sum } from "../lib/costs";
import { clock, count, money, names, span, words } from "../lib/format";
import { useResource } from "../lib/live";
import { useMay } from "../lib/principal";
import { choices, everything, useAgents, useRuns, useTickets, useWork } from "../lib/runs";
import { setParams, useRoute } from "../lib/route";
import type { Budget, Event, Ticket } from "../lib/types";
import { Bars } from "../ui/bars";
import { Action, Card, Empty, Name, Select, Shown, Stat, Status } from "../ui/parts";
import { right, Rows, Table } from "../ui/table";

export default function Costs() {
  const { params } = useRoute();
  const run = params["run"] ?? "";
  const runs = useRuns();
  const tickets = useTickets(run);
  const budgets = useResource("budgets", (signal) => all<Budget>("/api/budgets", 500, signal), (e) => e.kind === "budget");
  const work = useWork(mostWork);
  const agents = useAgents();
  const rest = work.data?.whole === false ? "gates, merges and what is not known" : "gates and merges";
  const chosen = new Set(tickets.data?.items.map((t) => t.id));
  const mine = (list: Event[]) => (run ? list.filter((e) => chosen.has(e.entity)) : list);
  // A role is that of who made the attempt, not that of the ticket: a tech-lead reviews tickets of developers.
  const roles = new Map(agents.data?.items.map((a) => [a.id, a.spec.role]));
  return (
    <>
      <h1>Costs and metrics</h1>
      <div className="filters">
        <Select label="Run" value={run} options={[["", "all tickets"], ...choices(runs.data?.items ?? []).filter(([id]) => id !== everything)]} onChange={(v) => setParams({ run: v })} />
      </div>
      <Shown of={tickets} what="the tickets">
        {({ items, total, whole }) =>
          items.length === 0 ? (
            <Empty title="Nothing was spent yet.">Costs are added up from the attempts on tickets.</Empty>
          ) : (
            <>
              <Numbers of={items} />
              {!whole && <p className="muted">The newest {count(items.length)} of {count(total)} tickets; so is what stands by run{run && ", and every attempt"}.</p>}
              {work.data?.whole === false && <p className="muted">By role, agent, engine and provider, over time and of gates: the newest {count(mostWork)} attempts on all tickets; what is older is left out.</p>}
              <div className="two">
                <div className="stack">
                  <Shown of={work} what="the attempts">
                    {(w) => {
                      const ended = mine(w.ended);
                      const agentOf = (e: Event) => w.ofLease(e, "agent");
                      const called = names([...new Set(ended.map(agentOf).filter(Boolean))]);
                      return (
                        <>
                          {agents.data ? (
                            <Sums title="By role" head="Role" unit="attempts" of={addUp(ended, (e) => (agentOf(e) ? (roles.get(agentOf(e)) ?? "of no known role") : rest), usedBy)} />
                          ) : (
                            <Shown of={agents} what="the roles">{() => null}</Shown>
                          )}
                          <Sums title="By agent" head="Agent" unit="attempts" of={addUp(ended, (e) => agentOf(e) || rest, usedBy)} name={(id) => called.get(id) ?? id} />
                          <Sums title="By engine" head="Engine" unit="attempts" of={addUp(ended, (e) => String(e.data?.["engine"] || w.ofLease(e, "profile") || rest), usedBy)} />
                        </>
                      );
                    }}
                  </Shown>
                  {!run && <Sums title="By run" head="Run" of={addUp(items, (t) => (t.by_hand ? "opened by hand" : (t.run ?? "")), (t) => t.used)} />}
                </div>
                <div className="stack">
                  {work.data && (
                    <>
                      <Burn of={mine(work.data.ended)} />
                      <Bars title="Times to done" of={histogram(completion(items))} unit="on average" name={span} />
                      <Sums title="By provider" head="Runner" unit="attempts" of={addUp(mine(work.data.ended), (e) => work.data?.ofLease(e, "profile") || rest, usedBy)} />
                      <Quality tickets={items} gated={mine(work.data.gated)} />
                    </>
                  )}
                  <Budgets of={budgets.data?.items ?? []} reload={budgets.reload} />
                </div>
              </div>
            </>
          )
        }
      </Shown>
    </>
  );
}

function Numbers({ of }: { of: Ticket[] }) {
  const [sum] = addUp(of, () => "all", (t) => t.used);
  const times = completion(of);
  const done = of.filter((t) => t.status === "DONE").length;
  return (
    <div className="stats">
      <Stat value={money(sum?.micros)} label="money spent" />
      <Stat value={count((sum?.input ?? 0) + (sum?.output ?? 0))} label="tokens, in and out" />
      <Stat value={span(sum?.wall ?? 0)} label="at work" />
      <Stat value={`${done} of ${of.length}`} label="tickets done" />
      <Stat value={times.length ? span(quantile(times, 0.5)) : "–"} label="to done, median" />
      <Stat value={times.length ? span(quantile(times, 0.9)) : "–"} label="to done, 9 of 10" />
    </div>
  );
}

function Sums({ title, head, of, unit = "tickets", name = (s) => s }: { title: string; head: string; of: Sum[]; unit?: string; name?: (s: string) => string }) {
  return (
    <Card title={title}>
      {of.length === 0 && <p className="muted">None yet.</p>}
      {of.length > 0 && <Table label={title} heads={[head, right(unit), right("tokens"), right("at work"), right("money")]}>
            {of.slice(0, 50).map((s) => (
              <tr key={s.key}>
                <td title={s.key}>
                  <Name of={name(s.key)} />
                </td>
                <td className="right">{count(s.n)}</td>
                <td className="right">{count(s.input + s.output)}</td>
                <td className="right time">{span(s.wall)}</td>
                <td className="right">{money(s.micros)}</td>
              </tr>
            ))}
      </Table>}
    </Card>
  );
}

function Burn({ of }: { of: Event[] }) {
  const parts = 48;
  const { from, to } = workSpan(of);
  const paid = of.some((e) => usedBy(e)?.cost_micros);
  const values = burn(of, from, to, parts, (u) => (paid ? (u.cost_micros ?? 0) : (u.wall ?? 0)));
  const top = Math.max(1, ...values);
  const sum = values.reduce((a, b) => a + b, 0);
  const rate = rateOver(sum, { from, to });
  return (
    <Card
      title={paid ? "Burn rate" : "Work over time"}
      side={
        rate === undefined ? (
          <span className="muted" title={of.length === 0 ? "No attempt has ended yet." : `From the first begin to the last end it is ${span(to - from)}: less than a minute gives no rate.`}>
            –
          </span>
        ) : (
          <span className="muted">{paid ? `${money(rate * 3_600_000)} an hour` : `${rate.toFixed(1)} at once, on average`}</span>
        )
      }
    >
      {of.length === 0 ? (
        <p className="muted">No attempt has ended yet.</p>
      ) : (
        <>
          <svg className="chart" viewBox={`0 0 ${parts * 10} 90`} preserveAspectRatio="none" role="img" aria-label={`${paid ? "Money" : "Time at work"} from ${clock(from)} to ${clock(to)}; at most ${paid ? money(top) : span(top)} in one of ${parts} parts`}>
            {values.map((v, n) => (
              <rect key={n} className="fill-blue" x={n * 10 + 1} width="8" y={88 - (v / top) * 84} height={v > 0 ? (v / top) * 84 + 2 : 0} />
            ))}
          </svg>
          <p className="muted ends">
            <span>{clock(from)}</span>
            <span>{clock(to)}</span>
          </p>
        </>
      )}
    </Card>
  );
}

function Quality({ tickets, gated }: { tickets: Ticket[]; gated: Event[] }) {
  const back = [...sentBack(tickets)];
  const broken = [...violations(gated)];
  return (
    <Card title="Review rounds and gates">
      {back.length + broken.length === 0 ? (
        <p className="muted">Nothing was sent back, and no gate failed.</p>
      ) : (
        <Rows of={[...back.map(([stage, n]): [string, string] => [`sent back by ${stage}`, count(n)]), ...broken.map(([gate, n]): [string, string] => [`gate ${gate} failed`, count(n)])]} />
      )}
    </Card>
  );
}

function Budgets({ of, reload }: { of: Budget[]; reload: () => Promise<void> }) {
  const may = useMay("approver");
  return (
    <Card title="Budgets">
      {of.length === 0 ? (
        <p className="muted">No project has a limit of money.</p>
      ) : (
        of.map((b) => (
          <div key={b.id}>
            <p>
              <Status of={b.status} /> {b.id}
            </p>
            <Table heads={["Scope", right("granted"), right("reserved"), right("spent")]}>
                {Object.entries(b.scopes ?? {}).map(([name, s]) => (
                  <tr key={name}>
                    <td>
                      {name} {s.dry && <span className="badge red">{words("exhausted")}</span>}
                    </td>
                    <td className="right">{money(s.granted)}</td>
                    <td className="right">{money(s.reserved)}</td>
                    <td className="right">{money(s.spent)}</td>
                  </tr>
                ))}
            </Table>
            <Action
              label="Grant 1.00 more"
              disabled={!may}
              confirm="Really grant it?"
              act={async () => {
                await call("POST", `/api/budgets/${encodeURIComponent(b.id)}/grant`, { amount: 1_000_000 });
                await reload();
              }}
            />
          </div>
        ))
      )}
    </Card>
  );
}
