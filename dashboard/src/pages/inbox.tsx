import { useContext, useEffect, useState } from "react";
import { call, Refusal, type Page } from "../lib/api";
import { count, span, who } from "../lib/format";
import { InboxContext, mostWaiting, type Escalation, type Question } from "../lib/inbox";
import { useGet } from "../lib/live";
import { useMay } from "../lib/principal";
import type { Approval, Brief, Cite, Plan, Project, Run, Statement } from "../lib/types";
import { Action, Ago, Card, Empty, EntityLink, Hash, Hint, Loading, Shown, Trouble, useNow } from "../ui/parts";
import { ContentAnswer, DraftEditor } from "../ui/draft";
import { PlanList } from "../ui/planlist";

/** Cards of a kind that are drawn: nobody reads more, and each takes its time. */
const atOnce = 200;

export function Inbox() {
  const waiting = useContext(InboxContext);
  return (
    <>
      <h1>Inbox</h1>
      <Shown of={waiting} what="what waits for you">
        {(w) =>
          waiting.count === 0 && w.whole ? (
            <NothingWaits />
          ) : (
            <div className="stack">
              {!w.whole && (
                <div className="notice amber" role="status">
                  There is more than {count(mostWaiting)} in one state: what changed longest ago was not looked at.
                </div>
              )}
              {w.approvals.slice(0, atOnce).map((a) => (
                <ApprovalCard key={a.id} of={a} done={waiting.reload} />
              ))}
              {w.questions.slice(0, atOnce).map((q) => (
                <QuestionCard key={q.key} of={q} done={waiting.reload} />
              ))}
              {w.escalations.slice(0, atOnce).map((e) => (
                <EscalationCard key={e.key} of={e} done={waiting.reload} />
              ))}
              {[w.approvals, w.questions, w.escalations].some((l) => l.length > atOnce) && (
                <p className="muted">Of each kind {atOnce} are shown; further ones take their place as these are dealt with. All together: {count(waiting.count)}.</p>
              )}
            </div>
          )
        }
      </Shown>
    </>
  );
}

function NothingWaits() {
  const projects = useGet<Page<Project>>("/api/projects?limit=1", (e) => e.kind === "project");
  return (
    <Empty title="Nothing waits for you.">
      {projects.data?.items.length === 0 ? (
        <>
          There is no project yet. Run <code>troupe init</code> in the repository in which the team is to work.
        </>
      ) : (
        <>
          Approvals, questions and escalations appear here by themselves. <a href="#/board">See what the team does</a>, or what was <a href="#/ledger?kind=approval">decided before</a>.
        </>
      )}
    </Empty>
  );
}

function Deadline({ at }: { at: number | undefined }) {
  const now = useNow(20_000);
  if (!at) return null;
  return <span className={at < now ? "error" : "muted"}>{at < now ? "the deadline has passed" : `${span(at - now)} left`}</span>;
}

function ApprovalCard({ of, done }: { of: Approval; done: () => Promise<void> }) {
  const [notes, setNotes] = useState("");
  const may = useMay("approver");
  const [read, setRead] = useState(false);
  const [kind = "", id = ""] = of.subject.split(/:(.*)/s, 2);
  const decide = (how: "approve" | "revise" | "reject") => async () => {
    await call("POST", `/api/approvals/${encodeURIComponent(of.id)}/decide`, {
      how,
      ...(notes.trim() ? { notes: notes.trim() } : {}),
      ...(of.content_hash ? { content_hash: of.content_hash } : {}),
    });
    await done();
  };
  const options: ["approve" | "revise" | "reject", string, "primary" | "danger" | undefined][] = [
    ["approve", "Approve", "primary"],
    ...(kind === "run" ? [] : [["revise", "Ask for changes", undefined] as ["revise", string, undefined]]),
    ["reject", "Reject", "danger"],
  ];
  return (
    <Card
      className="ask"
      title={of.question}
      side={
        <span className="side">
          <span className="badge amber">approval</span>
          <Ago at={of.opened_at} />
        </span>
      }
    >
      <p className="muted line">
        {of.project && <>Project {of.project} · </>}
        <EntityLink kind={kind} id={id}>
          {kind} {id}
        </EntityLink>{" "}
        · content <Hash of={of.content_hash} /> · <Deadline at={of.deadline} />
        {of.owner && <> · for {who(of.owner)}</>}
      </p>
      <Content kind={kind} id={id} hash={of.content_hash} done={done} shown={setRead} />
      <div className="answer">
        <label htmlFor={`notes-${of.id}`}>Notes (needed to ask for changes)</label>
        <textarea id={`notes-${of.id}`} rows={2} value={notes} onChange={(e) => setNotes(e.target.value)} disabled={!may} />
        <div className="buttons">
          {options.map(([how, label, tone]) => (
            <Action
              key={how}
              label={label}
              {...(tone ? { tone } : {})}
              act={decide(how)}
              disabled={!may || !read || (how === "revise" && notes.trim() === "")}
              {...(how === "reject" ? { confirm: "Really reject?" } : {})}
            />
          ))}
          {!may ? <span className="muted">Your token has not the role approver.</span> : !read && <span className="muted">Once the {kind} can be read.</span>}
        </div>
      </div>
    </Card>
  );
}

