import { useEffect, useState, type ReactNode } from "react";
import { eventsBack, get, lastEvent } from "../lib/api";
import { date, money, span, textOf, who, words } from "../lib/format";
import { isBad, tapped, titleOf, type Arrow, type Traffic } from "../lib/traffic";
import type { TapRecord } from "../lib/watch";
import type { Event, Message } from "../lib/types";
import { Action, Card, EntityLink, Facts, Json, Name, Status, Who } from "../ui/parts";

type Choose = (m: string) => void;

/** One message: what it says, what it cost, what led to it, and where the ledger has it. */
export function MessageDetail({ of, traffic, choose }: { of: Arrow; traffic: Traffic; choose: Choose }) {
  const durable = of.message ? of : traffic.findHash(of.record?.message);
  const m = durable?.message;
  const data = (m?.parts ?? []).filter((p) => p.data !== undefined).map((p) => p.data);
  return (
    <Card
      title={`${titleOf(of)} from ${who(of.from)} to ${who(of.to)}`}
      side={
        <button type="button" className="plain" aria-label="Close" onClick={() => choose("")}>
          ✕
        </button>
      }
    >
      <Said of={of} />
      {of.message ? <MessageFacts of={of} message={of.message} /> : of.record && <RecordFacts of={of.record} at={of.at} durable={durable} />}
      {data.length > 0 && (
        <details>
          <summary>Data</summary>
          <Json of={data.length === 1 ? data[0] : data} />
        </details>
      )}
      <Causes of={of} traffic={traffic} choose={choose} />
      <p className="muted below">
        <Who id={of.from} /> <code>{m?.id ?? of.key}</code>
      </p>
    </Card>
  );
}

function Said({ of }: { of: Arrow }) {
  if (of.message) return <p className="said">{textOf(of.message) || <span className="muted">(data only)</span>}</p>;
  return of.record?.content ? (
    <p className="said">{of.record.content}</p>
  ) : (
    <p className="muted">{tapped(of) ? "The tap saw that it passed" : "The ledger has that it was stored"}. {of.record?.point === "send" || of.record?.point === "journal" ? "What it says is shown where the watch has contents." : "Only messages and commits have content."}</p>
  );
}

const eventLink = (e: Event, text: string) => <a href={`#/ledger?event=${encodeURIComponent(e.id ?? "")}&entity=${encodeURIComponent(e.entity)}`}><Name of={text} /></a>;

/** What the ledger knows of cost is what an attempt used; a message that ended none has no number. */
function costOf(a: Arrow): ReactNode {
  if (a.attempt) return `${money(a.attempt.used.cost_micros)} and ${span(a.attempt.used.wall ?? 0)}, of the attempt that ended with it`;
  return <span title="The ledger has costs by attempt, and no attempt ended with this message.">–</span>;
}

/** The agent that a record is about, where it is neither from it nor to it. */
const agentOf = (r: TapRecord | undefined): [string, ReactNode][] => (r?.agent ? [["Agent", <EntityLink key="a" kind="agent" id={r.agent}>{who(r.agent)}</EntityLink>]] : []);

function MessageFacts({ of, message: m }: { of: Arrow; message: Message }) {
  const ticket = of.event?.kind === "ticket" ? of.event.entity : undefined;
  return (
    <Facts
      of={[
        ["At", date(of.at)],
        ["Took", of.latency === undefined ? "–" : span(of.latency)],
        ["Cost", costOf(of)],
        ["Engine", m.engine || "–"],
        ["Hops", String(m.hops ?? 0)],
        ...(ticket ? ([["Ticket", <EntityLink key="t" kind="ticket" id={ticket} />]] as [string, ReactNode][]) : []),
        ["Brief", m.correlation ? <EntityLink key="b" kind="brief" id={m.correlation} /> : "–"],
        ...agentOf(of.record),
        ...(of.passes ? ([["Seen by the tap", of.passes === 1 ? "once" : `${of.passes} times`]] as [string, ReactNode][]) : []),
        ["In the ledger", of.event ? eventLink(of.event, of.event.type) : "–"],
      ]}
    />
  );
}

