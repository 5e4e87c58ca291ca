import { describe, expect, it } from "vitest";
import type { Work } from "./attempts";
import { deedsOf, inWords } from "./record";
import type { Event, Ticket } from "./types";

const ticket = (more: Partial<Ticket>): Ticket => ({ id: "b-1", status: "DONE", item: { key: "1", title: "t", role: "dev" }, ...more });
const ended = (token: number, wall: number, cost_micros?: number): Event => ({ kind: "ticket", entity: "b-1", type: "ticket.attempt_ended", at: 1, data: { token, used: { wall, ...(cost_micros ? { cost_micros } : {}) } } });

describe("the record of an agent", () => {
  const tickets = [
    ticket({ workers: [{ agent: "p.ada", author: true }, { agent: "p.bob" }], used: { wall: 1000, cost_micros: 900 }, reviews: [{ by: "agent:p.lead" }, { by: "agent:p.lead", approved: true }, { by: "human:mara", approved: true }] }),
    ticket({ id: "b-2", status: "FAILED", workers: [{ agent: "p.ada", author: true }, { agent: "p.ada", author: true }], reviews: [{ by: "agent:p.lead" }] }),
    ticket({ id: "b-3", status: "in_progress", workers: [{ agent: "p.eve", author: true }] }),
  ];
  const whose = ["", "p.ada", "p.lead", "p.lead"]; // by token; gates and merges are nobody's
  const work: Work = { ended: [ended(1, 600, 500), ended(2, 70, 40), ended(3, 30), ended(0, 300)], gated: [], ofLease: (e) => whose[Number(e.data?.["token"])] ?? "", whole: true };

  it("has reviews for who reviewed, tickets for who wrote them, and to each what their own attempts used", () => {
    const deeds = deedsOf(tickets, work);
    expect([...deeds.keys()].sort()).toEqual(["p.ada", "p.lead"]);
    expect(deeds.get("p.ada")).toEqual({ done: 1, failed: 1, reviews: 0, sentBack: 0, attempts: 1, wall: 600, micros: 500 });
    expect(deeds.get("p.lead")).toEqual({ done: 0, failed: 0, reviews: 3, sentBack: 2, attempts: 2, wall: 100, micros: 40 });
  });
  it("is said in words", () => {
    const deeds = deedsOf(tickets, work);
    expect(inWords(deeds.get("p.ada"), 0)).toEqual(["1 ticket done", "1 failed"]);
    expect(inWords(deeds.get("p.lead"), 1)).toEqual(["3 reviews, 2 sent back", "1 answer"]);
    expect(inWords(undefined, 4)).toEqual(["4 answers"]);
    expect(inWords(undefined, 0)).toEqual([]);
  });
});
