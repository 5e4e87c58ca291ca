import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readWaiting } from "../lib/inbox";
import { PrincipalContext } from "../lib/principal";
import { keptDown } from "../lib/quarantine";
import type { Agent } from "../lib/types";
import { Roster } from "./agents";

/** An agent as `GET /api/agents` has it (gateway/routes/projects.cpp), after `agent.moved` to this state. */
const agent = (status: string, why: string, more: Partial<Agent> = {}): Agent => ({ id: "duration.ada", status, why, version: 7, project: "duration", spec: { name: "ada", role: "dev", engine: "scripted" }, answered: 0, restarts: 0, ...more });
const rosterOf = (a: Agent, down?: Map<string, string>): string =>
  renderToStaticMarkup(createElement(PrincipalContext.Provider, { value: { id: "human:mara", roles: ["developer"] } }, createElement(Roster, { agents: [a], tickets: [], down, reload: async () => {} })));
const buttons = (html: string): string[] => [...html.matchAll(/<button[^>]*>([^<]*)</g)].map((m) => m[1] ?? "");

describe("the roster", () => {
  it("shows an agent in quarantine with the reason, and that it can be let out", () => {
    const html = rosterOf(agent("quarantined", "breaker open: five crashes in a minute"));
    expect(html).toContain('<span class="badge red">quarantined</span>');
    expect(html).toContain("breaker open: five crashes in a minute");
    expect(buttons(html)).toEqual(["Resume"]);
  });
  it("lets one that crashed go on, and pauses one that works", () => {
    expect(buttons(rosterOf(agent("crashed", "out of memory")))).toEqual(["Resume"]);
    expect(buttons(rosterOf(agent("working", "")))).toEqual(["Pause"]);
  });
  it("says why the server keeps one down, and offers nothing that would be refused", () => {
    const html = rosterOf(agent("idle", "", { restarts: 3 }), new Map([["duration.ada", "it is tried again in 590 s"]]));
    expect(html).toContain('<span class="badge red">quarantined</span>');
    expect(html).toContain("it is tried again in 590 s");
    expect(buttons(html)).toEqual([]);
  });
});

describe("agents that need a person", () => {
  afterEach(() => vi.unstubAllGlobals());
  const serve = (agents: Agent[], refusals: Record<string, [number, string]> = {}): string[] => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (path: string) => {
      asked.push(path);
      const refused = refusals[path];
      if (refused) return new Response(JSON.stringify({ detail: refused[1] }), { status: refused[0] });
      return new Response(JSON.stringify(path.startsWith("/api/agents?") ? { items: agents, total: agents.length } : { items: [], total: 0 }));
    });
    return asked;
  };

  it("are those in quarantine, with the reason", async () => {
    serve([agent("quarantined", "breaker open"), agent("idle", "", { id: "duration.bob" })]);
    const { escalations } = await readWaiting(new AbortController().signal);
    expect(escalations.map((e) => [e.kind, e.id, e.title, e.text, e.keptDown])).toEqual([["agent", "duration.ada", "Agent ada is quarantined", "breaker open", undefined]]);
  });
  it("are asked for one by one only where they crashed, and other refusals say nothing about them", async () => {
    const [calm, down, busy] = [agent("idle", ""), agent("idle", "", { id: "d.x", restarts: 3 }), agent("idle", "", { id: "d.y", restarts: 1 })];
    const asked = serve([], { "/api/agents/d.x": [503, "d.x is quarantined after repeated crashes"], "/api/agents/d.y": [503, "too much to do"] });
    expect([...(await keptDown([calm, down, busy]))]).toEqual([["d.x", "d.x is quarantined after repeated crashes"]]);
    expect(asked).toEqual(["/api/agents/d.x", "/api/agents/d.y"]);
  });
});
