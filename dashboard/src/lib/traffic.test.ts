import { describe, expect, it } from "vitest";
import { rowAfter, topFor, windowOf } from "../ui/virtual";
import { hash64 } from "./hash";
import { isBad, lane, mostArrows, order, tapped, titleOf, toldOf, Traffic, View } from "./traffic";
import type { Event } from "./types";
import type { TapRecord } from "./watch";
import { compile } from "./watchfilter";

let n = 0;
const said = (id: string, from: string, to: string, at: number, cause?: string): Event => ({
  id: `e${++n}`, kind: "ticket", entity: "t", type: "ticket.message_posted", at, data: { message: { id, from, to, ...(cause ? { cause } : {}) } },
});
const seen = (number: number, more: Partial<TapRecord> = {}): TapRecord => ({ type: "record", at_us: number * 1000, point: "send", outcome: "ok", thread: 1, number, ...more });

describe("traffic", () => {
  it("tells a message once, however often events carry it", () => {
    const t = new Traffic();
    expect(t.take(said("m1", "agent:p.ada", "agent:p.pm", 1))).toBe(true);
    expect(t.take(said("m1", "agent:p.ada", "agent:p.pm", 2))).toBe(false);
    expect(t.take({ kind: "ticket", entity: "t", type: "ticket.leased", at: 3, data: {} })).toBe(false);
    expect(t.arrows).toHaveLength(1);
  });
  it("measures an answer from its question, and follows causes back", () => {
    const t = new Traffic();
    t.take(said("m1", "a:1", "a:2", 100));
    t.take(said("m2", "a:2", "a:1", 350, "m1"));
    t.take(said("m3", "a:1", "a:2", 400, "m2"));
    expect(t.arrows.map((a) => a.latency)).toEqual([undefined, 250, 50]);
    expect(t.chain(t.arrows[2]!).map((a) => a.key)).toEqual(["m2", "m1"]);
  });
  it("ends a chain that bites its tail", () => {
    const t = new Traffic();
    t.take(said("m1", "a:1", "a:2", 1, "m2"));
    t.take(said("m2", "a:2", "a:1", 2, "m1"));
    expect(t.chain(t.arrows[0]!).length).toBeLessThan(3);
  });
  it("says what an attempt used with the message that ended it, and with no other", () => {
    const t = new Traffic();
    t.take({ kind: "ticket", entity: "t", type: "ticket.attempt_ended", at: 5, cause: "c1", data: { token: 3, used: { cost_micros: 42 } } });
    t.take({ ...said("m1", "a:1", "a:2", 5), cause: "c1" });
    t.take({ ...said("m2", "a:1", "a:2", 6), cause: "c2" });
    t.take({ ...said("m3", "a:1", "a:2", 6), entity: "u", cause: "c1" });
    expect(t.arrows.map((a) => a.attempt?.used.cost_micros)).toEqual([42, undefined, undefined]);
    expect(t.arrows[0]?.attempt?.token).toBe(3);
  });
  it("knows the message that a record of the tap is about", () => {
    const t = new Traffic();
    t.take(said("m1", "a:1", "a:2", 100));
    t.take(said("m2", "a:2", "a:1", 200, "m1"));
    t.takeRecords([seen(7, { point: "dispatch", message: hash64("m2"), from: "a:2", to: "a:1", latency_us: 1500 }), seen(8, { point: "journal", to: "ticket:t" })]);
    const [, , about, other] = t.arrows;
    expect(about).toMatchObject({ key: "~0.1.7", at: 7, latency: 1.5 });
    expect(t.chain(about!).map((a) => a.key)).toEqual(["m2", "m1"]);
    expect(other).toMatchObject({ from: "server:journal", to: "ticket:t", kind: "journal" });
    expect(t.chain(other!)).toEqual([]);
  });
  it("is one row where a message is told by the ledger and seen to pass, whichever comes first", () => {
    const t = new Traffic();
    const passing = (number: number, id: string, more: Partial<TapRecord> = {}) => seen(number, { message: hash64(id), kind: "question", from: "a:1", to: "a:2", ...more });
    t.take(said("m1", "a:1", "a:2", 100));
    t.takeRecords([passing(1, "m1"), passing(2, "m1"), passing(3, "m2"), passing(4, "m2", { outcome: "conflict" })]);
    expect(t.arrows.map((a) => [a.key, tapped(a), a.passes])).toEqual([["m1", false, 2], ["~0.1.3", true, 1], ["~0.1.4", true, undefined]]);
    expect(t.take(said("m2", "a:1", "a:2", 150, "m1"))).toBe(true);
    expect(t.arrows.map((a) => [a.key, tapped(a), isBad(a)])).toEqual([["m1", false, false], ["m2", false, false], ["~0.1.4", true, true]]);
    expect(t.find("~0.1.3")).toBe(t.find("m2")); // an address may still name it as it was
    expect(t.arrows[1]?.latency).toBe(50);
    t.takeRecords([passing(9, "m2")]);
    expect(t.arrows).toHaveLength(3);
    expect(t.taken).toBe(3);
  });
  it("has in the ledger's words who speaks, where the tap names the ticket", () => {
    const t = new Traffic();
    const view = new View(t, () => true, (p) => p);
    t.takeRecords([seen(1, { message: hash64("m1"), from: "ticket:t", to: "agent:p.pm", agent: "p.ada" })]);
    view.catchUp();
    t.take(said("m1", "agent:p.ada", "agent:p.pm", 2));
    view.catchUp();
    expect(view.rows).toHaveLength(1);
    expect([...view.lanes]).toEqual(["agent:p.ada", "agent:p.pm"]);
  });
  it("goes back where what was asked for ends", () => {
    const t = new Traffic();
    const order = { point: "effect", kind: "order", from: "ticket:t", to: "daemon:d" };
    t.takeRecords([seen(1, { ...order, direction: "out", outcome: "open" }), seen(2, { ...order, direction: "in", latency_us: 9 }), seen(3, { ...order, direction: "in", outcome: "timeout" }), seen(4, { point: "gateway", direction: "out", from: "human:m", kind: "GET:/" })]);
    expect(t.arrows.map((a) => [a.from, a.to, titleOf(a)])).toEqual([
      ["ticket:t", "daemon:d", "order"],
      ["daemon:d", "ticket:t", "order done"],
      ["daemon:d", "ticket:t", "order"],
      ["server:gateway", "human:m", "GET:/ done"],
    ]);
  });
  it("knows which report a verdict, or a bug, is about", () => {
    const t = new Traffic();
    const on = (entity: string, id: string, kind: string, from: string, to: string): Event => {
      const e = said(id, from, to, 1);
      return { ...e, entity, data: { message: { ...(e.data?.["message"] as object), kind } } };
    };
    t.take(on("t", "m1", "report", "agent:p.ada", "ticket:t"));
    t.take(on("u", "u1", "report", "agent:p.ada", "ticket:u"));
    t.take(on("t", "m2", "verdict", "agent:p.lead", "agent:p.ada"));
    t.take(on("t", "m3", "report", "agent:p.ada", "ticket:t"));
    t.take(on("t", "m4", "bug", "system", "agent:p.ada"));
    t.take(on("t", "m5", "verdict", "agent:p.lead", "agent:p.bob"));
    expect(["m2", "m4", "m5", "m1"].map((m) => t.find(m)?.about?.key)).toEqual(["m1", "m3", undefined, undefined]);
    expect(t.chain(t.find("m2")!).map((a) => a.key)).toEqual(["m1"]);
  });
  it("asks a filter of a message as the send point tells it", () => {
    const t = new Traffic();
    t.take({ ...said("m1", "agent:p.ada", "agent:p.pm", 1), entity: "b-4" });
    const lets = (filter: string) => toldOf(t.arrows[0]!).some((r) => compile(filter)?.(r));
    expect(["point in (send, effect)", "agent=ada", "project=p", "ticket=b-4", "brief=b", "errors", "point=journal"].map(lets)).toEqual([true, true, true, true, true, false, false]);
  });
  it("has people and agents before what they speak about", () => {
    expect(order(["server:journal", "ticket:b-10", "ticket:b-2", "agent:p.ada", "human:mara", "brief:b"])).toEqual(["human:mara", "agent:p.ada", "brief:b", "ticket:b-2", "ticket:b-10", "server:journal"]);
    expect(lane("ticket:b-2", true)).toBe("tickets");
    expect(lane("agent:p.ada", true)).toBe("agent:p.ada");
    expect(lane("server:journal", true)).toBe("server:journal");
  });
  it("keeps 100 000 messages in hand and draws a screen of them", () => {
    const t = new Traffic();
    const begun = performance.now();
    for (let i = 0; i < 100_000; ++i) t.take(said(`x${i}`, `agent:p.${i % 7}`, `agent:p.${(i + 1) % 7}`, i, `x${i - 1}`));
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(t.principals.size).toBe(7);
    const w = windowOf(40 * 60_000, 800, 40, t.arrows.length);
    expect(w.first).toBe(60_000 - 8);
    expect(w.last - w.first).toBeLessThan(40);
    expect(windowOf(1e9, 800, 40, 10)).toEqual({ first: 10, last: 10 });
  });
  it("lets go of the oldest, and a view of it does, too", () => {
    const t = new Traffic();
    const odd = new View(t, (a) => (a.record?.number ?? 0) % 2 === 1, (p) => lane(p, false));
    let number = 0;
    const more = (count: number) => t.takeRecords(Array.from({ length: count }, () => seen(++number)));
    more(mostArrows);
    odd.catchUp();
    expect(odd.rows).toHaveLength(mostArrows / 2);
    more(9_999);
    expect(t.arrows).toHaveLength(mostArrows + 9_999);
    more(1);
    odd.catchUp();
    expect(t.arrows).toHaveLength(mostArrows);
    expect(odd.rows).toHaveLength(mostArrows / 2);
    expect(odd.rows[0]?.record?.number).toBe(10_001);
    expect(odd.rows.at(-1)?.record?.number).toBe(mostArrows + 9_999);
    expect(t.find("~0.1.1")).toBeUndefined();
    expect([...odd.lanes]).toEqual(["server:send"]);
  });
  it("puts commits of the past where they belong, each once, and a view shows them there", () => {
    const t = new Traffic();
    const all = new View(t, () => true, (p) => p);
    t.take(said("m1", "a:1", "a:2", 100));
    t.take(said("m2", "a:1", "a:2", 300));
    t.takeRecords([seen(400)]);
    all.catchUp();
    const stored = (seq: number, at: number): TapRecord => ({ type: "record", at_us: at * 1000, point: "journal", outcome: "ok", shard: 1, seq });
    t.takeRecords([stored(2, 200), stored(1, 50), stored(2, 200), { ...stored(3, 500), thread: 4, number: 1 }, stored(3, 500), stored(4, 600)]);
    expect(t.taken).toBe(7);
    t.settle();
    t.settle();
    all.catchUp();
    expect(all.rows.map((a) => a.key)).toEqual(["~1/1", "m1", "~1/2", "m2", "~0.1.400", "~1/3", "~1/4"]);
    expect(t.epoch).toBe(1);
    expect(t.findHash(hash64("m2"))?.key).toBe("m2");
    t.takeRecords([seen(700)]);
    all.catchUp();
    expect(all.rows).toHaveLength(8);
  });
  it("does not take again what it let go, when the ledger is read anew", () => {
    const t = new Traffic();
    const past = Array.from({ length: mostArrows + 10_000 }, (_, i) => said(`y${i}`, "a:1", "a:2", i));
    past.forEach((e) => t.take(e));
    expect(t.gone).toBe(10_000);
    past.forEach((e) => t.take(e));
    expect(t.arrows).toHaveLength(mostArrows);
    expect(t.arrows.at(-1)?.key).toBe(`y${mostArrows + 9_999}`);
  });
  it("keeps apart what two servers gave the same number", () => {
    const t = new Traffic();
    t.takeRecords([seen(1, { content: "before" }), seen(2)], 1);
    t.takeRecords([seen(1, { content: "after" })], 2);
    expect(t.arrows.map((a) => t.find(a.key)?.record?.content)).toEqual(["before", undefined, "after"]);
    expect(new Set(t.arrows.map((a) => a.key)).size).toBe(3);
  });
  it("tells a commit once, whichever link tells it", () => {
    const t = new Traffic();
    const commit = { point: "journal", shard: 1, seq: 5 };
    t.takeRecords([seen(1, commit)], 1);
    t.takeRecords([seen(9, commit)], 2);
    expect(t.arrows.map((a) => a.key)).toEqual(["~1/5"]);
  });
  it("is solid where the ledger has it, told while it happened or later, and dashed elsewhere", () => {
    const t = new Traffic();
    t.take(said("m1", "a:1", "a:2", 1));
    t.takeRecords([seen(2, { point: "journal", shard: 1, seq: 1 }), seen(3, { point: "journal", outcome: "conflict" }), seen(4)]);
    t.takeRecords([{ type: "record", at_us: 9000, point: "journal", outcome: "ok", shard: 1, seq: 2 }]);
    expect(t.arrows.map(tapped)).toEqual([false, false, true, true, false]);
  });
  it("looks only at what is new", () => {
    const t = new Traffic();
    let asked = 0;
    const view = new View(t, () => ++asked > 0, (p) => p);
    t.takeRecords([seen(1), seen(2)]);
    view.catchUp();
    t.takeRecords([seen(3)]);
    view.catchUp();
    view.catchUp();
    expect(asked).toBe(3);
    expect(view.rows).toHaveLength(3);
  });
});

