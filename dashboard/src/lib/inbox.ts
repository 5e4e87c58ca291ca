// What needs a person, and nothing else.
import { createContext } from "react";
import { all, get, query } from "./api";
import { textOf } from "./format";
import { useResource, type Resource } from "./live";
import { keptDown } from "./quarantine";
import type { Agent, Approval, Run, Situation, Ticket } from "./types";

export interface Question {
  key: string;
  /** Where the answer goes. */
  path: string;
  about: string;
  kind: "ticket" | "agent";
  from: string;
  text: string;
  deadline?: number;
  message: string;
  content?: string;
}
export interface Escalation {
  key: string;
  kind: "ticket" | "run" | "agent";
  id: string;
  title: string;
  /** The server's sentence, and what it says can be done. */
  text: string;
  hint?: string;
  /** What it waits for, as the server names it: `agent`, `daemon`, `money` … */
  for?: string;
  since?: number;
  /** For a ticket whose attempts or rounds are used up. */
  decide: boolean;
  /** Who was asked what becomes of it, as an agent that is a person, and where that is answered. */
  asked?: { path: string; message: string };
  /** A ticket that was made by hand has no plan that could be made anew. */
  byHand?: boolean;
  /** An agent that the server keeps down after crashes, and tries again by itself. */
  keptDown?: boolean;
  /** Tickets that wait for the same thing are one matter. */
  tickets?: string[];
}
export interface Waiting {
  approvals: Approval[];
  questions: Question[];
  escalations: Escalation[];
  /** False where there is more in one state than is read at once. */
  whole: boolean;
}
/** Of each state, so many are looked at; whoever has more is told so. */
export const mostWaiting = 10_000;
/** What a ticket is while it may need a person; gates and merges do where no daemon can take them. */
const stuckTickets = ["waiting", "failed_pending", "ready", "rework", "in_review", "in_gates", "merging"];
/** What a run is while somebody has to begin it, or to say whether it goes on. */
const stuckRuns = ["draft", "queued", "paused", "STOPPED_BUDGET", "STOPPED_POLICY", "STOPPED_OPERATOR"];

const isPerson = (principal: string): boolean => principal.startsWith("human:") || principal === "operator" || principal === "approver";

/** Which of the tickets need a person; `people` are agents that are people. */
export function fromTickets(tickets: Ticket[], people: Set<string>): Pick<Waiting, "questions" | "escalations"> {
  const questions: Question[] = [];
  const escalations: Escalation[] = [];
  const lacking = new Map<string, Escalation>();
  const human = (p: string) => isPerson(p) || people.has(p.replace(/^agent:/, ""));
  for (const t of tickets) {
    const title = `${t.id} ${t.item.title}`;
    const { text, do: hint, ...now }: Situation = t.now ?? { text: "" };
    const stuck: Escalation = { key: `ticket:${t.id}`, kind: "ticket", id: t.id, title, text, ...(hint ? { hint } : {}), ...(now.for ? { for: now.for } : {}), ...(now.since ? { since: now.since } : {}), decide: false };
    const mine = (t.waits ?? []).filter((w) => human(w.owner));
    for (const w of mine)
      if (w.question?.id && isPerson(w.owner))
        questions.push({
          key: w.question.id,
          path: `/api/tickets/${encodeURIComponent(t.id)}/answer`,
          about: title,
          kind: "ticket",
          from: w.question.from,
          text: textOf(w.question) || w.action,
          ...(w.deadline ? { deadline: w.deadline } : {}),
          message: w.question.id,
        });
    if (t.status === "failed_pending") {
      // Its ways out are buttons of the card.
      if (!t.resolver || human(`agent:${t.resolver}`) || mine.length > 0) escalations.push({ ...stuck, hint: "", decide: true, ...(t.by_hand ? { byHand: true } : {}) });
    } else if ((t.lacks && t.lacks.for !== "run") || (now.for === "money" && hint)) {
      const same = lacking.get(text);
      if (same) {
        same.tickets?.push(t.id);
        same.title = `${same.tickets?.length} tickets wait for the same`;
        same.since = Math.min(same.since ?? Infinity, now.since ?? Infinity);
      } else {
        const one: Escalation = { ...stuck, key: `lack:${text}`, tickets: [t.id] };
        lacking.set(text, one);
        escalations.push(one);
      }
    } else if (mine.some((w) => !w.question?.id)) escalations.push(stuck);
  }
  return { questions, escalations };
}

