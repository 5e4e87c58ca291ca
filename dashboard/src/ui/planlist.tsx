import { money, span } from "../lib/format";
import { layout } from "../lib/graph";
import type { Plan } from "../lib/types";

/** A plan to read before it is approved: every ticket with what it waits for and how it is proved. */
export function PlanList({ of }: { of: Plan }) {
  const items = of.content?.items ?? [];
  const shape = layout(items);
  return (
    <div className="content">
      {of.content?.note && <p>{of.content.note}</p>}
      <p className="muted">
        {items.length} {items.length === 1 ? "ticket" : "tickets"} in {shape.layers} {shape.layers === 1 ? "layer" : "layers"}
        {shape.critical.size > 0 && <> · longest chain {[...shape.critical].reverse().join(" → ")}</>} · forecast{" "}
        {of.content?.forecast_time ? span(of.content.forecast_time) : "time unknown"}, cost {money(of.content?.forecast_cost_micros)}
      </p>
      {(of.findings ?? []).length > 0 && (
        <>
          <h3>The critique found</h3>
          <ul>
            {of.findings?.map((f, n) => (
              <li key={n}>{f}</li>
            ))}
          </ul>
        </>
      )}
      <ol className="items">
        {items.map((i) => (
          <li key={i.key}>
            <div className="item-head">
              <span className="key">{i.key}</span>
              <div>
                <strong>{i.title}</strong>{" "}
                <span className="muted">
                  {i.role}
                  {(i.blocked_by ?? []).length > 0 && <> · after {i.blocked_by?.join(", ")}</>}
                  {i.supersedes && <> · replaces {i.supersedes}</>}
                  {i.importance && i.importance !== "normal" && <> · {i.importance}</>}
                </span>
              </div>
            </div>
            <details>
              <summary>Criteria ({i.criteria?.length ?? 0})</summary>
              {i.text && <p>{i.text}</p>}
              <ul>
                {(i.criteria ?? []).map((c, n) => (
                  <li key={n}>{c}</li>
                ))}
              </ul>
              {(i.files ?? []).length > 0 && <p className="muted">Files: {i.files?.join(", ")}</p>}
            </details>
          </li>
        ))}
      </ol>
    </div>
  );
}
