import { afterEach, describe, expect, it, vi } from "vitest";
import { eventsBack, eventsBetween, newestEvents } from "./api";

interface E {
  n: number;
  type: string;
}

/** A ledger that answers as the server does: what is at hand in pages of hits, what is older a few thousand events at a time. */
class Ledger {
  all: E[] = [];
  asked = 0;
  constructor(
    size: number,
    private readonly typeOf: (n: number) => string,
    private readonly atHand = 20_000,
  ) {
    this.grow(size);
    vi.stubGlobal("fetch", async (path: string) => new Response(JSON.stringify(this.answer(new URL(path, "http://here")))));
  }
  grow(by: number): void {
    for (let i = 0; i < by; ++i) this.all.push({ n: this.all.length + 1, type: this.typeOf(this.all.length + 1) });
  }
  private answer(url: URL): unknown {
    if (url.pathname === "/api/system") return { events: { last: this.all.length } };
    this.asked += 1;
    const after = Number(url.searchParams.get("after"));
    const limit = Number(url.searchParams.get("limit"));
    const type = url.searchParams.get("type") ?? "";
    const old = after < this.all.length - this.atHand;
    const items: E[] = [];
    let at = after;
    for (; at < this.all.length && items.length < limit && !(old && at - after >= 5000); ++at) {
      const e = this.all[at] as E;
      if (e.type.startsWith(type)) items.push(e);
    }
    const more = old ? at < this.all.length : items.length === limit;
    return { items, ...(more ? { after: old ? at : items.at(-1)?.n } : {}) };
  }
}
const numbers = (of: E[]): number[] => of.map((e) => e.n);

describe("events read back from the end", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("are the newest, in order, each once", async () => {
    const l = new Ledger(50_000, () => "a");
    const { items, from } = await newestEvents<E>([{}], 2500);
    expect(numbers(items)).toEqual(Array.from({ length: 2500 }, (_, n) => 47_501 + n));
    expect(from).toBe(47_500);
    expect(l.asked).toBeLessThan(8);
    const older = await newestEvents<E>([{}], 2500, { before: from });
    expect(numbers(older.items)).toEqual(Array.from({ length: 2500 }, (_, n) => 45_001 + n));
  });
  it("are all there are where there are few, however far back they stand", async () => {
    const l = new Ledger(300_000, (n) => (n === 3 || n === 150_000 || n === 299_999 ? "rare" : "a"));
    const { items, from } = await newestEvents<E>([{ type: "rare" }], 100);
    expect(numbers(items)).toEqual([3, 150_000, 299_999]);
    expect(from).toBe(0);
    expect(l.asked).toBeLessThan(100);
  });
  it("of several types come in one order; some do not count", async () => {
    new Ledger(9000, (n) => (n % 3 === 0 ? "said" : n % 3 === 1 ? "cost" : "other"));
    const { items } = await newestEvents<E>([{ type: "said" }, { type: "cost" }], 1000, { counts: (e) => e.type === "said" });
    expect(items.filter((e) => e.type === "said")).toHaveLength(1000);
    expect(numbers(items)).toEqual([...numbers(items)].sort((a, b) => a - b));
    expect(items.at(-1)?.n).toBe(9000);
    expect(items.some((e) => e.type === "other")).toBe(false);
  });
  it("have what came while they were read", async () => {
    const l = new Ledger(3000, () => "a");
    const counts = () => {
      if (l.all.length === 3000) l.grow(5);
      return true;
    };
    const { items } = await newestEvents<E>([{}], 10_000, { counts });
    expect(numbers(items)).toEqual(Array.from({ length: 3005 }, (_, n) => n + 1));
  });
  it("are none of an empty ledger", async () => {
    new Ledger(0, () => "a");
    expect(await newestEvents<E>([{}], 10)).toEqual({ items: [], from: 0 });
  });
  it("end where nobody reads on", async () => {
    const l = new Ledger(100_000, () => "a");
    for await (const { items } of eventsBack<E>([{}], 100_000)) {
      expect(items.at(-1)?.n).toBe(100_000);
      break;
    }
    expect(l.asked).toBe(1);
    expect(numbers(await eventsBetween<E>({}, 10, 13))).toEqual([11, 12, 13]);
  });
});
