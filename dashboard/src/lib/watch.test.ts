import { afterEach, describe, expect, it, vi } from "vitest";
import { Watch, type TapLine, type TapRecord, type WatchState } from "./watch";
import { ending, notShown, said } from "./watchtext";

const frame = (line: object, id?: string): string => `${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(line)}\n\n`;
const line = (of: TapLine): string => frame(of);
const tapped = (number: number): string => frame({ type: "record", at_us: number, thread: 1, number });

/** Watches through these streams, one a link, until the watch ends by itself. */
async function watched(streams: string[], since = "") {
  const asked: URL[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(new URL(path, "http://here"));
    return new Response(streams[asked.length - 1]);
  });
  const told: [TapRecord, number][] = [];
  const was: WatchState[] = [];
  await new Promise<void>((done) => {
    const w: Watch = new Watch(
      { filter: "errors", contents: false, rate: 200, since },
      (records, link) => records.forEach((r) => told.push([r, link])),
      () => {
        was.push(w.state);
        if (w.state.is === "ended") done();
      },
    );
    w.start();
  });
  return { asked, told, was, last: was.at(-1) as WatchState };
}
const over = line({ type: "closed", reason: "time_limit", again: false });

describe("a watch", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("goes on behind what it was told when the server has started again", async () => {
    const { asked, told, was } = await watched(
      [
        frame({ type: "record", at_us: 1, thread: 1, number: 1 }, "p1.A") + line({ type: "closed", reason: "server_stopping", again: true }),
        frame({ type: "record", at_us: 2, thread: 1, number: 1 }) + over,
      ],
      "5m",
    );
    expect(was.map((s) => s.is).filter((is, n, all) => is !== all[n - 1])).toEqual(["live", "lost", "live", "ended"]);
    expect(asked.map((u) => [u.searchParams.get("since"), u.searchParams.get("after")])).toEqual([["5m", null], [null, "p1.A"]]);
    expect(told.map(([r]) => r.at_us)).toEqual([1, 2]);
    expect(told[0]?.[1]).not.toBe(told[1]?.[1]);
  });

  it("counts what stands in gaps and in counters, each by its reason", async () => {
    const { last } = await watched([
      line({ type: "gap", count: 7, why: "slow" }) +
        tapped(1) +
        line({ type: "counters", records: 4000, errors: 3, missed: 20 }) +
        line({ type: "gap", count: 5, why: "rate" }) +
        line({ type: "gap", count: 1, why: "room" }) +
        line({ type: "counters", records: 1000, errors: 0, missed: 0 }) +
        over,
    ]);
    expect(last.missed).toEqual({ slow: 5007, either: 20, rate: 5, room: 1 });
    expect(notShown(last, false)).toBe(
      "Not shown: 5,007 because this page was behind, 3 of them errors; 20 over the rate or for want of room while this page was behind; 5 over the rate of a watch; 1 for want of room in the server.",
    );
  });

  it("has the page drawn again where nothing comes but counters", async () => {
    const counters = line({ type: "counters", records: 9, errors: 0, missed: 0 });
    const { was } = await watched([counters + line({ type: "closed", reason: "server_stopping", again: true }), over]);
    expect(was.map((s) => [s.is, s.missed["slow"] ?? 0]).slice(0, 3)).toEqual([["live", 0], ["live", 9], ["lost", 9]]);
  });

  it("comes back after it was thirty seconds behind, and says that nobody counted what passed", async () => {
    const { was, last } = await watched([tapped(1) + line({ type: "closed", reason: "slow_reader", again: true }), tapped(2), tapped(3) + over]);
    const lost = was.filter((s) => s.is === "lost").map((s) => said(s, undefined));
    expect(lost).toEqual(["The server ended it, because this page did not read for thirty seconds. Trying again.", "The link was lost; trying again."]);
    expect(notShown(last, false)).toBe("The watch broke off once because this page did not read for thirty seconds, once because the link was lost; what passed then nobody counted.");
  });

  it("says that commits are filled in where it began in the past", async () => {
    const slow = line({ type: "closed", reason: "slow_reader", again: true });
    const { last } = await watched([slow, slow, over], "5m");
    expect(notShown(last, true)).toBe("The watch broke off twice because this page did not read for thirty seconds; what passed then nobody counted. Commits among all that are filled in from the ledger.");
  });

  it("says what the server answers while it may not go on", async () => {
    const busy = new Response(JSON.stringify({ detail: "too many streams at once; try again later" }), { status: 503 });
    const answers = [busy, new Response(over)];
    vi.stubGlobal("fetch", async () => answers.shift());
    const was: WatchState[] = [];
    await new Promise<void>((done) => {
      const w: Watch = new Watch({ filter: "", contents: false, rate: 200, since: "" }, () => {}, () => {
        was.push(w.state);
        if (w.state.is === "ended") done();
      });
      w.start();
    });
    expect(said(was[0] as WatchState, undefined)).toBe("The server answers: too many streams at once; try again later. Trying again.");
    expect(notShown(was.at(-1) as WatchState, false)).toBe(""); // it had not begun
  });

  it("is over with the reason that the server gives", async () => {
    const { last } = await watched([line({ type: "closed", reason: "slow_reader", again: false })]);
    expect(said(last, undefined)).toMatch(/did not read for thirty seconds\.$/);
    expect(ending({ reason: "record_limit" })).toMatch(/as many records/);
    expect(ending({ reason: "token_ended" })).toMatch(/token/);
    expect(ending({ reason: "time_limit" })).toMatch(/as long/);
    expect(ending({ reason: "never_heard_of" })).toBe("The server ended it: never heard of.");
  });
});
