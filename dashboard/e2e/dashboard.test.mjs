// The dashboard in a real browser, against a real server that runs the demo's story.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { transformWithEsbuild } from "vite";
import { barriers as barriersOf, brokenWords, launch, lengthOf, open as openPage, signIn, stops, tooWide, watched } from "./browser.mjs";
import { fill, tend } from "./play.mjs";
import { Stage, until } from "./stage.mjs";

let stage, url, browser, context, page, brief;
let span; // how the page says a duration
let over = false; // the story has ended
const complaints = [];

before(async () => {
  stage = await Stage.open();
  url = await stage.page();
  browser = await launch();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await watched(context, complaints);
  const { code } = await transformWithEsbuild(readFileSync(new URL("../src/lib/format.ts", import.meta.url), "utf8"), "format.ts");
  ({ span } = await import(`data:text/javascript,${encodeURIComponent(code)}`));
});
after(async () => {
  over = true;
  await browser?.close();
  await stage?.close();
});

const open = (hash) => openPage(page, url, hash);
const barriers = () => barriersOf(page);

test("a person signs in with a token, which no script can read", async () => {
  await page.goto(url);
  assert.deepEqual(await barriers(), []);
  await signIn(page, "trp_00000000000000000000000000000000000000");
  await page.getByText("This token is not valid").waitFor();
  await signIn(page, stage.token);
  await page.getByText("Nothing waits for you.").waitFor();
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })), "{}");
  const [cookie] = await context.cookies();
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict");
});

test("whoever has no project is told how to make one", async () => {
  await page.getByText("There is no project yet.").waitFor();
  await stage.makeProject();
  await page.getByText("Approvals, questions and escalations appear here").waitFor();
  await stage.startDaemons();
});

