import { afterEach, describe, expect, it, vi } from "vitest";
import { asRefusal, eventsBack, eventsBetween, newestEvents, Refusal } from "./api";
import { TestLedger } from "./testledger";
import type { Event } from "./types";

const numbers = (of: Event[]): (number | undefined)[] => of.map((e) => e.n);
const upTo = (n: number, after = 0): number[] => Array.from({ length: n - after }, (_, i) => after + i + 1);
const same = () => ({ type: "a" });
/** Says once that the stream began while something was read; `meanwhile` is what was stored before that. */
const began = (meanwhile: () => void) => {
  let said = false;
  return () => {
    if (said) return false;
    said = true;
    meanwhile();
    return true;
  };
};

describe("events read back from the end", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("are the newest, in order, each once", async () => {
    const l = new TestLedger(50_000, same);
    const { items, from } = await newestEvents<Event>([{}], 2500);
    expect(numbers(items)).toEqual(upTo(50_000, 47_500));
    expect(from).toBe(47_500);
    expect(l.asked).toBeLessThan(8);
    const older = await newestEvents<Event>([{}], 2500, { before: from });
    expect(numbers(older.items)).toEqual(upTo(47_500, 45_000));
  });
  it("are all there are where there are few, however far back they stand", async () => {
    const l = new TestLedger(300_000, (n) => ({ type: n === 3 || n === 150_000 || n === 299_999 ? "rare" : "a" }));
    const { items, from } = await newestEvents<Event>([{ type: "rare" }], 100);
    expect(numbers(items)).toEqual([3, 150_000, 299_999]);
    expect(from).toBe(0);
    expect(l.asked).toBeLessThan(100);
  });
  it("of several types come in one order; some do not count", async () => {
    new TestLedger(9000, (n) => ({ type: n % 3 === 0 ? "said" : n % 3 === 1 ? "cost" : "other" }));
    const { items } = await newestEvents<Event>([{ type: "said" }, { type: "cost" }], 1000, { counts: (e) => e.type === "said" });
    expect(items.filter((e) => e.type === "said")).toHaveLength(1000);
    expect(numbers(items)).toEqual([...numbers(items)].sort((a, b) => (a ?? 0) - (b ?? 0)));
    expect(items.at(-1)?.n).toBe(9000);
    expect(items.some((e) => e.type === "other")).toBe(false);
  });
  it("are those that were there at the begin; what comes meanwhile the stream tells, and nothing is asked for twice", async () => {
    const l = new TestLedger(3000, same);
    const counts = () => {
      if (l.all.length === 3000) l.grow(5);
      return true;
    };
    const { items } = await newestEvents<Event>([{}], 1000, { counts });
    expect(numbers(items)).toEqual(upTo(3000, 2000));
    expect(l.asked).toBe(1);
  });
  it("with what came before the stream began, where that began meanwhile", async () => {
    const l = new TestLedger(3000, same);
    const { items } = await newestEvents<Event>([{}], 10_000, { missed: began(() => l.grow(2500)) });
    expect(numbers(items)).toEqual(upTo(5500));
  });
  it("are none of an empty ledger", async () => {
    const l = new TestLedger(0, same);
    expect(await newestEvents<Event>([{}], 10)).toEqual({ items: [], from: 0 });
    expect(numbers((await newestEvents<Event>([{}], 10, { missed: began(() => l.grow(1)) })).items)).toEqual([1]);
  });
  it("end where nobody reads on", async () => {
    const l = new TestLedger(100_000, same);
    for await (const { items } of eventsBack<Event>([{}], 100_000)) {
      expect(items.at(-1)?.n).toBe(100_000);
      break;
    }
    expect(l.asked).toBe(1);
    expect(numbers(await eventsBetween<Event>({}, 10, 13))).toEqual([11, 12, 13]);
  });
});

describe("what went wrong", () => {
  it("is a refusal, whatever was thrown", () => {
    const refusal = new Refusal(404, "there is no ticket t");
    expect(asRefusal(refusal)).toBe(refusal);
    expect(asRefusal(new TypeError("no"))).toMatchObject({ status: 0, message: "TypeError: no" });
  });
});
