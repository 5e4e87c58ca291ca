// Pictures of every page, light, dark and narrow, of a server that has nothing yet (fresh), while it
// is read (loading), and while the server is away (away): node e2e/shots.mjs FOLDER [PAGE ...]. With SOURCE=1
// they are of the sources as they are now, not of what is in the binary; with DATA=FOLDER of a
// ledger that was played before.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch, signIn } from "./browser.mjs";
import { Stage, until } from "./stage.mjs";
import { fill, play } from "./play.mjs";

const [folder = "shots", ...only] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const stage = await Stage.open(process.env.DATA);
const url = await stage.page();
const browser = await launch();
try {
  if (!process.env.DATA) {
    await play(stage);
    await fill(stage, 500);
    // What waits for a person: a plan, and another brief.
    await stage.submitMeeting();
    const asked = await until("a brief to approve", async () => (await stage.get("/api/approvals?status=pending")).items[0]);
    await stage.call("POST", `/api/approvals/${asked.id}/decide`, { how: "approve", content_hash: asked.content_hash });
    await until("a plan to approve", async () => (await stage.get("/api/approvals?status=pending")).items.find((a) => a.subject.startsWith("plan:")));
    await stage.submitMeeting();
    await until("both", async () => (await stage.get("/api/approvals?status=pending")).items.length === 2);
  }
  const brief = (await stage.get("/api/briefs?status=COMPLETED")).items[0].id;
  const runs = await stage.get("/api/runs");
  const run = `${brief}.r1`;
  const message = (await stage.get("/api/events?type=ticket.message_posted&limit=2")).items[1].data.message.id;
  const event = (await stage.get("/api/events?type=ticket.gated&limit=1")).items[0];
  const long = (await stage.get("/api/tickets?project=a-project-with-quite-a-long-name&limit=200")).items.find((t) => t.item.title.startsWith("Avery"))?.id ?? `${brief}-1`;
  console.log("runs", runs.items.map((r) => r.id).join(" "));
  const pages = {
    signin: "",
    inbox: "#/inbox",
    board: `#/board?run=${run}`,
    full: "#/board?run=*",
    plan: `#/plan?plan=${brief}.p1&item=2`,
    traffic: "#/traffic",
    message: `#/traffic?m=${message}`,
    ticket: `#/ticket/${brief}-2`,
    long: `#/ticket/${long}`,
    agents: "#/agents",
    ledger: "#/ledger",
    event: `#/ledger?event=${event.id}&entity=${event.entity}`,
    why: `#/ledger?why=${event.id}`,
    costs: "#/costs",
    system: "#/system",
  };
  for (const [look, scheme, width, height] of [["light", "light", 1280, 900], ["dark", "dark", 1280, 900], ["narrow", "light", 375, 800]]) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height } });
    const page = await context.newPage();
    page.on("console", (m) => m.type() === "error" && console.log(look, m.text()));
    page.on("pageerror", (e) => console.log(look, String(e)));
    await page.goto(url);
    for (const [name, hash] of Object.entries(pages)) {
      if (name === "signin") await page.getByLabel("Token").waitFor();
      else {
        await page.goto(`${url}/${hash}`);
        await page.locator("main h1").first().waitFor();
        await page.locator(".loading").first().waitFor({ state: "detached", timeout: 15_000 }).catch(() => console.log(name, "is still loading"));
        await page.waitForTimeout(400);
      }
      if (only.length === 0 || only.includes(name)) await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: name !== "full" });
      if (name === "signin") {
        await signIn(page, stage.token);
        await page.locator("header.top").waitFor();
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) console.log(`${name} ${look}: ${wide} px too wide`);
    }
    await context.close();
  }

  /** Goes through the pages without loading the document again. */
  const walk = async (page, look, some) => {
    for (const [name, hash] of Object.entries(some)) {
      if (only.length > 0 && !only.includes(name)) continue;
      await page.evaluate((to) => (location.hash = to), hash);
      await page.waitForTimeout(700);
      await page.screenshot({ path: join(folder, `${name}-${look}.png`) });
    }
  };
  const signedIn = async (at, token, scheme) => {
    const page = await (await browser.newContext({ colorScheme: scheme, viewport: { width: 1280, height: 900 } })).newPage();
    await page.goto(at);
    await signIn(page, token);
    await page.locator("header.top").waitFor();
    return page;
  };
  const { signin: _, full: __, why: ___, ...most } = pages;
  const slow = await signedIn(url, stage.token, "dark");
  await slow.route(/\/api\/(?!session|stream)/, () => {});
  await slow.reload();
  await slow.locator("header.top").waitFor();
  await walk(slow, "loading", most);
  await slow.context().close();
  const lone = await signedIn(url, stage.token, "light");
  await walk(lone, "away", { agents: pages.agents });
  await stage.killServer();
  await lone.getByText("The link to the server was lost").waitFor();
  await walk(lone, "away", most);
  await lone.context().close();

  const bare = await Stage.open();
  try {
    const page = await signedIn(await bare.page(), bare.token, "dark");
    await walk(page, "fresh", { ...most, plan: "#/plan", board: "#/board", ticket: "#/ticket/none-1" });
    await page.context().close();
  } finally {
    await bare.close();
  }
} finally {
  await browser.close();
  await stage.close();
}
