import { afterEach, describe, expect, it, vi } from "vitest";
import { endOf, Watch, type TapRecord } from "./watch";

describe("the last line of a watch", () => {
  it("ends it, unless the server says to come back", () => {
    expect(endOf({ reason: "server_stopping", again: true })).toBeUndefined();
    expect(endOf({ reason: "slow_reader", again: true })).toBeUndefined();
    expect(endOf({ reason: "record_limit", again: false })).toMatch(/as many records/);
    expect(endOf({ reason: "token_ended", again: false })).toMatch(/token/);
    expect(endOf({ reason: "time_limit" })).toMatch(/as long/);
    expect(endOf({ reason: "never_heard_of", again: false })).toBe("The server ended it: never heard of.");
  });
});

describe("a watch", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("goes on behind what it was told when the server has started again", async () => {
    const asked: URL[] = [];
    const streams = [
      'id: p1.A\ndata: {"type":"record","at_us":1,"thread":1,"number":1}\n\nevent: closed\ndata: {"type":"closed","reason":"server_stopping","again":true}\n\n',
      'data: {"type":"record","at_us":2,"thread":1,"number":1}\n\nevent: closed\ndata: {"type":"closed","reason":"time_limit","again":false}\n\n',
    ];
    vi.stubGlobal("fetch", async (path: string) => {
      asked.push(new URL(path, "http://here"));
      return new Response(streams[asked.length - 1]);
    });
    const told: [TapRecord, number][] = [];
    const was: string[] = [];
    await new Promise<void>((done) => {
      const w: Watch = new Watch(
        { filter: "errors", contents: false, rate: 200, since: "5m" },
        (records, link) => records.forEach((r) => told.push([r, link])),
        () => {
          was.push(w.state.is);
          if (w.state.is === "ended") done();
        },
      );
      w.start();
    });
    expect(was).toEqual(["live", "lost", "live", "ended"]);
    expect(asked.map((u) => [u.searchParams.get("since"), u.searchParams.get("after")])).toEqual([["5m", null], [null, "p1.A"]]);
    expect(told.map(([r]) => r.at_us)).toEqual([1, 2]);
    expect(told[0]?.[1]).not.toBe(told[1]?.[1]);
  });
});
