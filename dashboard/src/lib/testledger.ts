import { vi } from "vitest";
import type { Event } from "./types";

type Made = Partial<Event> & { type: string };

/** A ledger for tests that answers as the server does: what is at hand in pages of hits, what is older a few thousand events at a time. */
export class TestLedger {
  readonly all: Event[] = [];
  /** How often events were asked for. */
  asked = 0;

  constructor(
    size: number,
    private readonly make: (n: number) => Made,
    private readonly atHand = 20_000,
  ) {
    this.grow(size);
    vi.stubGlobal("fetch", async (path: string) => new Response(JSON.stringify(this.answer(new URL(path, "http://here")))));
  }
  grow(by: number): void {
    for (let i = 0; i < by; ++i) {
      const n = this.all.length + 1;
      this.all.push({ kind: "ticket", entity: "t", at: n, ...this.make(n), n });
    }
  }

  private answer(url: URL): unknown {
    if (url.pathname === "/api/system") return { events: { last: this.all.length } };
    this.asked += 1;
    const after = Number(url.searchParams.get("after"));
    const limit = Number(url.searchParams.get("limit"));
    const type = url.searchParams.get("type") ?? "";
    const ticket = url.searchParams.get("ticket");
    const old = after < this.all.length - this.atHand;
    const items: Event[] = [];
    let at = after;
    for (; at < this.all.length && items.length < limit && !(old && at - after >= 5000); ++at) {
      const e = this.all[at] as Event;
      if (e.type.startsWith(type) && (ticket === null || e.entity === ticket)) items.push(e);
    }
    const more = old ? at < this.all.length : items.length === limit;
    return { items, ...(more ? { after: old ? at : items.at(-1)?.n } : {}) };
  }
}