test("the first load is small and its policy strict", { skip: Boolean(process.env.SOURCE) }, async (t) => {
  const answer = await page.goto(url);
  assert.match(answer.headers()["content-security-policy"], /^default-src 'none'; script-src 'self'; style-src 'self'/);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await until("all of it", async () => (await page.locator(".loading").count()) === 0);
  const { entries, ready } = await page.evaluate(() => ({
    entries: [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((e) => ({ url: new URL(e.name, location.href).href, bytes: e.encodedBodySize })),
    ready: performance.now(),
  }));
  // All that the first screen loads: files as the server sends them with gzip, answers of the API as they came.
  const files = [...new Set(entries.map((e) => e.url.replace(/#.*/, "")).filter((u) => !u.includes("/api/")))];
  const zipped = await Promise.all(files.map((u) => lengthOf(u, "gzip")));
  const api = entries.filter((e) => e.url.includes("/api/")).reduce((sum, e) => sum + e.bytes, 0);
  const bytes = zipped.reduce((sum, z) => sum + z.bytes, 0) + api;
  t.diagnostic(`${bytes} bytes with gzip, ${api} of them of the API; the inbox is there after ${Math.round(ready)} ms`);
  assert.ok(files.some((u) => u.endsWith(".js")) && files.some((u) => u.endsWith(".css")), String(files));
  assert.deepEqual(zipped.filter((z) => z.bytes > 2_000 && z.encoding !== "gzip"), []);
  assert.ok(bytes > 20_000 && bytes < 200_000, `${bytes} bytes`);
  assert.ok(ready < 5_000, `${ready} ms`); // how fast it is, `./dev bench --dashboard` measures
  assert.deepEqual([...new Set(entries.map((e) => new URL(e.url).origin))], [url]);
});

test("an approval given in the browser moves the brief, the plan and the run", async () => {
  brief = await stage.submitMeeting();
  await page.getByRole("heading", { name: /Approve the brief/ }).waitFor();
  await page.getByText("R1 Make parse_duration accept weeks").waitFor();
  assert.equal((await stage.get(`/api/briefs/${brief}`)).status, "pending_approval");
  assert.ok(await page.getByRole("button", { name: "Ask for changes" }).isDisabled());
  const found = await barriers();
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByRole("heading", { name: /Approve version 1 of the plan/ }).waitFor();
  await page.getByText("6 tickets in").waitFor();
  const { subject, decided_by } = (await stage.get("/api/approvals?status=APPROVED")).items[0];
  assert.deepEqual([subject, decided_by], [`brief:${brief}`, "human:admin"]);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await until("the run", async () => (await stage.get(`/api/runs?brief=${brief}`)).items[0]?.status === "running");
  // From here on the story goes by itself, up to the approval of the second plan.
  void (async () => {
    while (!over) {
      await tend(stage, brief).catch(() => {}); // the server may be away
      await sleep(100);
    }
  })();
  assert.deepEqual(found, []);
});

test("the board follows the run by itself", async () => {
  await open(`board?run=${brief}.r1`);
  const done = page.locator("section.column", { has: page.getByRole("heading", { name: /^Over/ }) }).locator("li.ticket");
  await done.first().waitFor({ timeout: 60_000 });
  const before = await done.count();
  await until("another ticket to end on the page", async () => (await done.count()) > before, 60_000);
});

test("after the server was killed the page comes back, and misses nothing", async () => {
  const ticket = `${brief}-2`;
  await open(`ticket/${ticket}`);
  // Another page has what it shows by then, and goes to one that it has not fetched.
  const other = await watched(context, complaints);
  await openPage(other, url, "inbox");
  await other.getByText("live", { exact: true }).waitFor();
  await stage.killServer();
  await page.getByText("The link to the server was lost").waitFor();
  await other.getByText("The link to the server was lost").waitFor();
  await other.evaluate(() => (location.hash = "#/system"));
  if (!process.env.SOURCE) await other.getByText("This page was not fetched before the link was lost").waitFor();
  await stage.startServer();
  await other.getByRole("heading", { name: "System" }).waitFor({ timeout: 30_000 });
  await other.close();
  await stage.call("POST", `/api/tickets/${ticket}/comments`, { text: "Said while nobody could look." });
  await page.getByText("Said while nobody could look.").waitFor({ timeout: 30_000 });
  await page.getByText("The link to the server was lost").waitFor({ state: "detached" });
});

test("a second plan is approved in the browser, and the run ends", async () => {
  await open("inbox");
  await page.getByRole("heading", { name: /Approve version 2 of the plan/ }).waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await until("the end", async () => (await stage.get(`/api/briefs/${brief}`)).status === "COMPLETED", 120_000);
  await open(`board?run=${brief}.r1`);
  await page.getByText("6 of 7 tickets done, 1 replaced").waitFor();
  over = true;
});

const pages = () => [
  "inbox", `board?run=${brief}.r1`, "board?run=*", `plan?plan=${brief}.p1&item=2`, "traffic", `traffic?m=${brief}-2.m2`, `ticket/${brief}-2`, "agents", "ledger",
  `ledger?entity=${brief}-5`, "costs", "system",
];

test("every page opens, fits, breaks no word of its sentences, and keeps nobody out", async () => {
  await fill(stage, 60);
  const wrong = [];
  for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["light", 700], ["light", 375], ["dark", 375]]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 800 });
    for (const hash of pages()) {
      await open(hash);
      const wide = await tooWide(page);
      if (wide > 0) wrong.push(`${hash} at ${width}: ${wide} px too wide`);
      const cut = await page.locator(".scroll").evaluateAll((all) => all.filter((b) => b.scrollWidth > b.clientWidth).map((b) => b.getAttribute("aria-label")));
      for (const table of cut) wrong.push(`${hash} at ${width}: the table ${table} is cut`);
      for (const b of await barriers()) wrong.push(`${hash} at ${width}, ${scheme}: ${b}`);
      for (const b of await brokenWords(page)) wrong.push(`${hash} at ${width}: ${b}`);
      if ((await page.locator(".notice.red").count()) > 0) wrong.push(`${hash}: ${await page.locator(".notice.red").first().innerText()}`);
    }
  }
  assert.deepEqual(wrong, []);
  await page.setViewportSize({ width: 1280, height: 900 });
});

test("what passes the real server is watched; its mistakes are shown with their place", async () => {
  await open("traffic");
  const field = page.getByLabel("Filter", { exact: true });
  await field.fill("point=send or latency >= ");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText(/the filter's column \d+: expected/).waitFor();
  const caret = await page.locator("pre.caret").textContent();
  assert.equal(caret.split("\n")[1].length, 25, caret);
  await field.fill("point=gateway or (point=journal and direction=out)"); // what is stored has its place
  await page.getByLabel("with contents").check();
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText("Watching point=gateway or (point=journal and direction=out).").waitFor();
  await stage.call("POST", `/api/tickets/${brief}-1/comments`, { text: "Said while somebody watches." });
  const journal = page.getByRole("button", { name: /^[\d:]+ ticket\.commented from / }); // solid: it was stored
  await journal.last().waitFor();
  await page.getByRole("button", { name: "Pause" }).click(); // what the page reads meanwhile passes, too
  await journal.last().click();
  await page.getByText("Seen at").waitFor();
  const ledger = page.getByRole("button", { name: /^Find \d+\/\d+/ }).or(page.getByRole("link", { name: "ticket.commented" }));
  await ledger.first().waitFor();
  assert.deepEqual(await barriers(), []);
  await page.getByRole("button", { name: "Stop watching" }).click();
});

test("what the team says while somebody watches is one line each, solid as soon as the ledger has it", async () => {
  await open("traffic");
  await page.getByRole("group", { name: "What is shown" }).getByRole("button", { name: "Team" }).click();
  await page.getByText("Watching point in (send, effect).").waitFor();
  const id = await stage.submitMeeting();
  const about = (what) => page.locator(".sequence .row", { hasText: what });
  await about(` answer from pm to ${id}`).waitFor();
  await about(/think done from scripted to pm/).last().waitFor(); // an effect, which only the tap sees
  await page.getByRole("button", { name: "Pause" }).click();
  for (const what of [`request from ${id} to pm`, `answer from pm to ${id}`]) {
    await until(`${what}, solid`, async () => (await about(what).locator(".tapped").count()) === 0);
    assert.equal(await about(what).count(), 1, what);
  }
  assert.equal(await about(/GET:/).count(), 0, "no requests of the page itself");
  await page.getByRole("button", { name: /^Go on/ }).click();
  await page.getByRole("button", { name: "Stop watching" }).click();
  await stage.call("POST", `/api/briefs/${id}/cancel`);
});

test("what was stored before anybody watched is there when a watch begins in the past", async () => {
  await open("traffic");
  await page.reload();
  await page.getByLabel("Beginning").selectOption("5m");
  await page.getByLabel("Filter", { exact: true }).fill("kind=ticket.commented and point=journal");
  await page.getByLabel("with contents").check();
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  const stored = page.getByRole("button", { name: /^[\d:]+ ticket\.commented from admin to .*Said while somebody watches/ });
  await page.getByLabel("Search").fill("somebody watches");
  await stored.click();
  await page.getByText("journal; read from the ledger").waitFor();
  await page.getByRole("button", { name: /^Find \d+\/\d+/ }).click();
  await page.getByRole("link", { name: "ticket.commented" }).waitFor();
  assert.deepEqual(await barriers(), []);
});

test("the ledger says that its chain holds, and what a ticket was before", async () => {
  await open(`ledger?entity=${brief}-2`);
  await page.getByRole("button", { name: "Check the chain" }).click();
  await page.getByText("chain intact").waitFor();
  const slider = page.getByLabel(/^Version \d+ of \d+/);
  await slider.focus();
  await page.keyboard.press("Home");
  await page.getByRole("heading", { name: `ticket ${brief}-2 at version 1`, exact: true }).waitFor();
  await page.getByText("after ticket.opened").waitFor();
});

test("why a ticket waits is one sentence, the server's", async () => {
  const { items } = await stage.get("/api/tickets?project=a-project-with-quite-a-long-name&limit=1");
  assert.match(items[0].now.text, /^Waits for an agent with the role writer: wanda-who-writes-the-reports is paused\.$/);
  await open(`ticket/${items[0].id}`);
  assert.match(await page.locator("p.why").innerText(), /^Waits for an agent with the role writer: wanda-who-writes-the-reports is paused\./);
  await page.getByText("Let one work again").waitFor();
  await open("board?run=*");
  await page.locator(".ticket .now", { hasText: "Waits for an agent with the role writer" }).first().waitFor();
  await open(`ticket/${brief}-1`);
  assert.match(await page.locator("p.why").innerText(), /^Merged as [0-9a-f]{10}\./);
});

test("files and numbers of a ticket are links only where they lead somewhere safe", async () => {
  await stage.call("POST", `/api/tickets/${brief}-3/comments`, {
    text: "Measured.",
    metrics: { coverage: "81 %", report: "https://example.org/report", trap: "javascript:alert(1)" },
  });
  await open(`ticket/${brief}-3`);
  const card = page.locator("section.card", { has: page.getByRole("heading", { name: "Artifacts", exact: true }) });
  await card.getByText("81 %").waitFor();
  await card.getByText("javascript:alert(1)").waitFor();
  assert.deepEqual(await card.locator("a").evaluateAll((all) => all.map((a) => a.getAttribute("href"))), ["https://example.org/report"]);
  assert.deepEqual(await barriers(), []);
  const { items } = await stage.get("/api/tickets?project=a-project-with-quite-a-long-name&limit=1");
  await open(`ticket/${items[0].id}`);
  await page.locator("p.muted", { hasText: `ticket ${items[0].id} ` }).first().waitFor();
  assert.equal(await card.count(), 0);
});

test("an agent is paused and resumed", async () => {
  const agent = "duration.bob";
  const status = async () => (await stage.get(`/api/agents/${agent}`)).status;
  await open("agents");
  const row = page.locator("tr", { has: page.locator(`strong[title="${agent}"]`) });
  await row.getByRole("button", { name: "Pause" }).click();
  await row.locator(".badge", { hasText: "paused" }).waitFor();
  assert.equal(await status(), "paused");
  await row.getByRole("button", { name: "Resume" }).click();
  await row.getByRole("button", { name: "Pause" }).waitFor();
  assert.equal(await status(), "idle");
});

test("what was spent is what the API says", async () => {
  const { items, total } = await stage.get("/api/tickets?limit=500");
  assert.equal(items.length, total);
  const sum = (member) => items.reduce((all, t) => all + (t.used?.[member] ?? 0), 0);
  const spent = sum("cost_micros") / 1e6;
  const expected = {
    "money spent": spent === 0 ? "0.00" : spent.toFixed(spent < 0.01 ? 6 : 2),
    "tokens, in and out": (sum("input_tokens") + sum("output_tokens")).toLocaleString("en"),
    "tickets done": `${items.filter((t) => t.status === "DONE").length} of ${total}`,
  };
  await open("costs");
  for (const [label, value] of Object.entries(expected)) await page.locator(".stat", { hasText: label }).locator("b", { hasText: new RegExp(`^${value.replaceAll(".", "\\.")}$`) }).waitFor();
  const column = (name) => page.getByRole("region", { name, exact: true }).locator("tbody tr").evaluateAll((rows) => rows.reduce((all, r) => all + Number(r.cells[1].textContent.replaceAll(",", "")), 0));
  await until("every ticket to be counted", async () => (await column("By run")) === total);
  const ended = await stage.get("/api/events?type=ticket.attempt_ended&limit=1000");
  assert.ok(ended.items.length > 0 && ended.after === undefined);
  for (const by of ["By role", "By agent"]) await until(`every attempt to be counted ${by}`, async () => (await column(by)) === ended.items.length);
  // Whose an attempt was its lease says, not the role of the ticket: reviews are the tech-lead's.
  const leases = await stage.get("/api/events?type=ticket.leased&limit=1000");
  const agentOf = new Map(leases.items.map((e) => [`${e.entity}/${e.data.token}`, e.data.agent]));
  const roleOf = new Map((await stage.get("/api/agents?limit=500")).items.map((a) => [a.id, a.spec.role]));
  const expectedBy = {};
  for (const e of ended.items) {
    const agent = agentOf.get(`${e.entity}/${e.data.token}`);
    const role = agent ? roleOf.get(agent) : "gates and merges";
    expectedBy[role] = (expectedBy[role] ?? 0) + 1;
  }
  assert.ok(expectedBy["tech-lead"] > 0 && expectedBy.dev > 0);
  const shownBy = await page.getByRole("region", { name: "By role", exact: true }).locator("tbody tr").evaluateAll((rows) => rows.map((r) => [r.cells[0].textContent, Number(r.cells[1].textContent)]));
  assert.deepEqual(Object.fromEntries(shownBy), expectedBy);
});

test("times to done, rounds of reviews and gates that failed are the server's", async () => {
  const { items } = await stage.get("/api/tickets?limit=500");
  const times = items.filter((t) => t.status === "DONE").map((t) => t.changed_at - t.opened_at).sort((a, b) => a - b);
  assert.ok(times.length >= 6);
  const at = (q) => times[Math.ceil(q * times.length) - 1];
  await open("costs");
  const stat = (label, value) => page.locator(".stat", { hasText: label }).getByText(value, { exact: true }).waitFor();
  await stat("to done, median", span(at(0.5)));
  await stat("to done, 9 of 10", span(at(0.9)));
  const bounds = [10, 60, 300, 900, 3600, 14_400, 86_400, Infinity].map((s) => s * 1000);
  const counts = bounds.map((b, n) => times.filter((t) => t <= b && t > (bounds[n - 1] ?? -1)).length);
  const shown = async () => (await page.getByRole("list", { name: "Times to done" }).locator("li .right").allTextContents()).map(Number);
  await until("every ticket in its range", async () => String(await shown()) === String(counts));
  const mean = times.reduce((a, b) => a + b, 0) / times.length;
  await page.locator("section.card", { has: page.getByRole("heading", { name: "Times to done" }) }).getByText(`${span(mean)} on average`, { exact: true }).waitFor();
  // What the demo's reviews and its gate for secrets sent back.
  const expected = {};
  for (const t of items) for (const [stage, n] of Object.entries(t.counted?.sent_by ?? {})) expected[`sent back by ${stage}`] = (expected[`sent back by ${stage}`] ?? 0) + n;
  for (const e of (await stage.get("/api/events?type=ticket.gated&limit=1000")).items)
    for (const g of e.data.results) if (!g.passed) expected[`gate ${g.gate} failed`] = (expected[`gate ${g.gate} failed`] ?? 0) + 1;
  assert.ok(expected["sent back by review"] > 0 && expected["gate secrets failed"] > 0, JSON.stringify(expected));
  const rows = page.locator("section.card", { has: page.getByRole("heading", { name: "Review rounds and gates" }) });
  const said = (await rows.innerText()).split("\n").map((l) => l.trim()).filter(Boolean).slice(1).join(" ");
  for (const [what, n] of Object.entries(expected)) assert.ok(new RegExp(`${what}\\s+${n}\\b`).test(said), `${what} ${n} in ${said}`);
});

test("an agent's record has what it reviewed and answered, not only what it wrote", async () => {
  const { items } = await stage.get(`/api/tickets?brief=${brief}`);
  const reviews = items.flatMap((t) => t.reviews ?? []).filter((r) => r.by === "agent:duration.lead");
  const { answered } = await stage.get("/api/agents/duration.lead");
  const back = reviews.filter((r) => !r.approved).length;
  assert.ok(reviews.length > 3 && back > 0 && answered > 0);
  await open("agents?project=duration");
  const record = (agent) => page.locator("tr", { has: page.locator(`strong[title="duration.${agent}"]`) }).locator('[data-label="Record"]');
  await record("lead").getByText(`${reviews.length} reviews, ${back} sent back · ${answered} answers`).waitFor();
  await record("lead").getByText(/\d+ attempts, /).waitFor();
  await record("bob").getByText(/tickets? done/).waitFor();
});

test("where there are more attempts than are read, the newest are, and the page says so", async () => {
  const attempts = 21_000;
  const of = (n) => {
    const token = Math.ceil(n / 3);
    return { n, kind: "ticket", entity: `${brief}-2`, version: n + 1, at: 1_000 * n, type: ["ticket.attempt_ended", "ticket.leased", "ticket.gated"][n % 3], data: { token, agent: "duration.ada", daemon: "d", used: { wall: 1 } } };
  };
  const other = await watched(context, complaints);
  await other.route("**/api/system", async (route) => route.fulfill({ json: { ...(await stage.get("/api/system")), events: { first_at_hand: 1, last: 3 * attempts } } }));
  await other.route("**/api/events?*", (route) => {
    const { searchParams: asked } = new URL(route.request().url());
    const items = [];
    for (let n = Number(asked.get("after")) + 1; n <= 3 * attempts && items.length < Number(asked.get("limit")); ++n)
      if (of(n).type.startsWith(asked.get("type") ?? "")) items.push(of(n));
    return route.fulfill({ json: { items, ...(items.length === Number(asked.get("limit")) ? { after: items.at(-1).n } : {}) } });
  });
  await openPage(other, url, "costs");
  await other.getByText("the newest 20,000 attempts on all tickets; what is older is left out").waitFor();
  await other.getByRole("region", { name: "By agent" }).getByText("20,000").waitFor();
  await openPage(other, url, `ticket/${brief}-2`);
  await other.getByText("The newest 1,000; older ones stand in the ledger.").waitFor();
  const tokens = await other.getByRole("region", { name: "Attempts" }).locator("tbody tr").evaluateAll((rows) => rows.map((r) => Number(r.cells[0].textContent)));
  assert.deepEqual([tokens.length, tokens[0], tokens.at(-1)], [1000, attempts - 999, attempts]);
  await other.close();
});

test("what the server does shows on the page as the API says it", async () => {
  const whole = (text) => Number(text.replaceAll(",", ""));
  const { journal } = await stage.get("/api/system");
  await open("system");
  for (const [name, figures] of [["Made durable at once", journal.batches], ["How long a commit took", journal.commits]]) {
    const before = figures.counts.reduce((a, b) => a + b, 0);
    assert.ok(before > 0, name);
    const shown = () => page.getByRole("list", { name }).locator("li .right").allTextContents();
    await until(`${name}, as it is now`, async () => (await shown()).reduce((all, n) => all + whole(n), 0) >= before);
    assert.equal((await shown()).length, figures.counts.length);
  }
  const rows = page.locator("section.card", { has: page.getByRole("heading", { name: "Effects", exact: true }) }).locator("tbody tr");
  await until("effects, as they are now", async () => {
    const { effects } = await stage.get("/api/system");
    const shown = await rows.evaluateAll((all) => all.map((r) => [...r.cells].map((c) => c.textContent)));
    // What there is some of has an age, wherever the server knows one.
    return effects.length > 0 && effects.length === shown.length && effects.every((e, n) => whole(shown[n][1]) === e.count && (shown[n][2] === "–") === (e.oldest_ms === null));
  });
});

test("an address signs in once, and carries no token", async () => {
  const { code } = await stage.call("POST", "/api/session/codes");
  const other = await browser.newContext();
  const guest = await watched(other, complaints);
  await guest.goto(`${url}/#/sign-in/${code}`);
  await guest.getByRole("heading", { name: "Inbox" }).waitFor();
  assert.equal(new URL(guest.url()).hash, "#/inbox");
  assert.ok((await other.cookies())[0].httpOnly);
  await other.clearCookies();
  await guest.goto(`${url}/?again#/sign-in/${code}`);
  await guest.getByRole("alert").getByText("this code is used, too old, or none").waitFor();
  await guest.getByLabel("Token").waitFor();
  await other.close();
});

test("a message leads to its cause, and back to the meeting", async () => {
  await open(`traffic?m=${brief}-2.m2`);
  await page.getByText("Zero prints an empty string").first().waitFor();
  // A verdict answers no message: it judges a report.
  await page.getByText("It judges what was reported:").waitFor();
  await page.getByRole("button", { name: new RegExp(`^report of .* to ${brief}-2$`) }).waitFor();
  await page.getByRole("button", { name: "Back to the meeting" }).click();
  await page.getByText(/format_duration should print/).first().waitFor();
});

test("the keyboard is enough", async () => {
  await open("inbox");
  await page.reload();
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  for (let n = 0; n < 3; ++n) await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Board");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Board" }).waitFor();
  await open(`plan?plan=${brief}.p1`);
  await page.getByRole("button", { name: /^2 Make format_duration/ }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^2 Make format_duration/ }).waitFor();
});

