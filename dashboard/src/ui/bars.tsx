import { count } from "../lib/format";
import { Card } from "./parts";

/** `counts` has one more than `bounds`: of the values above the last. */
export interface Histogram {
  bounds: number[];
  counts: number[];
  sum: number;
}

/** How often values fell into each range; every range is named beside its bar. */
export function Bars({ title, of, unit, name }: { title: string; of: Histogram; unit: string; name: (n: number) => string }) {
  const total = of.counts.reduce((a, b) => a + b, 0);
  const top = Math.max(1, ...of.counts);
  const range = (n: number): string => (n < of.bounds.length ? `up to ${name(of.bounds[n] as number)}` : `above ${name(of.bounds[n - 1] as number)}`);
  return (
    <Card title={title} side={<span className="muted">{total === 0 ? "none yet" : `${name(of.sum / total)} ${unit}`}</span>}>
      <ul className="bars" aria-label={title}>
        {of.counts.map((n, at) => (
          <li key={at}>
            <span>{range(at)}</span>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect className="fill-blue" width={(n / top) * 100} height="8" />
            </svg>
            <span className="right">{count(n)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
