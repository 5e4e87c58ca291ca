import { useState } from "react";
import { call } from "../lib/api";
import { filesOf, measured, safeLink } from "../lib/artifacts";
import { mostOfTicket, readAttempts } from "../lib/attempts";
import { bytes, count, date, isOver, money, span, textOf, toneOf, words } from "../lib/format";
import { useGet, useResource } from "../lib/live";
import { useMay } from "../lib/principal";
import { useRoute } from "../lib/route";
import type { Evidence, GateResult, Message, Ticket as TicketState } from "../lib/types";
import { useDaemons } from "../lib/runs";
import { Action, Ago, Card, Clock, Empty, EntityLink, Facts, Hash, Hint, Shown, Status, Who } from "../ui/parts";
import { Said } from "../ui/chat";
import { Table } from "../ui/table";

export default function Ticket() {
  const { id } = useRoute();
  const ticket = useGet<TicketState>(`/api/tickets/${encodeURIComponent(id)}`, (e) => e.entity === id && e.type !== "progress");
  if (ticket.data) return <Shown of={ticket} what="">{(t) => <Whole of={t} reload={ticket.reload} />}</Shown>;
  return (
    <>
      <h1>Ticket {id}</h1>
      {ticket.error?.status === 404 ? (
        <Empty title="There is no such ticket.">
          All that there are stand on the <a href="#/board?run=*">Board</a>.
        </Empty>
      ) : (
        <Shown of={ticket} what="the ticket">{() => null}</Shown>
      )}
    </>
  );
}

function Whole({ of, reload }: { of: TicketState; reload: () => Promise<void> }) {
  const s = of.now;
  return (
    <>
      <h1 className="clamped" title={of.item.title}>
        {of.item.title}
      </h1>
      <p className="muted">
        <Status of={of.status} /> ticket {of.id}
        {of.run && (
          <>
            {" "}
            · run <EntityLink kind="run" id={of.run} />
          </>
        )}
        {of.plan && (
          <>
            {" "}
            · <a href={`#/plan?plan=${encodeURIComponent(of.plan)}&item=${encodeURIComponent(of.item.key)}`}>in the plan</a>
          </>
        )}{" "}
        · <EntityLink kind="ledger" id={of.id}>ledger</EntityLink> · <a href={`#/traffic?q=${encodeURIComponent(of.id)}`}>traffic</a>
        {of.supersedes && (
          <>
            {" "}
            · replaces <EntityLink kind="ticket" id={of.supersedes} />
          </>
        )}
      </p>
      <Card className={s?.for ? "ask" : ""}>
        <p className="why">
          {s?.text}
          <span className="muted">
            {s?.since ? (
              <>
                {" "}
                <Ago at={s.since} />
              </>
            ) : null}
            {s?.until ? <>, until {date(s.until)}</> : null}
          </span>
        </p>
        {s?.do && <Hint of={s.do} />}
        <Stages of={of} />
        <Deeds of={of} reload={reload} />
      </Card>
      <div className="two below">
        <div className="stack">
          <Card title="What is wanted">
            <p>{of.item.text}</p>
            <h3>Acceptance criteria</h3>
            <ul>
              {(of.item.criteria ?? []).map((c, n) => (
                <li key={n}>{c}</li>
              ))}
            </ul>
            <Facts
              of={[
                ["Role", of.item.role ?? "–"],
                ["Importance", of.item.importance ?? "normal"],
                ["Requirements", of.item.requirements?.join(", ") ?? "–"],
                ["Waits for", (of.blocked_by ?? []).length ? <Links ids={of.blocked_by ?? []} open={of.open_blockers ?? []} /> : "nothing"],
                ["Opened", <Ago key="o" at={of.opened_at} />],
                ["Into", of.target_branch ?? "–"],
              ]}
            />
          </Card>
          <Attempts id={of.id} stages={of.stages?.map((x) => x.name) ?? []} />
          <Gates of={of} />
          <Proof of={of} />
        </div>
        <div className="stack">
          <Conversation of={of} />
          <Comments of={of} reload={reload} />
          <Artifacts of={of} />
          <Card title="Cost">
            <Facts
              of={[
                ["Money", money(of.used?.cost_micros)],
                ["Tokens in", count(of.used?.input_tokens)],
                ["Tokens out", count(of.used?.output_tokens)],
                ["At work", span(of.used?.wall ?? 0)],
                ["Leases", count(of.last_token)],
                ["Sent back", count(Object.values(of.counted?.sent_by ?? {}).reduce((a, b) => a + b, 0))],
              ]}
            />
          </Card>
        </div>
      </div>
    </>
  );
}

const Links = ({ ids, open }: { ids: string[]; open: string[] }) => (
  <>
    {ids.map((id, n) => (
      <span key={id}>
        {n > 0 && ", "}
        <EntityLink kind="ticket" id={id} />
        {open.includes(id) ? "" : " ✓"}
      </span>
    ))}
  </>
);

