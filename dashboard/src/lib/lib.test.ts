import { describe, expect, it } from "vitest";
import { query } from "./api";
import { addUp, burn, completion, quantile, rateOver, sentBack, violations, workSpan } from "./costs";
import { ago, clip, money, names, span, toneOf, who, words } from "./format";
import { fromTickets } from "./inbox";
import { hashOf, parseRoute, type Route } from "./route";
import type { Event, Ticket } from "./types";

const ticket = (more: Partial<Ticket>): Ticket => ({ id: "b-1", status: "ready", item: { key: "1", title: "t", role: "dev" }, ...more });

describe("numbers and names", () => {
  it("are said as people say them", () => {
    expect([span(0), span(999), span(4200), span(59_000), span(61_000), span(3_600_000), span(90_000_000)]).toEqual(["0 ms", "999 ms", "4.2 s", "59 s", "1 min 1 s", "1 h", "1 d 1 h"]);
    expect([money(0), money(1_500_000), money(420)]).toEqual(["0.00", "1.50", "0.000420"]);
    const named = (of: string[]) => of.map((p) => names(of).get(p));
    expect(named(["agent:calc.pm", "agent:duration.pm", "human:mara"])).toEqual(["calc.pm", "duration.pm", "mara"]);
    expect(named(["human:ada", "daemon:ada", "agent:x.dev"])).toEqual(["human:ada", "daemon:ada", "dev"]);
    expect([clip("duration.dev", 10), clip("duration.tech-lead", 8), clip("pm", 8)]).toEqual(["durat….dev", "duratio…", "pm"]);
    expect([who("agent:duration.ada"), who("human:mara"), who("ticket:b-1"), who(undefined)]).toEqual(["ada", "mara", "b-1", "–"]);
    expect([words("in_progress"), toneOf("DONE"), toneOf("never heard of")]).toEqual(["in progress", "green", "quiet"]);
    expect([ago(1000, 1500), ago(1000, 61_000), ago(61_000, 1000)]).toEqual(["just now", "1 min ago", "in 1 min"]);
  });
});

describe("addresses", () => {
  it("go out and come back", () => {
    const routes: Route[] = [
      { page: "board", id: "", params: { run: "b.r1", q: "a&b=ü" } },
      { page: "ticket", id: "b-1/ä", params: {} },
    ];
    for (const r of routes) expect(parseRoute(hashOf(r))).toEqual(r);
    expect(parseRoute("")).toEqual({ page: "inbox", id: "", params: {} });
    expect(parseRoute("#/ticket/%")).toEqual({ page: "ticket", id: "%", params: {} });
    expect(query({ a: "", b: undefined, c: "x y" })).toBe("?c=x%20y");
  });
});

