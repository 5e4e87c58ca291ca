import { useMemo } from "react";
import { all } from "../lib/api";
import { money, span, toneOf, words } from "../lib/format";
import { downstream, layout, unblocks } from "../lib/graph";
import { useGet, useResource } from "../lib/live";
import { setParams, useRoute } from "../lib/route";
import { useTickets } from "../lib/runs";
import type { Item, Plan as PlanState, Run, Ticket } from "../lib/types";
import { Card, Empty, Search, Select, Shown, Status } from "../ui/parts";
import { PlanList } from "../ui/planlist";

const moved = (e: { kind: string; type: string }) => e.kind === "plan" && e.type !== "plan.settled";

export default function Plan() {
  const { params } = useRoute();
  const plans = useResource("plans", (signal) => all<PlanState>("/api/plans", 200, signal), moved);
  const shown = (plans.data?.items ?? []).filter((p) => (p.content?.items ?? []).length > 0);
  const chosen = params["plan"] || shown[0]?.id || "";
  return (
    <>
      <h1>Plan</h1>
      <Shown of={plans} what="the plans">
        {() =>
          chosen === "" ? (
            <Empty title="No plan yet.">A plan is made when a brief is approved.</Empty>
          ) : (
            <>
              <div className="filters">
                <Select
                  label="Plan"
                  value={chosen}
                  options={shown.map((p): [string, string] => [p.id, `${p.id} (${words(p.status)}${p.project ? `, ${p.project}` : ""})`])}
                  onChange={(v) => setParams({ plan: v, item: "" })}
                />
                <Search label="Find a ticket" value={params["q"] ?? ""} placeholder="title or number" onChange={(v) => setParams({ q: v })} />
              </div>
              <OfPlan id={chosen} />
            </>
          )
        }
      </Shown>
    </>
  );
}

function OfPlan({ id }: { id: string }) {
  const plan = useGet<PlanState>(`/api/plans/${encodeURIComponent(id)}`, (e) => moved(e) && e.entity === id);
  const brief = plan.data?.brief ?? "";
  const runs = useResource(brief ? `runs-of:${brief}` : "", (signal) => all<Run>(`/api/runs?brief=${encodeURIComponent(brief)}`, 50, signal), (e) => e.kind === "run" && e.type !== "run.settled");
  const run = runs.data?.items.find((r) => r.plan === id) ?? runs.data?.items[0];
  const tickets = useTickets(run?.id ?? "-");
  return (
    <Shown of={plan} what="the plan">
      {(p) => {
        const items = p.content?.items ?? [];
        const byKey = new Map<string, Ticket>();
        const byId = new Map((tickets.data?.items ?? []).map((t) => [t.id, t]));
        for (const i of run?.items ?? []) {
          const t = byId.get(i.ticket);
          if (t) byKey.set(i.item.key, t);
        }
        return (
          <div className="stack">
            <p className="muted">
              <Status of={p.status} /> {items.length} tickets · forecast {p.content?.forecast_time ? span(p.content.forecast_time) : "unknown"}, cost {money(p.content?.forecast_cost_micros)}
              {p.why && <> · {p.why}</>}
              {run && (
                <>
                  {" "}
                  · <a href={`#/board?run=${encodeURIComponent(run.id)}`}>board of run {run.id}</a>
                </>
              )}
            </p>
            <Graph items={items} tickets={byKey} />
            <Card title="As a list">
              <PlanList of={p} />
            </Card>
          </div>
        );
      }}
    </Shown>
  );
}

const W = 232;
const H = 62;
const X = 300;
const Y = 82;
const PAD = 16;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line && (line + " " + word).length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
    if (lines.length === 2) break;
  }
  if (lines.length < 2 && line) lines.push(line);
  const cut = lines.map((l) => (l.length > width ? `${l.slice(0, width - 1)}…` : l));
  if (cut.join(" ").length < text.length && cut.length === 2 && !cut[1]?.endsWith("…")) cut[1] = `${cut[1]?.slice(0, width - 1)}…`;
  return cut;
}