function RecordFacts({ of, at, durable }: { of: TapRecord; at: number; durable: Arrow | undefined }) {
  return (
    <Facts
      of={[
        ["At", `${date(at)}.${String(Math.floor(at) % 1000).padStart(3, "0")}`],
        ["Seen at", of.thread === undefined ? `${of.point}; read from the ledger` : `${of.point}${of.direction && of.direction !== "none" ? `, ${of.direction}` : ""}`],
        ["Outcome", words(of.outcome)],
        ...agentOf(of),
        ["Took", of.latency_us === undefined ? "–" : `${span(of.latency_us / 1000)}${of.outlier ? ", among the slowest" : ""}`],
        ["Ticket", of.ticket ? <EntityLink key="t" kind="ticket" id={of.ticket} /> : "–"],
        ["Brief", of.brief ? <EntityLink key="b" kind="brief" id={of.brief} /> : "–"],
        ["In the ledger", durable?.event ? eventLink(durable.event, durable.event.type) : of.seq === undefined ? "not yet, or never" : <FindEvent of={of} />],
      ]}
    />
  );
}

/** The event at this place of a shard, looked for among those of an entity, from the newest back. */
async function eventAt(entity: string, shard: number | undefined, seq: number): Promise<Event | null> {
  for await (const { items } of eventsBack<Event>([{ entity }], await lastEvent())) {
    const of = items.filter((e) => e.shard === shard);
    const found = of.find((e) => e.seq === seq);
    if (found) return found;
    if (of.some((e) => (e.seq ?? 0) < seq)) return null; // numbers of a shard only grow: further back there are smaller ones
  }
  return null;
}

/** The tap says shard and number; the event is looked for where the record is about. */
function FindEvent({ of }: { of: TapRecord }) {
  const [found, set] = useState<Event | null>();
  useEffect(() => set(undefined), [of]);
  const entity = of.ticket ?? (of.to ?? of.from ?? "").replace(/^[^:]*:/, "");
  if (found) return eventLink(found, found.type);
  if (found === null) return <>{`shard ${of.shard}, number ${of.seq}: not among the events of ${entity}`}</>;
  return (
    <Action
      label={`Find ${of.shard}/${of.seq}`}
      act={async () => set(await eventAt(entity, of.shard, of.seq ?? 0))}
    />
  );
}

/** What a message that answers none is about, or came of, as far as the ledger says it. */
function reasons(m: Arrow): string[] {
  const out: string[] = [];
  if (m.about) out.push(m.kind === "verdict" ? "It judges what was reported:" : "It is about what was reported:");
  else if (m.kind === "report" && m.attempt?.token) out.push(`Attempt ${m.attempt.token} on the ticket ended with it.`);
  return out;
}

function Causes({ of, traffic, choose }: { of: Arrow; traffic: Traffic; choose: Choose }) {
  const chain = traffic.chain(of);
  const durable = of.message ? of : traffic.findHash(of.record?.message);
  const said = durable ? reasons(durable) : [];
  const event = durable?.event;
  if (!durable && chain.length === 0) return of.record?.point === "send" && !isBad(of) ? <p className="muted below">The ledger does not have this message yet.</p> : null;
  return (
    <>
      {chain.length + said.length > 0 || event ? <h3>Why?</h3> : null}
      {said.map((s) => (
        <p key={s} className="muted">
          {s}
        </p>
      ))}
      {chain.length > 0 && (
        <ol className="chat">
          {chain.map((a) => (
            <li key={a.key}>
              <button type="button" className="link-like" onClick={() => choose(a.key)}>
                {a.kind} of {who(a.from)} to {who(a.to)}
              </button>
              <div className="muted">{textOf(a.message).slice(0, 140)}</div>
            </li>
          ))}
        </ol>
      )}
      {event && <Origin event={event} />}
    </>
  );
}

/** Back to what was said in the meeting, as the server answers it. */
function Origin({ event }: { event: Event }) {
  const [why, set] = useState<{ what: string; id?: string; text: string }[]>();
  useEffect(() => set(undefined), [event.id]);
  return why ? (
    <ol className="chat">
      {why.map((s, n) => (
        <li key={n}>
          <Status of={s.what} /> {s.text}
        </li>
      ))}
    </ol>
  ) : (
    <Action
      label="Back to the meeting"
      act={async () => set((await get<{ chain: { what: string; id?: string; text: string }[] }>(`/api/why/${encodeURIComponent(event.id ?? "")}`)).chain)}
    />
  );
}
