// Agents that the server keeps down because they crashed again and again.
import { get, Refusal } from "./api";
import { useRefresh, useResource, type Resource } from "./live";
import type { Agent } from "./types";

/**
 * Why they are kept down, in the server's words, by id. The list of agents is read from what is
 * stored, and a crash is not, so that only those that crashed are asked for one by one: one that is
 * kept down is refused with the reason.
 */
export async function keptDown(agents: Agent[], signal?: AbortSignal): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  await Promise.all(
    agents
      .filter((a) => a.restarts)
      .map(async (a) => {
        try {
          await get<Agent>(`/api/agents/${encodeURIComponent(a.id)}`, signal);
        } catch (e) {
          if (!(e instanceof Refusal)) throw e;
          // 503 is also said where there is too much to do, and then it is no matter of this agent.
          if (e.status === 503 && e.message.includes("quarantined")) out.set(a.id, e.message);
        }
      }),
  );
  return out;
}

/** The same for a page, read again by itself: no event tells of it. */
export function useKeptDown(agents: Agent[] | undefined): Resource<Map<string, string>> {
  const crashed = (agents ?? []).filter((a) => a.restarts);
  const r = useResource(crashed.length > 0 ? `kept-down:${crashed.map((a) => a.id).join(" ")}` : "", (signal) => keptDown(crashed, signal), (e) => e.kind === "agent");
  useRefresh(r, 10_000);
  return r;
}