/** Every page of a list in each of these states; what goes from one to another meanwhile counts once. */
async function inStates<T extends { id: string }>(path: string, states: string[], signal: AbortSignal): Promise<{ items: T[]; whole: boolean }> {
  const parts = await Promise.all(states.map((status) => all<T>(`${path}${query({ status })}`, mostWaiting, signal)));
  const byId = new Map(parts.flatMap((p) => p.items).map((x) => [x.id, x]));
  return { items: [...byId.values()], whole: parts.every((p) => p.whole) };
}

export async function readWaiting(signal: AbortSignal): Promise<Waiting> {
  const [approvals, agents, tickets, runs] = await Promise.all([
    inStates<Approval>("/api/approvals", ["pending"], signal),
    all<Agent>("/api/agents", mostWaiting, signal),
    inStates<Ticket>("/api/tickets", stuckTickets, signal),
    inStates<Run>("/api/runs", stuckRuns, signal),
  ]);
  const people = agents.items.filter((a) => a.spec.engine === "human");
  const out = fromTickets(tickets.items, new Set(people.map((a) => a.id)));
  const asked = await Promise.all(
    people.filter((a) => (a.inbox ?? []).length > 0 || a.status === "working" || a.status === "waiting").map((a) => get<Agent>(`/api/agents/${encodeURIComponent(a.id)}`, signal)),
  );
  for (const a of asked)
    for (const w of a.waits ?? []) {
      const path = `/api/agents/${encodeURIComponent(a.id)}/answer`;
      if (w.content === "resolution") {
        // The ticket has a card already; and where it was decided about elsewhere, this asks nothing any more.
        const about = out.escalations.find((e) => e.decide && `ticket:${e.id}` === w.asked_by);
        if (about) about.asked = { path, message: w.message };
        continue;
      }
      out.questions.push({
        key: w.message,
        path,
        about: `asked of ${a.spec.name}`,
        kind: "agent",
        from: w.asked_by,
        text: w.action,
        ...(w.deadline ? { deadline: w.deadline } : {}),
        message: w.message,
        ...(w.content && w.content !== "text" ? { content: w.content } : {}),
      });
    }
  const down = await keptDown(agents.items, signal);
  for (const a of agents.items)
    if (down.has(a.id)) out.escalations.push({ key: `agent:${a.id}`, kind: "agent", id: a.id, title: `Agent ${a.spec.name} is quarantined`, text: down.get(a.id) ?? "", decide: false, keptDown: true });
    else if (a.status === "quarantined" || a.status === "crashed")
      out.escalations.push({ key: `agent:${a.id}`, kind: "agent", id: a.id, title: `Agent ${a.spec.name} is ${a.status}`, text: a.why ?? "", decide: false });
  for (const r of runs.items)
    if (r.lacks) out.escalations.push({ key: `run:${r.id}`, kind: "run", id: r.id, title: `Run ${r.id}`, text: `Waits for ${r.lacks.text}.`, ...(r.lacks.do ? { hint: r.lacks.do } : {}), decide: false });
  return { approvals: approvals.items, ...out, whole: [approvals, agents, tickets, runs].every((p) => p.whole) };
}

/** What is missing changes with daemons, rosters and money, too. */
const kinds = new Set(["approval", "ticket", "agent", "run", "plan", "brief", "daemon", "project", "budget"]);

export type Inbox = Resource<Waiting> & { count: number };

export function useWaiting(): Inbox {
  const r = useResource<Waiting>("inbox", readWaiting, (e) => kinds.has(e.kind) && e.type !== "progress" && !e.type.endsWith(".settled") && !e.type.endsWith(".renewed"));
  const d = r.data;
  return { ...r, count: d ? d.approvals.length + d.questions.length + d.escalations.length : 0 };
}
/** What the frame of the page has read already. */
export const InboxContext = createContext<Inbox>({ count: 0, reload: async () => {} });
