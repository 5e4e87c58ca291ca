import { describe, expect, it } from "vitest";
import { FrameReader, pause } from "./sse";

describe("a stream of events", () => {
  it("gives an event when it is whole, however its pieces come", () => {
    const text = ": alive\n\nid: 7\nevent: ticket.leased\ndata: {\"a\":\ndata: 1}\n\nevent: x\ndata: y\n\n";
    for (const size of [1, 2, 3, 7, 1000]) {
      const r = new FrameReader();
      const got = [];
      for (let at = 0; at < text.length; at += size) got.push(...r.take(text.slice(at, at + size)));
      expect(got).toEqual([
        { id: "7", event: "ticket.leased", data: '{"a":\n1}' },
        { id: "7", event: "x", data: "y" },
      ]);
    }
  });
  it("keeps a comment and an unfinished event to itself", () => {
    const r = new FrameReader();
    expect(r.take(": keep-alive\n\n")).toEqual([]);
    expect(r.take("data: half")).toEqual([]);
  });
  it("waits longer from try to try, up to a bound", () => {
    expect(pause(0, 1)).toBe(500);
    expect(pause(3, 1)).toBe(4000);
    expect(pause(50, 1)).toBe(15000);
    expect(pause(50, 0)).toBe(7500);
  });
});
