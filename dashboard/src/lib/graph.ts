// The dependencies of a plan in layers, without a library: plans have tens of tickets, and a layer
// is the longest way from a beginning.
import type { Item } from "./types";

export interface Node {
  key: string;
  layer: number;
  row: number;
}
/** An edge, and the places between layers through which it goes, so that it runs behind no other item. */
export interface Edge {
  from: string;
  to: string;
  via: Node[];
}
export interface Layout {
  nodes: Map<string, Node>;
  edges: Edge[];
  layers: number;
  rows: number;
  critical: Set<string>;
  /** What comes next on the longest chain. */
  chain: Map<string, string>;
}

/** Edges to what is not there are left out; a cycle, which the server refuses, ends the descent. */
export function layout(items: Item[]): Layout {
  const known = new Map(items.map((i) => [i.key, i]));
  const before = new Map(items.map((i) => [i.key, (i.blocked_by ?? []).filter((k) => known.has(k))]));
  const depth = new Map<string, number>();
  const under = new Set<string>();
  const deep = (k: string): number => {
    const have = depth.get(k);
    if (have !== undefined) return have;
    if (under.has(k)) return 0;
    under.add(k);
    const d = Math.max(-1, ...(before.get(k) ?? []).map(deep)) + 1;
    under.delete(k);
    depth.set(k, d);
    return d;
  };
  items.forEach((i) => deep(i.key));

  const byLayer: string[][] = [];
  for (const i of items) (byLayer[depth.get(i.key) ?? 0] ??= []).push(i.key);
  // What goes over a layer has a place in it like an item; edges to the same item share it.
  const ways = new Map<string, string[]>(); // to a place or an item, from the layer before
  const edges: { from: string; to: string; places: string[] }[] = [];
  for (const [to, froms] of before)
    for (const from of froms) {
      const places: string[] = [];
      let last = from;
      for (let l = (depth.get(from) ?? 0) + 1; l < (depth.get(to) ?? 0); ++l) {
        const place = `${l} before ${to}`;
        if (!ways.has(place)) (byLayer[l] ??= []).push(place);
        ways.set(place, [...(ways.get(place) ?? []), last]);
        places.push(place);
        last = place;
      }
      ways.set(to, [...(ways.get(to) ?? []), last]);
      edges.push({ from, to, places });
    }
  // Two passes of barycentres take most crossings out of small graphs.
  const row = new Map<string, number>();
  byLayer.forEach((l) => l.forEach((k, n) => row.set(k, n)));
  for (let pass = 0; pass < 2; ++pass)
    for (const l of byLayer.slice(1)) {
      const centre = (k: string) => {
        const b = ways.get(k) ?? [];
        return b.length === 0 ? (row.get(k) ?? 0) : b.reduce((s, x) => s + (row.get(x) ?? 0), 0) / b.length;
      };
      l.sort((a, b) => centre(a) - centre(b));
      l.forEach((k, n) => row.set(k, n));
    }

  const critical = criticalPath(items, () => 1);
  const fromEnd = [...critical];
  return {
    nodes: new Map(items.map((i) => [i.key, { key: i.key, layer: depth.get(i.key) ?? 0, row: row.get(i.key) ?? 0 }])),
    edges: edges.map(({ from, to, places }) => ({ from, to, via: places.map((key, n) => ({ key, layer: (depth.get(from) ?? 0) + 1 + n, row: row.get(key) ?? 0 })) })),
    layers: byLayer.length,
    rows: Math.max(0, ...byLayer.map((l) => l.length)),
    critical,
    chain: new Map(fromEnd.slice(1).map((k, n) => [k, fromEnd[n] as string])),
  };
}

/** The keys of the heaviest chain; of several equal ones, the one that is listed first. */
export function criticalPath(items: Item[], weight: (i: Item) => number): Set<string> {
  const known = new Map(items.map((i) => [i.key, i]));
  const best = new Map<string, { sum: number; from?: string }>();
  const under = new Set<string>();
  const heavy = (k: string): number => {
    const have = best.get(k);
    if (have) return have.sum;
    const item = known.get(k);
    if (!item || under.has(k)) return 0;
    under.add(k);
    let sum = 0;
    let from: string | undefined;
    for (const b of item.blocked_by ?? []) {
      const s = heavy(b);
      if (s > sum) {
        sum = s;
        from = b;
      }
    }
    under.delete(k);
    best.set(k, { sum: sum + weight(item), ...(from ? { from } : {}) });
    return sum + weight(item);
  };
  let end: string | undefined;
  let most = 0;
  for (const i of items) {
    const s = heavy(i.key);
    if (s > most) {
      most = s;
      end = i.key;
    }
  }
  const out = new Set<string>();
  for (let k = end; k && !out.has(k); k = best.get(k)?.from) out.add(k);
  return out.size > 1 ? out : new Set();
}

/** What could begin at once if this item were done now. */
export function unblocks(items: Item[], key: string, done: (key: string) => boolean): string[] {
  return items
    .filter((i) => !done(i.key) && (i.blocked_by ?? []).includes(key) && (i.blocked_by ?? []).every((b) => b === key || done(b)))
    .map((i) => i.key);
}

/** Everything that waits for this item, directly or not. */
export function downstream(items: Item[], key: string): Set<string> {
  const out = new Set<string>();
  const queue = [key];
  for (let k = queue.pop(); k !== undefined; k = queue.pop())
    for (const i of items)
      if ((i.blocked_by ?? []).includes(k) && !out.has(i.key)) {
        out.add(i.key);
        queue.push(i.key);
      }
  return out;
}