/** What is being decided about, and whether it still is what the approval is bound to. */
function Content({ kind, id, hash, done, shown }: { kind: string; id: string; hash: string | undefined; done: () => Promise<void>; shown: (is: boolean) => void }) {
  const may = useMay("developer");
  const [edited, edit] = useState(false);
  const path = kind === "brief" ? `/api/briefs/${encodeURIComponent(id)}` : kind === "plan" ? `/api/plans/${encodeURIComponent(id)}` : `/api/runs/${encodeURIComponent(id)}`;
  const r = useGet<Brief & Plan & Run>(path, (e) => e.kind === kind && e.entity === id);
  const here = r.data !== undefined;
  useEffect(() => shown(here), [here, shown]);
  if (!r.data) return r.error ? <Trouble error={r.error} retry={() => void r.reload()} /> : <Loading what={`the ${kind}`} />;
  const stale = hash && r.data.content_hash && r.data.content_hash !== hash;
  return (
    <>
      {stale && (
        <div className="notice amber" role="alert">
          What is shown here is not what this approval is about any more; the server will refuse a decision about it.
        </div>
      )}
      {edited && (kind === "brief" || kind === "plan") ? (
        <DraftEditor
          kind={kind}
          start={r.data.content}
          label={`Store the ${kind}`}
          may={may}
          send={async (content) => {
            await call("PUT", path, { content });
            edit(false);
            await r.reload();
            await done();
          }}
        />
      ) : kind === "brief" ? <BriefText of={r.data} /> : kind === "plan" ? <PlanList of={r.data} /> : <p>{r.data.question || r.data.why}</p>}
      {kind !== "run" && may && (
        <button type="button" aria-expanded={edited} onClick={() => edit(!edited)}>
          {edited ? "Leave it as it is" : `Change the ${kind}`}
        </button>
      )}
    </>
  );
}