function Stages({ of }: { of: TicketState }) {
  const all = [...(of.stages ?? []).map((s) => s.name), "merge"];
  if (!of.stages?.length) return null;
  const at = of.status === "DONE" ? all.length : (of.stage_index ?? 0);
  return (
    <ol className="steps" aria-label="Stages">
      {all.map((name, n) => (
        <li key={name} className={`badge ${n < at ? "green" : n === at ? toneOf(of.status) : ""}`} aria-current={n === at ? "step" : undefined}>
          {n < at ? "✓ " : ""}
          {name}
        </li>
      ))}
      {(of.round ?? 0) > 0 && <li className="badge amber">round {(of.round ?? 0) + 1}</li>}
    </ol>
  );
}

function Deeds({ of, reload }: { of: TicketState; reload: () => Promise<void> }) {
  const may = useMay("developer");
  const approve = useMay("approver");
  const [why, setWhy] = useState("");
  const path = `/api/tickets/${encodeURIComponent(of.id)}`;
  if (isOver(of.status)) return null;
  const send = (route: string, body: unknown) => async () => {
    await call("POST", `${path}/${route}`, body);
    setWhy("");
    await reload();
  };
  const question = of.waits?.find((w) => w.question?.id);
  const reason = why.trim();
  return (
    <details open={of.status === "failed_pending" || question !== undefined}>
      <summary>Do something about it</summary>
      {question && <p>{textOf(question.question) || question.action}</p>}
      <div className="answer">
        <label htmlFor="deed">{question ? "Answer" : "Why, or notes"}</label>
        <textarea id="deed" rows={2} value={why} disabled={!may} onChange={(e) => setWhy(e.target.value)} />
        <div className="buttons">
          {question && <Action label="Answer" tone="primary" disabled={!may || !reason} act={send("answer", { text: reason, message: question.question?.id })} />}
          {of.status === "failed_pending" && (
            <>
              <Action label="Try again" tone="primary" disabled={!may} act={send("resolve", { how: "retry", ...(reason ? { why: reason } : {}) })} />
              <Action label="Plan anew" disabled={!may} act={send("resolve", { how: "replan", ...(reason ? { why: reason } : {}) })} />
              <Action label="Give it up" tone="danger" confirm="Really give it up?" disabled={!may} act={send("resolve", { how: "fail", ...(reason ? { why: reason } : {}) })} />
            </>
          )}
          {of.status === "in_review" && (
            <>
              <Action label="Approve the work" tone="primary" disabled={!approve} act={send("review", { approved: true, ...(reason ? { notes: [reason] } : {}) })} />
              <Action label="Send it back" disabled={!approve || !reason} act={send("review", { approved: false, notes: [reason] })} />
            </>
          )}
          <Action label="Cancel the ticket" tone="danger" confirm="Really cancel it?" disabled={!may} act={send("cancel", reason ? { why: reason } : {})} />
        </div>
      </div>
    </details>
  );
}

function Attempts({ id, stages }: { id: string; stages: string[] }) {
  const daemons = useDaemons();
  const nameOf = (daemon: string) => daemons.data?.items.find((d) => d.id === daemon)?.name ?? daemon;
  const history = useResource(`history:${id}`, (signal) => readAttempts(id, signal), (e) => e.entity === id && /leased|attempt/.test(e.type));
  return (
    <Card title="Attempts">
      <Shown of={history} what="the attempts">
        {({ attempts, whole }) =>
          attempts.length === 0 ? (
            <p className="muted">None yet.</p>
          ) : (
            <>
              {!whole && (
                <p className="muted">
                  The newest {count(mostOfTicket)}; older ones stand in the <EntityLink kind="ledger" id={id}>ledger</EntityLink>.
                </p>
              )}
              <Table label="Attempts" stacked heads={["#", "Who", "Began", "Took", "Outcome"]}>
                {attempts.map((a) => (
                  <tr key={a.token}>
                    <td data-label="Attempt">{a.token}</td>
                    <td data-label="Who">
                      {a.agent && (
                        <>
                          <Who id={a.agent} />:{" "}
                        </>
                      )}
                      {stages[a.stage ?? 0] ?? "merge"} <span className="muted nowrap" title={a.daemon}>{nameOf(a.daemon)}</span>
                    </td>
                    <td data-label="Began" className="nowrap">
                      <Clock at={a.begun} />
                    </td>
                    <td data-label="Took" className="nowrap">
                      {a.ended ? span(a.ended - a.begun) : "…"}
                    </td>
                    <td data-label="Outcome">
                      <Status of={a.how} /> <span className="muted">{[a.why && words(a.why), a.summary.slice(0, 200)].filter(Boolean).join(": ")}</span>
                    </td>
                  </tr>
                ))}
              </Table>
            </>
          )
        }
      </Shown>
    </Card>
  );
}