describe("a row that is to be seen", () => {
  const top = (at: number, now: number) => topFor(at, 40, now, 400);
  it("moves nothing where it is in sight, also at the beginning and the end", () => {
    expect([top(0, 0), top(3, 0), top(9, 0), top(20, 800), top(29, 800)]).toEqual([0, 0, 0, 800, 800]);
  });
  it("moves by what is missing of it, and has some before it where it was not there at all", () => {
    expect([top(10, 10), top(20, 820)]).toEqual([40, 800]);
    expect([top(50, 0), top(1, 800), top(5, 800)]).toEqual([1880, 0, 80]);
  });
});

describe("keys in a list", () => {
  it("go from row to row, and not out of it", () => {
    expect(["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"].map((k) => rowAfter(k, 5, 10, 3))).toEqual([6, 4, 8, 2, 0, 9]);
    expect(["ArrowDown", "PageDown", "End"].map((k) => rowAfter(k, 9, 10, 3))).toEqual([9, 9, 9]);
    expect(["ArrowUp", "PageUp", "Home"].map((k) => rowAfter(k, 0, 10, 3))).toEqual([0, 0, 0]);
    expect(["Tab", "Enter", " ", "a"].map((k) => rowAfter(k, 5, 10, 3))).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("hash of an id", () => {
  it("is FNV-1a of 64 bits", () => {
    expect(["", "a", "foobar"].map(hash64)).toEqual(["cbf29ce484222325", "af63dc4c8601ec8c", "85944171f73967e8"]);
  });
  it("agrees with arithmetic in one piece, beyond ASCII, too", () => {
    const plain = (text: string): string => {
      let h = 0xcbf29ce484222325n;
      for (const b of new TextEncoder().encode(text)) h = BigInt.asUintN(64, (h ^ BigInt(b)) * 0x100000001b3n);
      return h.toString(16).padStart(16, "0");
    };
    for (const text of ["k3f9q2mx-4.m2", "größer", "x".repeat(300), "\u{1F3AD} troupe"]) expect(hash64(text)).toBe(plain(text));
  });
});
