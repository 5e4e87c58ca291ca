import { describe, expect, it } from "vitest";
import { criticalPath, downstream, layout, unblocks } from "./graph";
import type { Item } from "./types";

const item = (key: string, ...blocked_by: string[]): Item => ({ key, title: key, blocked_by });
const diamond = [item("1"), item("2", "1"), item("3", "1"), item("4", "2", "3"), item("5")];

describe("a plan as a graph", () => {
  it("puts an item one layer behind the last that it waits for", () => {
    const l = layout(diamond);
    expect([...l.nodes.values()].map((n) => [n.key, n.layer])).toEqual([["1", 0], ["2", 1], ["3", 1], ["4", 2], ["5", 0]]);
    expect(l.layers).toBe(3);
    expect(l.rows).toBe(2);
    expect(l.edges).toHaveLength(4);
  });
  it("leads an edge over a layer through a place of its own, and knows which edges are the longest chain", () => {
    const l = layout([item("1"), item("2", "1"), item("3", "2"), item("4", "1", "3"), item("5", "2", "4")]);
    const over = l.edges.find((e) => e.from === "1" && e.to === "4");
    expect(over?.via.map((v) => v.layer)).toEqual([1, 2]);
    const taken = [...l.nodes.values(), ...new Map(l.edges.flatMap((e) => e.via).map((v) => [v.key, v])).values()].map((n) => `${n.layer}/${n.row}`);
    expect(new Set(taken).size).toBe(taken.length);
    expect([...l.chain]).toEqual([["4", "5"], ["3", "4"], ["2", "3"], ["1", "2"]]);
  });
  it("gives no two items of a layer the same row", () => {
    const many = [item("a"), item("b"), ...Array.from({ length: 30 }, (_, n) => item(`x${n}`, n % 2 ? "a" : "b"))];
    const rows = [...layout(many).nodes.values()].filter((n) => n.layer === 1).map((n) => n.row);
    expect(new Set(rows).size).toBe(30);
  });
  it("knows the longest chain, and none where nothing depends on anything", () => {
    expect([...criticalPath(diamond, () => 1)].reverse()).toEqual(["1", "2", "4"]);
    expect([...criticalPath(diamond, (i) => (i.key === "3" ? 5 : 1))].reverse()).toEqual(["1", "3", "4"]);
    expect(criticalPath([item("1"), item("2")], () => 1).size).toBe(0);
  });
  it("says what can begin when an item is done, and what waits for it at all", () => {
    expect(unblocks(diamond, "1", () => false)).toEqual(["2", "3"]);
    expect(unblocks(diamond, "2", (k) => k === "1")).toEqual([]);
    expect(unblocks(diamond, "2", (k) => k === "1" || k === "3")).toEqual(["4"]);
    expect([...downstream(diamond, "1")].sort()).toEqual(["2", "3", "4"]);
  });
  it("ends with a cycle and with an edge to nothing, which the server refuses", () => {
    const l = layout([item("1", "2"), item("2", "1"), item("3", "9")]);
    expect(l.nodes.size).toBe(3);
    expect(l.edges).toHaveLength(2);
  });
});