describe("the inbox", () => {
  it("has a person's questions, not an agent's", () => {
    const ask = (owner: string) => ({ owner, action: "answer", question: { id: `q-${owner}`, from: "agent:p.ada", to: owner, parts: [{ text: "Why?" }] } });
    const { questions, escalations } = fromTickets([ticket({ status: "waiting", waits: [ask("agent:p.pm"), ask("human:mara")] })], new Set());
    expect(questions.map((q) => [q.key, q.text])).toEqual([["q-human:mara", "Why?"]]);
    expect(escalations).toEqual([]);
  });
  it("leaves a question of a human agent to that agent's own list", () => {
    const wait = { owner: "agent:p.pat", action: "answer", question: { id: "q", from: "agent:p.ada", to: "agent:p.pat" } };
    expect(fromTickets([ticket({ status: "waiting", waits: [wait] })], new Set(["p.pat"]))).toEqual({ questions: [], escalations: [] });
  });
  it("has what is stuck: used-up tickets that no agent resolves, and what the server says is missing", () => {
    const { escalations } = fromTickets(
      [
        ticket({ id: "a", status: "failed_pending", why: "3 rounds" }),
        ticket({ id: "b", status: "failed_pending", resolver: "p.chief" }),
        ticket({ id: "c", lacks: { for: "daemon", text: "a daemon" }, now: { text: "Waits for a daemon.", do: "Start one.", for: "daemon", since: 7 } }),
        ticket({ id: "d", lacks: { for: "run", text: "run r, which is paused" }, now: { text: "Waits for run r, which is paused.", for: "run" } }),
      ],
      new Set(),
    );
    expect(escalations.map((e) => [e.id, e.decide])).toEqual([["a", true], ["c", false]]);
  });
  it("says it in the server's words, once for all that wait for the same", () => {
    const now = { text: "Waits for a daemon.", do: "Start one.", for: "daemon" };
    const lacks = { for: "daemon", text: "a daemon" };
    const { escalations } = fromTickets(
      [
        ticket({ id: "a", status: "failed_pending", why: "3 rounds", now: { text: "Waits for a person to say what becomes of it: 3 rounds.", do: "Say it.", for: "role:approver" } }),
        ticket({ id: "c", lacks, now: { ...now, since: 9 } }),
        ticket({ id: "d", lacks, now: { ...now, since: 7 } }),
        ticket({ id: "e", status: "in_review", waits: [{ owner: "human:mara", action: "look at it" }], now: { text: "Waits for mara: look at it.", for: "human:mara" } }),
      ],
      new Set(),
    );
    expect(escalations.map((e) => [e.text, e.hint ?? "", e.since, e.tickets])).toEqual([
      ["Waits for a person to say what becomes of it: 3 rounds.", "", undefined, undefined], // its ways out are buttons
      ["Waits for a daemon.", "Start one.", 7, ["c", "d"]],
      ["Waits for mara: look at it.", "", undefined, undefined],
    ]);
    expect(escalations[1]?.title).toBe("2 tickets wait for the same");
  });
  it("has what waits for money that only a person can give", () => {
    const asked = { text: "Waits for money to be reserved for its next attempt.", for: "money" };
    const refused = { text: "Waits for money of project:p.", do: "Give it more.", for: "money" };
    const { escalations } = fromTickets([ticket({ id: "a", now: asked }), ticket({ id: "b", now: refused }), ticket({ id: "c", now: refused })], new Set());
    expect(escalations.map((e) => [e.text, e.hint, e.tickets])).toEqual([["Waits for money of project:p.", "Give it more.", ["b", "c"]]]);
  });
});

describe("costs", () => {
  it("add up by what is asked for, the dearest first", () => {
    const sums = addUp([{ r: "dev", u: { cost_micros: 1 } }, { r: "qa", u: { cost_micros: 9, wall: 2 } }, { r: "dev", u: undefined }], (x) => x.r, (x) => x.u);
    expect(sums.map((s) => [s.key, s.micros, s.n])).toEqual([["qa", 9, 1], ["dev", 1, 2]]);
  });
  it("have a rate from the begin of the work on, and none of a moment", () => {
    const e = (at: number, wall: number): Event => ({ kind: "ticket", entity: "t", type: "ticket.attempt_ended", at, data: { used: { wall } } });
    expect(workSpan([])).toEqual({ from: 0, to: 0 });
    expect(workSpan([e(7_200_000, 3_600_000)])).toEqual({ from: 3_600_000, to: 7_200_000 });
    expect(workSpan([e(5000, 1000), e(9000, 8000), e(8000, 10)])).toEqual({ from: 1000, to: 9000 }); // the second began first
    const rate = rateOver(2_500_000, workSpan([e(7_200_000, 3_600_000)]));
    expect((rate ?? 0) * 3_600_000).toBeCloseTo(2_500_000);
    expect([rateOver(5, { from: 0, to: 0 }), rateOver(5, { from: 0, to: 59_999 }), rateOver(60_000, { from: 0, to: 60_000 })]).toEqual([undefined, undefined, 1]);
  });
  it("know medians, rounds, violations and the burn", () => {
    expect([quantile([], 0.5), quantile([3, 1, 2], 0.5), quantile([3, 1, 2], 1)]).toEqual([0, 2, 3]);
    expect(completion([ticket({ status: "DONE", opened_at: 1, changed_at: 11 }), ticket({ opened_at: 1, changed_at: 5 })])).toEqual([10]);
    expect([...sentBack([ticket({ counted: { sent_by: { review: 2 } } }), ticket({ counted: { sent_by: { review: 1, gates: 1 } } })])]).toEqual([["review", 3], ["gates", 1]]);
    const e = (at: number, data: Record<string, unknown>): Event => ({ kind: "ticket", entity: "t", type: "x", at, data });
    expect([...violations([e(1, { results: [{ gate: "secrets" }, { gate: "tests", passed: true }] })])]).toEqual([["secrets", 1]]);
    expect(burn([e(0, { used: { wall: 5 } }), e(100, { used: { wall: 7 } }), e(500, { used: { wall: 9 } })], 0, 100, 2, (u) => u.wall ?? 0)).toEqual([5, 7]);
  });
});