function Said({ cites }: { cites: Cite[] | undefined }) {
  if (!cites?.length) return null;
  return (
    <details>
      <summary>Said in the meeting ({cites.length})</summary>
      <ul className="cites">
        {cites.map((c, n) => (
          <li key={n}>
            “{c.quote}” <span className="muted">— {c.speaker ?? "somebody"}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Statements({ title, of }: { title: string; of: Statement[] | undefined }) {
  if (!of?.length) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {of.map((s, n) => (
          <li key={n}>{s.text}</li>
        ))}
      </ul>
    </>
  );
}

function BriefText({ of }: { of: Brief }) {
  const c = of.content;
  if (!c) return <p className="muted">It has no content yet.</p>;
  return (
    <div className="content">
      {c.goal && <p>{c.goal}</p>}
      <ol className="requirements">
        {(c.requirements ?? []).map((q) => (
          <li key={q.key}>
            <strong>
              {q.key} {q.title}
            </strong>
            <ul>
              {(q.criteria ?? []).map((k, n) => (
                <li key={n}>{k}</li>
              ))}
            </ul>
            <Said cites={q.cites} />
          </li>
        ))}
      </ol>
      <Statements title="Open questions" of={c.open_questions} />
      <Statements title="Not in it" of={c.out_of_scope} />
    </div>
  );
}

function QuestionCard({ of, done }: { of: Question; done: () => Promise<void> }) {
  const [text, setText] = useState("");
  const may = useMay("developer");
  return (
    <Card
      className="ask"
      title={of.text}
      side={
        <span className="side">
          <span className="badge blue">question</span>
        </span>
      }
    >
      <p className="muted line">
        {who(of.from)} asks · {of.kind === "ticket" ? <EntityLink kind="ticket" id={of.about.split(" ", 1)[0] ?? ""}>{of.about}</EntityLink> : of.about} · <Deadline at={of.deadline} />
      </p>
      {of.content ? (
        <Drafting of={of} content={of.content} done={done} />
      ) : (
        <div className="answer">
          <label htmlFor={`answer-${of.key}`}>Answer</label>
          <textarea id={`answer-${of.key}`} rows={2} value={text} disabled={!may} onChange={(e) => setText(e.target.value)} />
          <div className="buttons">
            <Action
              label="Answer"
              tone="primary"
              disabled={!may || text.trim() === ""}
              act={async () => {
                await call("POST", of.path, { text: text.trim(), message: of.message });
                await done();
              }}
            />
          </div>
        </div>
      )}
    </Card>
  );
}

/** The question with what it is about: to draft a plan one reads the brief. */
function Drafting({ of, content, done }: { of: Question; content: string; done: () => Promise<void> }) {
  const may = useMay("developer");
  const [kind = "", id = ""] = of.from.split(/:(.*)/s, 2);
  const about = kind === "brief" || kind === "plan" ? kind : "";
  const subject = useGet<Brief & Plan>(about ? `/api/${about}s/${encodeURIComponent(id)}` : "", (e) => e.kind === about && e.entity === id);
  const brief = useGet<Brief>(about === "plan" && subject.data?.brief ? `/api/briefs/${encodeURIComponent(subject.data.brief)}` : "", () => false);
  const read = about === "brief" ? subject.data : brief.data;
  if (about && !subject.data && !subject.error) return <Loading what={`the ${about}`} />;
  return (
    <>
      {read?.source?.text && (
        <details>
          <summary>What was said: {read.source.name}</summary>
          <pre className="json" tabIndex={0} role="region" aria-label="Transcript">
            {read.source.text}
          </pre>
        </details>
      )}
      {content !== "brief" && read?.content && (
        <details>
          <summary>The brief</summary>
          <BriefText of={read} />
        </details>
      )}
      {content === "critique" && subject.data?.content && <PlanList of={subject.data} />}
      <ContentAnswer of={{ path: of.path, message: of.message, content, start: content === about && hasMembers(subject.data?.content) ? subject.data?.content : undefined }} may={may} done={done} />
    </>
  );
}
const hasMembers = (x: object | undefined): boolean => x !== undefined && Object.keys(x).length > 0;

function EscalationCard({ of, done }: { of: Escalation; done: () => Promise<void> }) {
  const [why, setWhy] = useState("");
  const may = useMay("developer");
  const resolve = (how: string) => async () => {
    await call("POST", `/api/tickets/${encodeURIComponent(of.id)}/resolve`, { how, ...(why.trim() ? { why: why.trim() } : {}) });
    // Decided by this person, not in the name of the agent that was asked, whose question this only
    // closes: it may be closed by now, and then there is nothing more to do.
    if (of.asked)
      await call("POST", of.asked.path, { message: of.asked.message, content: { how, why: why.trim() } }).catch((e: unknown) => {
        if (!(e instanceof Refusal)) throw e;
      });
    await done();
  };
  return (
    <Card
      className="ask"
      title={of.title}
      side={
        <span className="side">
          <span className={`badge ${of.decide ? "red" : "amber"}`}>{of.decide ? "escalation" : "stuck"}</span>
          {of.since ? <Ago at={of.since} /> : null}
        </span>
      }
    >
      <p>{of.text}</p>
      {of.hint && <Hint of={of.hint} />}
      {of.decide ? (
        <div className="answer">
          <label htmlFor={`why-${of.key}`}>Why (goes to the ledger)</label>
          <textarea id={`why-${of.key}`} rows={2} value={why} disabled={!may} onChange={(e) => setWhy(e.target.value)} />
          <div className="buttons">
            <Action label="Try again" tone="primary" disabled={!may} act={resolve("retry")} />
            {!of.byHand && <Action label="Plan anew" disabled={!may} act={resolve("replan")} />}
            <Action label="Give it up" tone="danger" disabled={!may} act={resolve("fail")} confirm="Really give it up?" />
            <EntityLink kind="ticket" id={of.id}>
              Look at the ticket
            </EntityLink>
          </div>
        </div>
      ) : (
        <div className="buttons">
          {of.kind === "agent" && !of.keptDown && (
            <Action
              label="Let it work again"
              tone="primary"
              disabled={!may}
              act={async () => {
                await call("POST", `/api/agents/${encodeURIComponent(of.id)}/resume`);
                await done();
              }}
            />
          )}
          {(of.tickets ?? []).length > 1 ? (
            <>
              {of.tickets?.slice(0, 5).map((id) => (
                <EntityLink key={id} kind="ticket" id={id} />
              ))}
              {(of.tickets?.length ?? 0) > 5 && <a href="#/board?run=*">and {(of.tickets?.length ?? 0) - 5} more</a>}
            </>
          ) : (
            <EntityLink kind={of.kind} id={of.id}>
              Look at it
            </EntityLink>
          )}
          {(of.for === "agent" || of.for === "daemon") && <a href="#/agents">See the {of.for}s</a>}
        </div>
      )}
    </Card>
  );
}

