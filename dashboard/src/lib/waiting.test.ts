import { describe, expect, it } from "vitest";
import type { Ticket } from "./types";
import { byColumn, columns, holderOf, situation } from "./waiting";

const ticket = (more: Partial<Ticket>): Ticket => ({ id: "b-1", status: "ready", item: { key: "1", title: "t", role: "dev" }, ...more });

describe("what a ticket waits for", () => {
  it("names who works on it and where", () => {
    const t = ticket({ status: "in_progress", holder: { agent: "p.ada", is: "held", since: 7 }, stages: [{ name: "develop" }] });
    expect(situation(t)).toEqual({ text: "ada works on it (develop)", waits: "", since: 7 });
    expect(holderOf(ticket({ holder: { agent: "p.ada", is: "RELEASED" } }))).toBe("");
  });
  it("names whom it waits for, and what for", () => {
    const t = ticket({ status: "waiting", waits: [{ owner: "agent:p.pm", action: "answer a question of p.ada" }, { owner: "human:mara", action: "x" }] });
    expect(situation(t).text).toBe("waits for pm to answer a question of p.ada and 1 more");
    expect(situation(t).waits).toBe("agent:p.pm");
  });
  it("prefers what the server says is missing", () => {
    const s = situation(ticket({ lacks: { for: "daemon", text: "a connected daemon", do: "start one" } }));
    expect(s).toMatchObject({ text: "waits for a connected daemon", hint: "start one" });
  });
  it("names open blockers", () => {
    expect(situation(ticket({ status: "blocked", blocked_by: ["a", "b"], open_blockers: ["b"] })).text).toBe("waits for b to be done");
  });
  it("says what ended it", () => {
    expect(situation(ticket({ status: "FAILED", why: "no" })).text).toBe("failed: no");
    expect(situation(ticket({ status: "DONE", merged_as: "abc" })).text).toBe("merged");
  });
  it("has one column for every state of the domain", () => {
    const states = ["backlog", "blocked", "ready", "claimed", "in_progress", "waiting", "in_review", "in_gates", "rework", "merging", "failed_pending", "DONE", "FAILED", "CANCELLED"];
    expect(columns.flatMap((c) => c.statuses).sort()).toEqual([...states].sort());
    const sorted = byColumn(states.map((status, n) => ticket({ id: `b-${n}`, status, changed_at: n })));
    expect([...sorted.values()].flat()).toHaveLength(states.length);
    expect(sorted.get("over")?.[0]?.status).toBe("FAILED");
  });
});
