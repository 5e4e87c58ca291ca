// Traffic while it happens, in a real browser: the server is real, the lines of its tap are scripted
// (tap-front.mjs), so that what is looked for does not depend on what a team happens to say.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { barriers, launch, open, signIn, tooWide, watched } from "./browser.mjs";
import { Stage, until } from "./stage.mjs";
import { TapFront } from "./tap-front.mjs";

let stage, front, browser, page, asked;
const complaints = [];

before(async () => {
  stage = await Stage.open();
  front = await TapFront.before(await stage.page());
  front.rate = 0;
  await stage.makeProject();
  const brief = await stage.submitMeeting();
  const about = "request of the brief to be answered";
  asked = await until(about, async () => {
    const { items } = await stage.get("/api/events?type=agent.replied&limit=10");
    return items.find((e) => e.data?.message?.cause);
  });
  // Nobody speaks while what is new is counted.
  await until("the brief to wait for its approval", async () => (await stage.get(`/api/briefs/${brief}`)).status === "pending_approval");
  browser = await launch();
  page = await watched(await browser.newContext({ viewport: { width: 1280, height: 900 } }), complaints);
  await page.goto(front.url);
  await signIn(page, stage.token);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
});
after(async () => {
  await browser?.close();
  await front?.close();
  await stage?.close();
});

const lines = () => page.locator(".sequence .row");
const tapped = () => page.locator(".sequence .row .tapped");
const record = (more) => ({ type: "record", at_us: Date.now() * 1000, point: "send", outcome: "ok", kind: "question", from: "agent:duration.ada", to: "agent:duration.pm", thread: 9, ...more });

test("what the ledger has is drawn solid, and nothing is watched before somebody asks", async () => {
  await open(page, front.url, "traffic");
  await lines().first().waitFor();
  assert.equal(await tapped().count(), 0);
  assert.deepEqual(front.asked, []);
});

test("a filter that the server refuses is answered with the place of the mistake", async () => {
  front.refusal = { status: 400, title: "Bad Request", detail: "the filter's column 12: expected a duration, found the end", column: 12, expected: "a duration" };
  await page.getByLabel(/^Watch what passes/).fill("latency >= ");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText("the filter's column 12: expected a duration").waitFor();
  assert.equal(await page.locator("pre.caret").textContent(), `latency >= \n${" ".repeat(11)}^`);
  assert.equal(await page.getByLabel(/^Watch what passes/).getAttribute("aria-invalid"), "true");
  assert.equal(front.asked.at(-1).filter, "latency >=");
  assert.deepEqual(await barriers(page), []);
  front.refusal = undefined;
});

test("who may not watch is told so, once", async () => {
  front.refusal = { status: 403, title: "Forbidden", detail: "this needs the role observer" };
  const before = front.asked.length;
  await page.getByLabel(/^Watch what passes/).fill("errors");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText("this needs the role observer").waitFor();
  assert.equal(front.asked.length, before + 1);
  assert.equal(await page.locator("pre.caret").count(), 0);
  front.refusal = undefined;
});

test("what passes now is drawn dashed, and says what it is when it is clicked", async () => {
  await page.getByLabel(/^Watch what passes/).fill("agent=ada");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText("Watching.", { exact: true }).waitFor();
  assert.equal(front.asked.at(-1).filter, "agent=ada");
  front.say(record({ number: 1, latency_us: 250, content: "Zero weeks: is that an error?" }));
  front.say(record({ number: 2, kind: "report", outcome: "conflict", at_us: Date.now() * 1000 + 5 }));
  await until("two dashed arrows", async () => (await tapped().count()) === 2);
  await page.getByRole("button", { name: /seen by the tap: question from ada to pm after 250 µs/ }).click();
  await page.getByRole("heading", { name: "question from ada to pm" }).waitFor();
  await page.locator(".said", { hasText: "Zero weeks: is that an error?" }).waitFor();
  await page.getByText("not yet, or never").waitFor();
});

