import { describe, expect, it } from "vitest";
import type { Ticket } from "./types";
import { byColumn, columns, holderOf } from "./waiting";

const ticket = (more: Partial<Ticket>): Ticket => ({ id: "b-1", status: "ready", item: { key: "1", title: "t", role: "dev" }, ...more });

describe("the board", () => {
  it("knows who has a ticket, while he has it", () => {
    expect(holderOf(ticket({ holder: { agent: "p.ada", is: "held" } }))).toBe("p.ada");
    expect(holderOf(ticket({ holder: { agent: "p.ada", is: "RELEASED" } }))).toBe("");
    expect(holderOf(ticket({}))).toBe("");
  });
  it("has one column for every state of the domain", () => {
    const states = ["backlog", "blocked", "ready", "claimed", "in_progress", "waiting", "in_review", "in_gates", "rework", "merging", "failed_pending", "DONE", "FAILED", "CANCELLED"];
    expect(columns.flatMap((c) => c.statuses).sort()).toEqual([...states].sort());
    const sorted = byColumn(states.map((status, n) => ticket({ id: `b-${n}`, status, changed_at: n })));
    expect([...sorted.values()].flat()).toHaveLength(states.length);
    expect(sorted.get("over")?.[0]?.status).toBe("FAILED");
  });
});
