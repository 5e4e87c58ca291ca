import { describe, expect, it } from "vitest";
import { windowOf } from "../ui/virtual";
import { lane, order, Traffic } from "./traffic";
import type { Event } from "./types";

let n = 0;
const said = (id: string, from: string, to: string, at: number, cause?: string): Event => ({
  id: `e${++n}`, kind: "ticket", entity: "t", type: "ticket.message_posted", at, data: { message: { id, from, to, ...(cause ? { cause } : {}) } },
});

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
    expect(t.chain(t.arrows[2]!).map((a) => a.message.id)).toEqual(["m2", "m1"]);
  });
  it("ends a chain that bites its tail", () => {
    const t = new Traffic();
    t.take(said("m1", "a:1", "a:2", 1, "m2"));
    t.take(said("m2", "a:2", "a:1", 2, "m1"));
    expect(t.chain(t.arrows[0]!).length).toBeLessThan(3);
  });
  it("has people and agents before what they speak about", () => {
    expect(order(["ticket:b-10", "ticket:b-2", "agent:p.ada", "human:mara", "brief:b"])).toEqual(["human:mara", "agent:p.ada", "brief:b", "ticket:b-2", "ticket:b-10"]);
    expect(lane("ticket:b-2", true)).toBe("tickets");
    expect(lane("agent:p.ada", true)).toBe("agent:p.ada");
  });
  it("keeps 100 000 messages in hand and draws a screen of them", () => {
    const t = new Traffic();
    const begun = performance.now();
    for (let i = 0; i < 100_000; ++i) t.take(said(`x${i}`, `agent:p.${i % 7}`, `agent:p.${(i + 1) % 7}`, i, `x${i - 1}`));
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(t.lifelines).toHaveLength(7);
    const w = windowOf(40 * 60_000, 800, 40, t.arrows.length);
    expect(w.first).toBe(60_000 - 8);
    expect(w.last - w.first).toBeLessThan(40);
    expect(windowOf(1e9, 800, 40, 10)).toEqual({ first: 10, last: 10 });
  });
});
