// Pictures of every page, light, dark and narrow: node e2e/shots.mjs FOLDER [PAGE ...]. With SOURCE=1
// they are of the sources as they are now, not of what is in the binary; with DATA=FOLDER of a
// ledger that was played before.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch, signIn } from "./browser.mjs";
import { Stage } from "./stage.mjs";
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
  }
  const brief = (await stage.get("/api/briefs")).items[0].id;
  const runs = await stage.get("/api/runs");
  const run = `${brief}.r1`;
  const message = (await stage.get("/api/events?type=ticket.message_posted&limit=2")).items[1].data.message.id;
  const event = (await stage.get("/api/events?type=ticket.gated&limit=1")).items[0];
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
      if (only.length === 0 || only.includes(name)) await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: look === "narrow" && name !== "full" });
      if (name === "signin") {
        await signIn(page, stage.token);
        await page.locator("header.top").waitFor();
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) console.log(`${name} ${look}: ${wide} px too wide`);
    }
    await context.close();
  }
} finally {
  await browser.close();
  await stage.close();
}
