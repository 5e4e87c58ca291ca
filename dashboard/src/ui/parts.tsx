import { Fragment, useEffect, useId, useState, type ReactNode } from "react";
import { asRefusal, type Refusal } from "../lib/api";
import { useLink, type Resource } from "../lib/live";
import { ago, clock, date, short, toneOf, who, words } from "../lib/format";

export const Status = ({ of }: { of: string }) => <span className={`badge ${toneOf(of)}`}>{words(of) || "–"}</span>;

/** A time that stays right while the page is open. */
export function Ago({ at }: { at: number | undefined }) {
  const now = useNow(at && Date.now() - at < 120_000 ? 1_000 : 20_000);
  return at ? (
    <time dateTime={new Date(at).toISOString()} title={date(at)}>
      {ago(at, now)}
    </time>
  ) : (
    <span>–</span>
  );
}
export const Clock = ({ at }: { at: number | undefined }) =>
  at ? (
    <time dateTime={new Date(at).toISOString()} title={date(at)}>
      {clock(at)}
    </time>
  ) : (
    <span>–</span>
  );

export function useNow(every: number): number {
  const [now, set] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

export const Who = ({ id }: { id: string | undefined }) => <span title={id}>{who(id)}</span>;
/** A name of several parts breaks between them, where it has to break. */
export const Name = ({ of }: { of: string }) => (
  <>
    {of.split(/(?<=[._:/@-])/).map((part, n) => (
      <Fragment key={n}>
        {n > 0 && <wbr />}
        {part}
      </Fragment>
    ))}
  </>
);
export const Hash = ({ of }: { of: string | undefined }) => (of ? <code title={of}>{short(of)}</code> : <span>–</span>);

/** What the server says can be done, with its `commands` as code. */
export const Hint = ({ of }: { of: string }) => (
  <p className="muted">{of.split("`").map((part, n) => (n % 2 === 1 ? <code key={n}>{part}</code> : part))}</p>
);

/** A link to the page of an entity. */
export function EntityLink({ kind, id, children }: { kind: string; id: string; children?: ReactNode }) {
  const to =
    kind === "ticket" ? `#/ticket/${encodeURIComponent(id)}`
    : kind === "plan" ? `#/plan?plan=${encodeURIComponent(id)}`
    : kind === "run" ? `#/board?run=${encodeURIComponent(id)}`
    : kind === "agent" || kind === "daemon" ? `#/agents?q=${encodeURIComponent(id)}`
    : `#/ledger?entity=${encodeURIComponent(id)}`;
  return <a href={to}>{children ?? <Name of={id} />}</a>;
}

export const Empty = ({ title, children }: { title: string; children?: ReactNode }) => (
  <div className="empty">
    <p className="empty-title">{title}</p>
    {children && <div className="muted">{children}</div>}
  </div>
);
export const Loading = ({ what }: { what: string }) => (
  <div className="loading" role="status">
    <span className="spinner" aria-hidden="true" />
    Reading {what} …
  </div>
);
export const Trouble = ({ error, retry }: { error: Refusal; retry?: () => void }) => (
  <div className="notice red" role="alert">
    <span>{error.message}</span>
    {retry && (
      <button type="button" onClick={retry}>
        Try again
      </button>
    )}
  </div>
);

/** What a resource has to show: loading, trouble, or its data with the trouble above it. */
export function Shown<T>({ of, what, children }: { of: Resource<T>; what: string; children: (data: T) => ReactNode }) {
  if (of.data === undefined) return of.error ? <Trouble error={of.error} retry={() => void of.reload()} /> : <Loading what={what} />;
  return (
    <>
      {of.error && of.error.status !== 0 && <Trouble error={of.error} retry={() => void of.reload()} />}
      {children(of.data)}
    </>
  );
}

export const Card = ({ title, side, children, className }: { title?: ReactNode; side?: ReactNode; children: ReactNode; className?: string }) => (
  <section className={`card ${className ?? ""}`}>
    {(title || side) && (
      <header className="card-head">
        <h2>{title}</h2>
        {side}
      </header>
    )}
    {children}
  </section>
);

/** A number that stands out, and what it is. */
export const Stat = ({ value, label }: { value: string; label: string }) => (
  <div className="stat">
    <b>{value}</b>
    <span>{label}</span>
  </div>
);

export function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {of.map(([k, v]) => (
        <div key={k}>
          <dt>{k}</dt>
          <dd>{v}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Does something on the server; shows that it is under way, and why it was refused. */
export function Action({
  label,
  tone,
  act,
  disabled,
  confirm,
}: {
  label: string;
  tone?: "primary" | "danger";
  act: () => Promise<unknown>;
  disabled?: boolean;
  confirm?: string;
}) {
  const [busy, setBusy] = useState(false);
  const [sure, setSure] = useState(false);
  const [error, setError] = useState<Refusal>();
  const link = useLink();
  useEffect(() => {
    if (link === "open") setError((was) => (was?.status === 0 ? undefined : was)); // the server was away, and answers again
  }, [link]);
  const go = async () => {
    if (confirm && !sure) {
      setSure(true);
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      await act();
      setSure(false);
    } catch (e) {
      setError(asRefusal(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <span className="action">
      <button type="button" className={tone ?? ""} disabled={disabled || busy} aria-busy={busy} onClick={() => void go()}>
        {busy ? `${label} …` : sure ? confirm : label}
      </button>
      {sure && !busy && (
        <button type="button" className="plain" onClick={() => setSure(false)}>
          No
        </button>
      )}
      {error && (
        <span className="error" role="alert">
          {error.message}
        </span>
      )}
    </span>
  );
}

export function Select({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: (string | [value: string, text: string])[];
  onChange: (v: string) => void;
}) {
  const id = useId();
  return (
    <span className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(e) => onChange(e.target.value)}>
        {options.map((o) => {
          const [v, text] = typeof o === "string" ? [o, o] : o;
          return (
            <option key={v} value={v}>
              {text}
            </option>
          );
        })}
      </select>
    </span>
  );
}
export function Search({ label, value, onChange, placeholder }: { label: string; value: string; onChange: (v: string) => void; placeholder?: string }) {
  const id = useId();
  return (
    <span className="field grow">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="search" value={value} placeholder={placeholder} onChange={(e) => onChange(e.target.value)} autoComplete="off" spellCheck={false} />
    </span>
  );
}

export const Json = ({ of }: { of: unknown }) => (
  <pre className="json" tabIndex={0} role="region" aria-label="JSON">
    {JSON.stringify(of, null, 2)}
  </pre>
);