test("Tab goes through every page, seen at each stop, and out of it again", async () => {
  const wrong = [];
  for (const hash of pages()) {
    await open(hash);
    const { count, wrong: here } = await stops(page);
    if (count < 12) wrong.push(`${hash}: ${count} stops`);
    for (const w of here) wrong.push(`${hash}: ${w}`);
  }
  assert.deepEqual(wrong, []);
});

test("a list is one stop of Tab; arrows go through it", async () => {
  const focused = () => page.evaluate(() => ({ row: Number(document.activeElement.dataset.row ?? -1), text: document.activeElement.textContent }));
  const pressed = async (key, row) => {
    await page.keyboard.press(key);
    await until(`row ${row} after ${key}`, async () => (await focused()).row === row);
    await page.waitForTimeout(60); // what is drawn after the box was scrolled
    assert.equal((await focused()).row, row);
  };
  for (const [hash, box] of [["ledger", "Events"], ["traffic", "Messages as a sequence diagram"]]) {
    await open(hash);
    await page.getByRole("region", { name: box }).focus();
    await page.keyboard.press("Tab");
    await pressed("Home", 0);
    const first = await focused();
    await pressed("ArrowDown", 1);
    await pressed("ArrowDown", 2);
    await pressed("ArrowUp", 1);
    await page.keyboard.press("End");
    await until("the last row", async () => (await focused()).row > 20);
    const { row } = await focused();
    await pressed("ArrowUp", row - 1);
    await pressed("Home", 0);
    assert.equal((await focused()).text, first.text);
    await page.keyboard.press("Enter");
    await page.locator(".split .card").first().waitFor();
    assert.equal((await focused()).row, 0);
  }
});

