// Runs and their tickets, as several pages choose and read them.
import { all, query } from "./api";
import { readWork, type Work } from "./attempts";
import { words } from "./format";
import { useResource, type Resource } from "./live";
import { setParams, useRoute } from "./route";
import type { Agent, Daemon, Run, Ticket } from "./types";

export const useRuns = (): Resource<{ items: Run[]; total: number }> =>
  useResource("runs", (signal) => all<Run>("/api/runs", 1000, signal), (e) => e.kind === "run" && e.type !== "run.settled");

export const useDaemons = (): Resource<{ items: Daemon[]; total: number }> =>
  useResource("daemons", (signal) => all<Daemon>("/api/daemons", 1000, signal), (e) => e.kind === "daemon");

export const useAgents = (): Resource<{ items: Agent[]; total: number }> =>
  useResource("agents", (signal) => all<Agent>("/api/agents", 2000, signal), (e) => e.kind === "agent" || e.type === "ticket.leased" || e.type === "ticket.attempt_ended");

/** What the newest attempts used, at most so many, and whose they were. */
export const useWork = (atMost: number): Resource<Work> =>
  useResource(`work:${atMost}`, (signal) => readWork(signal, atMost), (e) => e.type === "ticket.attempt_ended" || e.type === "ticket.gated");

export interface Tickets {
  items: Ticket[];
  total: number;
  whole: boolean;
}
const most = 2000;

/** Tickets of a run, or all of them where `run` is empty. */
export const useTickets = (run: string): Resource<Tickets> =>
  useResource(
    `tickets:${run}`,
    async (signal) => {
      const read = await all<Ticket>(`/api/tickets${query({ run: run === everything || run === byHand ? "" : run })}`, most, signal);
      return run === byHand ? { ...read, items: read.items.filter((t) => t.by_hand) } : read;
    },
    (e) => e.kind === "ticket" && e.type !== "progress" && e.type !== "ticket.settled" && e.type !== "ticket.renewed",
  );

/** Not a run but all of them; and what was opened by hand, each of which is a run of its own. */
export const everything = "*";
export const byHand = "~";

/** What there is to choose from, runs of plans first. */
export const choices = (runs: Run[]): [string, string][] => [
  ...runs.filter((r) => !r.by_hand).map((r): [string, string] => [r.id, runName(r)]),
  ...(runs.some((r) => r.by_hand) ? [[byHand, "tickets opened by hand"] as [string, string]] : []),
  [everything, "all tickets"],
];

/** The run in the address; where there is none, the newest of a plan. */
export function useChosenRun(runs: Run[] | undefined): [string, (id: string) => void] {
  const { params } = useRoute();
  const asked = params["run"] ?? "";
  const found = runs?.find((r) => r.id === asked);
  const chosen = found?.by_hand ? byHand : asked || (runs?.find((r) => !r.by_hand)?.id ?? (runs?.length ? byHand : ""));
  return [chosen, (id) => setParams({ run: id })];
}
export const runName = (r: Run): string => `${r.id} (${words(r.status)}${r.project ? `, ${r.project}` : ""})`;
