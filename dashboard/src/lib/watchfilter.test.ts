import { describe, expect, it } from "vitest";
import { hash64 } from "./hash";
import { compile, filterOf, paramOf, presets, type Told } from "./watchfilter";

const message: Told = { point: "send", direction: "out", outcome: "ok", kind: "question", from: "ticket:k3f9q2mx-4", to: "agent:tally.pm", agent: "tally.dev-ada", project: "tally", brief: "k3f9q2mx", ticket: "k3f9q2mx-4", correlation: "k3f9q2mx" };
const commit: Told = { point: "journal", direction: "out", outcome: "ok", kind: "ticket.claimed", from: "human:mara", to: "ticket:k3f9q2mx-4", latency_us: 300 };
const request: Told = { point: "gateway", direction: "in", outcome: "open", kind: "GET:/api/tickets", from: "human:mara" };
const order: Told = { point: "effect", direction: "out", outcome: "open", kind: "order", from: "ticket:k3f9q2mx-4", to: "daemon:d" };
const refused: Told = { point: "send", outcome: "conflict", kind: "verdict" };
const all = [message, commit, request, order, refused];
const lets = (filter: string): number[] => all.flatMap((r, n) => (compile(filter)?.(r) ? [n] : []));

describe("a filter of Traffic", () => {
  it("has a preset for the team, commits, errors and everything", () => {
    expect(presets.map((p) => [p.name, lets(p.filter)])).toEqual([
      ["Team", [0, 3, 4]],
      ["Commits", [1]],
      ["Errors", [4]],
      ["Everything", [0, 1, 2, 3, 4]],
    ]);
  });
  it("is the team's where an address has none, and comes back from every address", () => {
    expect(filterOf(undefined)).toBe("point in (send, effect)");
    for (const f of [...presets.map((p) => p.filter), "agent=dev-ada"]) expect(filterOf(paramOf(f))).toBe(f);
    expect(presets.map((p) => paramOf(p.filter))).toEqual(["", "point=journal and direction=out and not errors", "errors", "*"]);
  });
  it("tests names exactly, by their beginning, in lists, and in quotes", () => {
    expect(lets("kind=question")).toEqual([0]);
    expect(lets("kind=quest")).toEqual([]);
    expect(lets("kind=quest*")).toEqual([0]);
    expect(lets('kind="quest*"')).toEqual([]);
    expect(lets("kind in (order, question)")).toEqual([0, 3]);
    expect(lets("kind NOT IN (order, question) and not point=gateway")).toEqual([1, 4]);
    expect(lets(String.raw`kind="ques\tion"`)).toEqual([0]);
  });
  it("takes the name of a choke point as a kind for the choke point", () => {
    expect(lets("kind in (journal, question)")).toEqual([0, 1]);
    expect(lets('kind="journal"')).toEqual([]);
  });
  it("knows an agent by its id and its name, also where it is neither sender nor receiver", () => {
    expect([lets("agent=dev-ada"), lets("agent=tally.dev-ada"), lets("agent=pm"), lets("agent=ada")]).toEqual([[0], [0], [0], []]);
  });
  it("agrees with no value where a record does not have one", () => {
    expect(lets("ticket=*")).toEqual([0]);
    expect(lets("ticket != k3f9q2mx-4")).toEqual([1, 2, 3, 4]);
    expect(lets("latency >= 250us")).toEqual([1]);
    expect(lets("latency < 1min or direction=in")).toEqual([1, 2]);
  });
  it("binds `and` closer than `or`, and knows conversations by their hashes", () => {
    expect(lets("point=gateway or point=send and not errors")).toEqual([0, 2]);
    expect(lets("(point=gateway or point=send) and errors")).toEqual([4]);
    expect(lets("conversation=k3f9q2mx")).toEqual([0]);
    expect(compile("conversation=k3f9q2mx")?.({ ...order, conversation: hash64("k3f9q2mx") })).toBe(true);
  });
  it("agrees with what a name that was cut may have been", () => {
    const cut = { ...message, kind: "a-very-long-..." };
    expect(compile("kind=a-very-long-name")?.(cut)).toBe(true);
    expect(compile("kind=a-*")?.(cut)).toBe(true);
    expect(compile("kind=b*")?.(cut)).toBe(false);
  });
  it("is left to the server where it is wrong, or about what is not told", () => {
    for (const f of ["latency >= ", "kind=", "kind question", "(errors", "errors errors", "kind in ()", 'kind="x', "latency > 5", "tenant=default", "what=ever", "?"]) expect([f, compile(f)]).toEqual([f, undefined]);
  });
});
