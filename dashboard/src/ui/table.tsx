import type { ReactNode } from "react";

/** A column's title; `side: "right"` for numbers, `"unseen"` where only who reads by ear needs it. */
export type Head = string | { title: string; side: "right" | "unseen" };

/** A table with titles. With a `label` it scrolls sideways in a box of that name; `stacked`, each row is a block of lines on a narrow screen. */
export function Table({ label, heads, stacked, children }: { label?: string; heads: Head[]; stacked?: boolean; children: ReactNode }) {
  const table = (
    <table className={stacked ? "stack-table" : undefined}>
      <thead>
        <tr>
          {heads.map((h) => {
            const { title, side } = typeof h === "string" ? { title: h, side: undefined } : h;
            return (
              <th key={title} scope="col" className={side === "right" ? "right" : undefined}>
                {side === "unseen" ? <span className="hidden">{title}</span> : title}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
  return label ? (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      {table}
    </div>
  ) : (
    table
  );
}

/** Names with a value each. */
export const Rows = ({ of }: { of: [name: string, value: ReactNode][] }) => (
  <table>
    <tbody>
      {of.map(([name, value]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td className="right nowrap">{value}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

export const right = (title: string): Head => ({ title, side: "right" });
export const unseen = (title: string): Head => ({ title, side: "unseen" });
