// The demo's story without a page: who approves is the API.
import { until } from "./stage.mjs";

/**
 * One scene of the script hangs until its laptop dies: kills it while it works on that ticket, and
 * starts it again once another one has taken the lease. To be called again and again.
 */
export async function tend(stage, brief) {
  const { items } = await stage.get(`/api/tickets?brief=${brief}`);
  const hung = items.find((t) => `${t.item.title} ${t.item.text}`.includes("negative"));
  if (!hung?.holder) return;
  if (!stage.killed && hung.status === "in_progress" && !hung.proof) {
    stage.killedAt = hung.last_token;
    stage.killed = (await stage.get(`/api/daemons/${hung.holder.daemon}`)).name;
    await stage.stop(stage.killed, "SIGKILL");
  } else if (stage.killed && hung.last_token > stage.killedAt && !stage.children.has(stage.killed)) stage.startDaemon(stage.killed);
}

/** From the meeting to the end of the run; the brief's id. */
export async function play(stage) {
  await stage.makeProject();
  await stage.startDaemons();
  const brief = await stage.submitMeeting();
  await until(
    "the end of the run",
    async () => {
      await tend(stage, brief);
      for (const a of (await stage.get("/api/approvals?status=pending")).items)
        await stage.call("POST", `/api/approvals/${a.id}/decide`, { how: "approve", content_hash: a.content_hash });
      return (await stage.get(`/api/briefs/${brief}`)).status === "COMPLETED";
    },
    120_000,
  );
  return brief;
}

/** Many tickets by hand in a project of their own, for whose role there is nobody; some have long names. */
export async function fill(stage, n) {
  await stage.makeProject("a-project-with-quite-a-long-name", [{ name: "wanda-who-writes-the-reports", role: "writer", engine: "scripted" }], "A project with quite a long name");
  const writer = "a-project-with-quite-a-long-name.wanda-who-writes-the-reports";
  await until("the writer", () => stage.get(`/api/agents/${writer}`));
  await stage.call("POST", `/api/agents/${writer}/pause`, { why: "on holiday" });
  const long = "Averyveryverylongwordthatnobodywouldwritebutsomemachinedoes".repeat(2);
  for (let at = 0; at < n; at += 20)
    await Promise.all(
      Array.from({ length: Math.min(20, n - at) }, (_, k) =>
        stage.call("POST", "/api/tickets", {
          project: "a-project-with-quite-a-long-name",
          title: (at + k) % 50 === 0 ? long.slice(0, 118) : `Ticket ${at + k}: make the report of the month say what it is about`,
          text: "By hand.",
          role: "writer",
          criteria: ["It reads well."],
        }),
      ),
    );
}