function Gates({ of }: { of: TicketState }) {
  const gates = of.gate_results ?? [];
  const reviews = of.reviews ?? [];
  return (
    <Card title="Reviews and gates">
      {reviews.length + gates.length === 0 ? <p className="muted">None yet.</p> : <ul className="gates">
        {reviews.map((r, n) => (
          <li key={n}>
            <span className={`badge ${r.approved ? "green" : "amber"}`}>{r.approved ? "approved" : "changes requested"}</span>
            <Who id={r.by} />
            <span className="muted">
              of <Hash of={r.head} />
            </span>
            {(r.notes ?? []).length > 0 && <span>{r.notes?.join("; ")}</span>}
          </li>
        ))}
        {gates.map((g: GateResult) => (
          <li key={g.gate}>
            <span className={`badge ${g.passed ? "green" : "red"}`}>{g.passed ? "passed" : "failed"}</span>
            {g.gate}
            <span className="muted">{g.message}</span>
          </li>
        ))}
      </ul>}
    </Card>
  );
}

function Proof({ of }: { of: TicketState }) {
  const p: Evidence | undefined = of.proof;
  return (
    <Card title="Evidence" side={of.merged_as ? <span className="badge green">merged</span> : undefined}>
      {!p?.head ? (
        <p className="muted">None yet: it is collected by the daemon when an attempt ends.</p>
      ) : (
        <>
          <Facts
            of={[
              ["Branch", p.branch ?? "–"],
              ["Head", <Hash key="h" of={p.head} />],
              ["Change", `+${p.insertions ?? 0} −${p.deletions ?? 0} in ${p.files?.length ?? 0} ${p.files?.length === 1 ? "file" : "files"}`],
              ["Command", p.command ? `${p.command} → exit code ${p.exit_code ?? 0}` : "–"],
              ["Log", p.log_digest ? <span key="l">{p.log_bytes ? bytes(p.log_bytes) : "empty"}, <Hash of={p.log_digest} /></span> : "–"],
              ["Merged as", of.merged_as ? <span key="m"><Hash of={of.merged_as} /> · <a href={`#/ledger?why=${encodeURIComponent(of.merged_as)}`}>why is it there?</a></span> : "–"],
            ]}
          />
          {(p.files ?? []).length > 0 && (
            <details>
              <summary>Files ({p.files?.length})</summary>
              <ul>
                {p.files?.map((f) => (
                  <li key={f}>
                    <code>{f}</code>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </Card>
  );
}

function Conversation({ of }: { of: TicketState }) {
  const list: Message[] = of.conversation ?? [];
  return (
    <Card title="Conversation" side={<span className="muted">{list.length}</span>}>
      {list.length === 0 ? (
        <p className="muted">Nobody said anything about it yet.</p>
      ) : (
        <ol className="chat">
          {list.map((m) => (
            <Said key={m.id} by={m.from} about={<>to <Who id={m.to} /> · {m.kind}</>} text={textOf(m) || <span className="muted">({filesOf([m]).map((f) => f.name).join(", ") || "data only"})</span>} />
          ))}
        </ol>
      )}
    </Card>
  );
}

/** A text that agents wrote, as a link where it may be one. */
function Leads({ to }: { to: string }) {
  const href = safeLink(to, location.origin);
  return href ? (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {to}
    </a>
  ) : (
    <span>{to}</span>
  );
}

/** Files by their names, and numbers that comments carry; nothing where there are none. */
function Artifacts({ of }: { of: TicketState }) {
  const files = filesOf(of.conversation ?? []);
  const comments = measured(of.comments ?? []);
  if (files.length + comments.length === 0) return null;
  return (
    <Card title="Artifacts">
      {files.length > 0 && (
        <ul className="gates">
          {files.map((f) => (
            <li key={f.name}>
              <Leads to={f.name} />{" "}
              <span className="muted">
                {f.media && `${f.media}, `}in a {f.message.kind ?? "note"} of <Who id={f.message.from} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {comments.map((c) => (
        <div key={c.id} className="below">
          <p className="muted">
            <Who id={c.by} />, <Ago at={c.at} />
          </p>
          <Facts of={Object.entries(c.metrics ?? {}).map(([name, value]) => [name, <Leads key={name} to={value} />])} />
        </div>
      ))}
    </Card>
  );
}

function Comments({ of, reload }: { of: TicketState; reload: () => Promise<void> }) {
  const may = useMay("developer");
  const [text, setText] = useState("");
  const list = of.comments ?? [];
  return (
    <Card title="Comments" side={<span className="muted">{list.length}</span>}>
      {list.length > 0 && (
        <ol className="chat">
          {list.map((c) => (
            <Said key={c.id} by={c.by} about={<Ago at={c.at} />} text={c.text}>
              {[...(c.blockers ?? []).map((b) => `blocker: ${b}`), ...(c.next_steps ?? []).map((b) => `next: ${b}`)].map((l, n) => (
                <div key={n} className="muted">
                  {l}
                </div>
              ))}
            </Said>
          ))}
        </ol>
      )}
      <div className={`answer ${list.length > 0 ? "" : "first"}`}>
        <label htmlFor="comment">New comment</label>
        <textarea id="comment" rows={2} value={text} disabled={!may} onChange={(e) => setText(e.target.value)} />
        <div className="buttons">
          <Action
            label="Comment"
            disabled={!may || text.trim() === ""}
            act={async () => {
              await call("POST", `/api/tickets/${encodeURIComponent(of.id)}/comments`, { text: text.trim() });
              setText("");
              await reload();
            }}
          />
        </div>
      </div>
    </Card>
  );
}