test("while somebody looks nothing moves; then it goes on", async () => {
  front.say(record({ number: 3, at_us: Date.now() * 1000 }));
  await page.getByRole("button", { name: "Go on (1 new)" }).click();
  await until("the third", async () => (await tapped().count()) === 3);
  await page.getByRole("button", { name: "Pause" }).click();
  front.say(record({ number: 4, at_us: Date.now() * 1000 }));
  await page.getByRole("button", { name: "Go on (1 new)" }).waitFor();
  assert.equal(await tapped().count(), 3);
  await page.getByRole("button", { name: "Go on (1 new)" }).click();
  await until("the fourth", async () => (await tapped().count()) === 4);
});

test("a record leads to its message in the ledger, and to what led to that", async () => {
  const id = asked.data.message.id;
  let h = 0xcbf29ce484222325n;
  for (const b of new TextEncoder().encode(id)) h = BigInt.asUintN(64, (h ^ BigInt(b)) * 0x100000001b3n);
  front.say(record({ number: 5, kind: "answer", message: h.toString(16).padStart(16, "0"), from: asked.data.message.from, to: asked.data.message.to, at_us: Date.now() * 1000 }));
  await page.getByRole("button", { name: /seen by the tap: answer/ }).click();
  const causes = page.locator(".card ol.chat li");
  await until("the chain of causes", async () => (await causes.count()) >= 2);
  await page.getByRole("button", { name: "Back to the meeting" }).waitFor();
  await page.getByRole("link", { name: "agent.replied" }).click();
  await page.getByRole("heading", { name: "Ledger" }).waitFor();
  await page.getByText(asked.id).first().waitFor();
  // The address names a message, so the page holds; it would go on holding in what follows.
  await page.goBack();
  await page.getByRole("button", { name: /^Go on \(/ }).click();
});

test("a watch that ends says why, and what it did not show", async () => {
  await open(page, front.url, "traffic");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText("Watching.", { exact: true }).waitFor();
  front.say({ type: "gap", count: 120, why: "rate" });
  front.say({ type: "closed", reason: "record_limit" });
  await page.getByText("It ended by itself after as many records").waitFor();
  await page.getByText("Not shown: 120 over the rate of a watch.").waitFor();
  const before = front.asked.length;
  await page.getByRole("button", { name: "Watch anew" }).click();
  await page.getByText("Watching.", { exact: true }).waitFor();
  assert.equal(front.asked.length, before + 1);
});

test("a page that was behind says what it was not shown; cut off for that, it watches on and says so", async () => {
  front.say({ type: "counters", records: 4000, errors: 2, missed: 7 });
  await page.getByText("Not shown: 4,000 because this page was behind, 2 of them errors; 7 over the rate or for want of room while this page was behind.").waitFor();
  const before = front.asked.length;
  front.say({ type: "closed", reason: "slow_reader", again: true });
  front.end();
  await until("another watch", () => front.asked.length > before);
  await page.getByText("The watch broke off once because this page did not read for thirty seconds; what passed then nobody counted.").waitFor();
  await page.getByText("Watching.", { exact: true }).waitFor();
});

test("a server that stops to start again is come back to; what it counts anew stays apart", async () => {
  const before = front.asked.length;
  front.say(record({ number: 1, content: "Said before it stopped." }));
  const old = page.getByRole("button", { name: /seen by the tap: question .*Said before it stopped/ });
  await old.waitFor();
  front.say({ type: "closed", reason: "server_stopping", again: true });
  front.end();
  await until("another watch", () => front.asked.length > before);
  await page.getByText("Watching.", { exact: true }).waitFor();
  front.say(record({ number: 1, content: "Said after it started." }));
  await page.getByRole("button", { name: /Said after it started/ }).waitFor();
  // What was stored is solid, also where it is told while it happens.
  front.say(record({ number: 2, point: "journal", direction: "out", kind: "ticket.commented", from: "human:mara", to: "ticket:load-1", shard: 3, seq: 7 }));
  const stored = page.getByRole("button", { name: /^[\d:]+ ticket\.commented from mara/ });
  await stored.waitFor();
  assert.equal(await stored.locator(".tapped").count(), 0);
  await old.click();
  await page.locator(".said", { hasText: "Said before it stopped." }).waitFor();
  await page.getByRole("button", { name: /^Go on \(/ }).click();
});

test("a lost link is tried again", async () => {
  const before = front.asked.length;
  front.cut();
  await until("another watch", async () => front.asked.length > before);
  await page.getByText("Watching.", { exact: true }).waitFor();
});

test("a watch may begin in the past: what was stored stands in its place, once", async () => {
  await open(page, front.url, "traffic");
  await page.reload();
  await lines().first().waitFor();
  await page.getByLabel("Beginning").selectOption("5m");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText(/^Watching\. What was stored from 5 minutes ago on/).waitFor();
  assert.equal(front.asked.at(-1).since, "5m");
  const before = await lines().count();
  const commit = { type: "record", at_us: (Date.now() - 240_000) * 1000, point: "journal", direction: "out", outcome: "ok", kind: "ticket.commented", from: "human:mara", to: "ticket:load-1", ticket: "load-1", shard: 3, seq: 9 };
  front.say(record({ number: 1 }));
  front.say(commit, "p1.A");
  front.say({ ...commit, kind: "ticket.opened", seq: 8, at_us: commit.at_us - 1000 }, "p1.B");
  front.say(commit, "p1.B");
  await until("what was stored, before the messages of the ledger", async () => /ticket\.opened from mara.*ticket\.commented from mara/s.test((await lines().allTextContents()).slice(0, 2).join("\n")));
  assert.equal(await lines().count(), before + 3);
  assert.equal(await tapped().count(), 1);
  await lines().nth(1).click();
  await page.getByText("journal; read from the ledger").waitFor();
  await page.getByRole("button", { name: "Find 3/9" }).waitFor();
  const asked = front.asked.length;
  front.cut();
  await until("another watch", () => front.asked.length > asked);
  assert.deepEqual([front.asked.at(-1).since, front.asked.at(-1).after], [undefined, "p1.B"]);
  await page.getByLabel("Beginning").selectOption("");
  await page.getByText("Watching.", { exact: true }).waitFor();
  await page.getByRole("button", { name: /^Go on \(/ }).click();
});

test("hundreds a second are followed; to go back in time is to hold it", async () => {
  front.rate = 500;
  front.cut();
  await until("a thousand", async () => Number((await page.locator(".legend").innerText()).match(/([\d,]+) messages/)?.[1].replace(",", "")) > 1000);
  assert.ok((await lines().count()) < 60, "only what is in sight is drawn");
  const bottom = await page.locator(".sequence").evaluate((b) => b.scrollHeight - b.clientHeight - b.scrollTop);
  assert.ok(bottom < 60, `${bottom} px above the end`);
  // Between press and click the list stops: what is under the mouse stays the same row.
  await page.locator(".sequence").evaluate((b) => {
    const box = b.getBoundingClientRect();
    window.middle = [box.left + 200, box.top + box.height / 2];
  });
  const [x, y] = await page.evaluate(() => window.middle);
  await page.mouse.click(x, y);
  await page.getByRole("heading", { name: /from dev-\d+ to/ }).waitFor();
  await page.getByRole("button", { name: /^Go on \(/ }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.getByLabel(/^Back in time/).focus();
  await page.keyboard.press("Home");
  await page.getByRole("button", { name: /^Go on \(/ }).waitFor();
  await until("the beginning", async () => (await page.locator(".sequence").evaluate((b) => b.scrollTop)) === 0);
  const first = await lines().first().textContent();
  await until("more to come", async () => Number((await page.getByRole("button", { name: /^Go on \(/ }).innerText()).match(/[\d,]+/)[0].replace(",", "")) > 300);
  assert.equal(await lines().first().textContent(), first);
  assert.deepEqual(await barriers(page), []);
  await page.getByLabel("From").selectOption("tap");
  await page.getByLabel("Kind").selectOption("verdict");
  await until("only verdicts", async () => (await lines().evaluateAll((all) => all.every((r) => r.textContent.includes("seen by the tap: verdict")))) && (await lines().count()) > 5);
});

test("it fits a narrow screen, and stops when it is told to", async () => {
  await page.setViewportSize({ width: 375, height: 800 });
  assert.ok((await tooWide(page)) <= 0);
  assert.deepEqual(await barriers(page), []);
  await page.getByRole("button", { name: "Stop watching" }).click();
  await page.getByRole("button", { name: "Watch", exact: true }).waitFor();
  await until("no watch", () => front.open === 0);
});

test("the policy held, and nothing was said on the console", async () => {
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(complaints, []);
});
