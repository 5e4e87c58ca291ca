import { afterEach, describe, expect, it, vi } from "vitest";
import { attemptsOf, mostOfTicket, mostWork, readAttempts, readWork, usedBy } from "./attempts";
import { TestLedger } from "./testledger";
import type { Event } from "./types";

afterEach(() => vi.unstubAllGlobals());

const e = (type: string, at: number, data: Record<string, unknown>): Event => ({ kind: "ticket", entity: "t", type, at, data });

describe("attempts", () => {
  it("are made of leases and their ends", () => {
    const got = attemptsOf([
      e("ticket.leased", 1, { token: 1, agent: "p.ada", daemon: "d" }),
      e("ticket.leased", 5, { token: 2, agent: "p.bob", daemon: "d" }),
      e("ticket.attempt_ended", 4, { token: 1, how: "LOST", why: "daemon_lost", used: { wall: 3 } }),
      e("ticket.attempt_ended", 9, { token: 2, summary: "ok" }),
    ]);
    expect(got.map((a) => [a.token, a.agent, a.how, (a.ended ?? 0) - a.begun, a.wall])).toEqual([[1, "p.ada", "LOST", 3, 3], [2, "p.bob", "SUCCEEDED", 4, 0]]);
  });
  it("say what they used where they end", () => {
    expect(usedBy(e("ticket.attempt_ended", 1, { used: { wall: 3, cost_micros: 5 } }))).toEqual({ wall: 3, cost_micros: 5 });
    expect(usedBy(e("ticket.attempt_ended", 1, {}))).toBeUndefined();
    expect(usedBy({ kind: "ticket", entity: "t", type: "ticket.leased", at: 1 })).toBeUndefined();
  });
});

/** Of ticket `t` every third event, from `opened` on, among those of another one: a lease, a renewal of it, its end. */
const busy = (opened: number) => (n: number) => {
  const version = Math.floor((n - opened) / 3) + 1;
  if (n < opened || (n - opened) % 3 > 0) return { entity: "u", type: "ticket.leased", data: { token: n } };
  const token = Math.ceil((version - 1) / 3);
  const type = version === 1 ? "ticket.opened" : (["ticket.attempt_ended", "ticket.leased", "ticket.renewed"][(version - 1) % 3] as string);
  return { version, type, data: { token, agent: "p.ada" } };
};

describe("the attempts of a ticket", () => {
  it("are all of them, without a look behind its begin", async () => {
    const l = new TestLedger(100_000, busy(99_000));
    const { attempts, whole } = await readAttempts("t");
    expect([attempts.length, attempts[0]?.token, whole]).toEqual([111, 1, true]);
    expect(l.asked).toBe(1);
  });
  it("are found however far back it was opened", async () => {
    const l = new TestLedger(100_000, (n) => (n > 2000 ? { entity: "u", type: "ticket.renewed" } : busy(1000)(n)));
    expect((await readAttempts("t")).attempts).toHaveLength(111);
    expect(l.asked).toBeLessThan(30);
  });
  it("are the newest where there are more than are read, and it is said so", async () => {
    const l = new TestLedger(30_000, busy(1));
    const { attempts, whole } = await readAttempts("t");
    expect([attempts.length, whole]).toEqual([mostOfTicket, false]);
    const last = Math.max(...l.all.filter((x) => x.entity === "t" && x.type === "ticket.leased").map((x) => Number(x.data?.["token"])));
    expect(attempts.map((a) => a.token)).toEqual(Array.from({ length: mostOfTicket }, (_, n) => last - mostOfTicket + 1 + n));
  });
  it("are none of a ticket that there is not", async () => {
    new TestLedger(50, busy(1));
    expect(await readAttempts("x")).toEqual({ attempts: [], whole: true });
  });
});

/** A lease, what gates say, and the end of the attempt, of one ticket after the other. */
const worked = (n: number) => {
  const token = Math.floor((n - 1) / 3);
  const data = { token, agent: `p.dev-${token % 3}`, profile: "scripted", used: { wall: 1 } };
  return { entity: `t${token}`, type: ["ticket.leased", "ticket.gated", "ticket.attempt_ended"][(n - 1) % 3] as string, data };
};

describe("the work that costs are added up from", () => {
  it("is all of it where there is less than is read", async () => {
    new TestLedger(3000, worked);
    const w = await readWork();
    expect([w.ended.length, w.gated.length, w.whole]).toEqual([1000, 1000, true]);
    expect([w.ofLease(w.ended[4] as Event, "agent"), w.ofLease(w.ended[4] as Event, "profile")]).toEqual(["p.dev-1", "scripted"]);
  });
  it("is the newest where there is more, and it is said so", async () => {
    const size = 3 * (mostWork + 500);
    const l = new TestLedger(size, worked);
    const w = await readWork();
    expect([w.ended.length, w.whole]).toEqual([mostWork, false]);
    expect([w.ended[0]?.n, w.ended.at(-1)?.n]).toEqual([size - 3 * (mostWork - 1), size]);
    expect(w.gated.every((g) => (g.n ?? 0) > size - 3 * mostWork - 1)).toBe(true);
    expect(w.ofLease(w.ended.at(-1) as Event, "agent")).not.toBe("");
    expect(l.asked).toBeLessThan(150);
  });
  it("is none of an empty ledger", async () => {
    new TestLedger(0, worked);
    const w = await readWork();
    expect([w.ended, w.gated, w.whole]).toEqual([[], [], true]);
    expect(w.ofLease(e("ticket.attempt_ended", 1, { token: 1 }), "agent")).toBe("");
  });
});
