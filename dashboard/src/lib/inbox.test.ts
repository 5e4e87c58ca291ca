import { afterEach, describe, expect, it, vi } from "vitest";
import { readWaiting } from "./inbox";

/** A server that has these lists, answers `size` at a time, and filters by status. */
function serve(lists: Record<string, { id: string; status: string }[]>, size = 500): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    const url = new URL(path, "http://here");
    const status = url.searchParams.get("status");
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const found = (lists[url.pathname] ?? []).filter((x) => !status || x.status === status);
    const more = from + size < found.length ? { cursor: String(from + size) } : {};
    return new Response(JSON.stringify({ items: found.slice(from, from + size), total: found.length, ...more }));
  });
  return asked;
}
const read = () => readWaiting(new AbortController().signal);
const item = { key: "1", title: "t" };
const lacking = { lacks: { for: "daemon", text: "a connected daemon" }, now: { text: "Waits for a connected daemon.", for: "daemon" } };

describe("what waits for a person", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("has tickets whose gates or merge no daemon can take", async () => {
    serve({ "/api/tickets": [{ id: "a", status: "in_gates", item, ...lacking }, { id: "b", status: "merging", item, ...lacking }, { id: "c", status: "in_progress", item, ...lacking }] as never[] });
    const { escalations, whole } = await read();
    expect(escalations.map((e) => e.tickets)).toEqual([["a", "b"]]);
    expect(whole).toBe(true);
  });
  it("has what waits longest, too, on however many pages that is", async () => {
    const tickets = Array.from({ length: 1201 }, (_, n) => ({ id: `t${n}`, status: "ready", item }));
    const oldest = { id: "old", status: "ready", item, ...lacking };
    serve({ "/api/tickets": [...tickets, oldest] });
    expect((await read()).escalations.map((e) => e.id)).toEqual(["old"]);
  });
  it("has runs that somebody has to begin or to go on with, and asks for no others", async () => {
    const lacks = { text: "run r, which is paused", do: "Go on." };
    const running = Array.from({ length: 700 }, (_, n) => ({ id: `r${n}`, status: "running" }));
    const asked = serve({ "/api/runs": [...running, { id: "p", status: "paused", lacks }, { id: "s", status: "STOPPED_BUDGET", lacks }] as never[] });
    expect((await read()).escalations.map((e) => e.id)).toEqual(["p", "s"]);
    expect(asked.filter((p) => p.startsWith("/api/runs")).every((p) => p.includes("status="))).toBe(true);
  });
  it("says where there is more than it looked at", async () => {
    serve({ "/api/tickets": Array.from({ length: 10_001 }, (_, n) => ({ id: `t${n}`, status: "ready", item })) });
    expect((await read()).whole).toBe(false);
  });
});