test("what comes in above a row moves it, with the focus", async () => {
  const focused = () => page.evaluate(() => ({ row: Number(document.activeElement.dataset.row ?? -1), text: document.activeElement.textContent }));
  await open("ledger");
  await page.getByRole("region", { name: "Events" }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Home");
  await until("the first row", async () => (await focused()).row === 0);
  const { text } = await focused();
  await stage.call("POST", `/api/tickets/${brief}-2/comments`, { text: "seen by who reads the ledger" });
  await until("the row below the new one", async () => (await focused()).row > 0);
  assert.equal((await focused()).text, text);
});

test("colours are as the system says, or as was chosen", async () => {
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.emulateMedia({ colorScheme: "dark" });
  await open("system");
  const dark = await background();
  await page.getByRole("button", { name: /^Colours: Auto/ }).click();
  assert.notEqual(await background(), dark);
  await page.reload();
  await page.getByRole("button", { name: /^Colours: Light/ }).click();
  assert.equal(await background(), dark);
});

test("a secret that was said is on no page, and in nothing that a page reads", async () => {
  const secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  await stage.call("POST", `/api/tickets/${brief}-2/comments`, { text: `Look, ${secret} leaked.` });
  const { id } = await stage.call("POST", "/api/briefs", { project: "duration", name: "notes.txt", text: `Ann: We must accept years, the key is ${secret}.\nBob: Agreed.\n` });
  await fetch(`${url}/api/briefs`, { headers: { Authorization: `Bearer ${stage.token}`, "Idempotency-Key": secret, traceparent: secret } });
  const leaks = [];
  const reading = [];
  let read = 0;
  const look = (r) => {
    if (/json|html/.test(r.headers()["content-type"] ?? "")) reading.push(r.text().then((t) => (read++, t.includes("ghp_") && leaks.push(r.url())), () => {})); // the page may have gone on
  };
  page.on("response", look);
  for (const hash of [...pages(), `ledger?entity=${id}`]) {
    await open(hash);
    if ((await page.content()).includes("ghp_")) leaks.push(hash);
  }
  page.off("response", look);
  await Promise.all(reading);
  assert.ok(read > 20, `${read} answers`);
  assert.deepEqual(leaks, []);
  await open(`ticket/${brief}-2`);
  await page.getByText(/Look, .*redacted.* leaked\./).first().waitFor(); // it was said, without the secret
});

test("who signs out sees nothing any more", async () => {
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  assert.deepEqual(await context.cookies(), []);
  assert.equal(await page.evaluate(async () => (await fetch("/api/tickets")).status), 401);
});

test("nothing was said on the console", () => assert.deepEqual(complaints, []));