function Graph({ items, tickets }: { items: Item[]; tickets: Map<string, Ticket> }) {
  const { params } = useRoute();
  const shape = useMemo(() => layout(items), [items]);
  const chosen = params["item"] ?? "";
  const text = (params["q"] ?? "").toLowerCase();
  // A dependency between two tickets of the chain that skips one of it is none of the chain, which is drawn above the others.
  const onChain = (from: string, to: string): boolean => shape.chain.get(from) === to;
  const edges = [...shape.edges].sort((a, b) => Number(onChain(a.from, a.to)) - Number(onChain(b.from, b.to)));
  const lit = useMemo(() => (chosen ? downstream(items, chosen) : new Set<string>()), [items, chosen]);
  const done = (k: string) => tickets.get(k)?.status === "DONE";
  const at = (n: { layer: number; row: number } | undefined) => ({ x: PAD + (n?.layer ?? 0) * X, y: PAD + (n?.row ?? 0) * Y });
  const place = (k: string) => at(shape.nodes.get(k));
  const width = 2 * PAD + (shape.layers - 1) * X + W;
  const height = 2 * PAD + (shape.rows - 1) * Y + H;
  const item = items.find((i) => i.key === chosen);
  const ready = chosen ? unblocks(items, chosen, done) : [];
  if (items.length === 0) return <Empty title="This plan has no tickets yet." />;
  const byKey = new Map(items.map((i) => [i.key, i]));
  return (
    <>
      <div className="graph" role="group" aria-label="Dependencies, from left to right" tabIndex={0}>
        <svg width={width} height={height}>
          {edges.map(({ from, to, via }) => {
            const a = place(from);
            const b = place(to);
            const critical = onChain(from, to);
            const onWay = chosen !== "" && (from === chosen || lit.has(from)) && lit.has(to);
            const x2 = b.x - 6;
            const y2 = b.y + H / 2;
            let way = `M${a.x + W} ${a.y + H / 2}`;
            let left = { x: a.x + W, y: a.y + H / 2 };
            const bendTo = (x: number, y: number) => {
              const bend = Math.max(24, (x - left.x) / 2);
              way += `C${left.x + bend} ${left.y} ${x - bend} ${y} ${x} ${y}`;
              left = { x, y };
            };
            for (const v of via) {
              const { x, y } = at(v);
              bendTo(x, y + H / 2);
              way += `H${x + W}`;
              left.x = x + W;
            }
            bendTo(x2, y2);
            return (
              <g key={`${from}-${to}`}>
                <path className={`edge ${critical ? "critical" : ""} ${onWay ? "lit" : ""}`} d={way} />
                <path className="arrowhead" d={`M${x2 - 2} ${y2 - 4}l8 4l-8 4z`} />
              </g>
            );
          })}
          {items.map((i) => {
            const { x, y } = place(i.key);
            const t = tickets.get(i.key);
            const dim = text !== "" && !`${i.key} ${i.title}`.toLowerCase().includes(text);
            return (
              <g
                key={i.key}
                className={`node ${shape.critical.has(i.key) ? "critical" : ""} ${chosen === i.key ? "chosen" : ""}`}
                transform={`translate(${x} ${y})`}
                opacity={dim ? 0.35 : 1}
                role="button"
                tabIndex={0}
                aria-pressed={chosen === i.key}
                onClick={() => setParams({ item: chosen === i.key ? "" : i.key })}
                onKeyDown={(e) => {
                  if (e.key === "Enter" || e.key === " ") {
                    e.preventDefault();
                    setParams({ item: chosen === i.key ? "" : i.key });
                  }
                }}
              >
                <title>{`${i.key} ${i.title}: ${t ? words(t.status) : "not opened"}${(i.blocked_by ?? []).length ? `, after ${i.blocked_by?.join(", ")}` : ""}`}</title>
                <rect className="box" width={W} height={H} rx="7" />
                <rect width="5" height={H - 12} x="6" y="6" rx="2.5" className={`fill-${toneOf(t?.status)}`} />
                {wrap(i.title, 31).map((l, n) => (
                  <text key={n} x="20" y={19 + n * 15} aria-hidden="true">
                    {l}
                  </text>
                ))}
                <text className="sub" x="20" y={H - 9} aria-hidden="true">
                  {i.key} · {t ? words(t.status) : "not opened"}
                </text>
              </g>
            );
          })}
        </svg>
      </div>
      <p className="legend">
        {shape.critical.size > 0 && (
          <span>
            <i />
            longest chain: {[...shape.critical].reverse().join(" → ")}
          </span>
        )}
        {!item && <span>Choose a ticket to see what it holds up.</span>}
      </p>
      {item && (
        <Card title={`${item.key} ${item.title}`} side={tickets.get(item.key) ? <Status of={tickets.get(item.key)?.status ?? ""} /> : undefined}>
          {tickets.get(item.key) && (
            <p>
              {tickets.get(item.key)?.now?.text} · <a href={`#/ticket/${encodeURIComponent(tickets.get(item.key)?.id ?? "")}`}>ticket {tickets.get(item.key)?.id}</a>
            </p>
          )}
          <p>
            {done(item.key)
              ? "It is done."
              : ready.length > 0
                ? `When it is done, ${ready.map((k) => `${k} (${byKey.get(k)?.title ?? ""})`).join(", ")} can begin.`
                : lit.size > 0
                  ? "Nothing can begin as soon as it is done: what waits for it waits for others, too."
                  : "Nothing waits for it."}
            {!done(item.key) && lit.size > ready.length && ` In all ${lit.size} ${lit.size === 1 ? "ticket waits" : "tickets wait"} for it, directly or not.`}
          </p>
          {(item.criteria ?? []).length > 0 && (
            <ul>
              {item.criteria?.map((c, n) => (
                <li key={n}>{c}</li>
              ))}
            </ul>
          )}
        </Card>
      )}
    </>
  );
}
