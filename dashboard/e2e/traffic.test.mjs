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
const field = () => page.getByLabel("Filter", { exact: true });
/** The page says which filter is in force while it watches. */
const watching = (filter) => page.locator("#watch-state").getByText(`Watching ${filter}.`).waitFor();
const team = "point in (send, effect)";
const preset = (name) => page.getByRole("group", { name: "What is shown" }).getByRole("button", { name, exact: true });
const scrolled = () => page.locator(".sequence").evaluate((b) => b.scrollTop);
const slider = () => page.getByLabel(/^Back in time/);
/** Clicks what is in sight at this height of the diagram, wherever it scrolls. */
async function clickAt(down) {
  const box = await page.locator(".sequence").boundingBox();
  await page.mouse.click(box.x + 200, box.y + down);
}
const tapped = () => page.locator(".sequence .row .tapped");
const record = (more) => ({ type: "record", at_us: Date.now() * 1000, point: "send", outcome: "ok", kind: "question", from: "agent:duration.ada", to: "agent:duration.pm", thread: 9, ...more });

test("what the ledger has is drawn solid, and nothing is watched before somebody asks", async () => {
  await open(page, front.url, "traffic");
  await lines().first().waitFor();
  assert.equal(await tapped().count(), 0);
  assert.deepEqual(front.asked, []);
});

test("a fresh visit has the team's filter; each preset is one click, and stays in the address", async () => {
  assert.equal(await field().inputValue(), team);
  assert.equal(await preset("Team").getAttribute("aria-pressed"), "true");
  const known = await lines().count();
  for (const [name, filter, param] of [
    ["Commits", "point=journal and direction=out and not errors", "point%3Djournal+and+direction%3Dout+and+not+errors"],
    ["Errors", "errors", "errors"],
    ["Everything", "", "*"],
  ]) {
    const before = front.asked.length;
    await preset(name).click();
    await watching(filter || "everything");
    assert.deepEqual([front.asked.length, front.asked.at(-1).filter ?? ""], [before + 1, filter]);
    assert.equal(await field().inputValue(), filter);
    assert.ok(page.url().includes(`f=${param}`), page.url());
    assert.deepEqual([await preset(name).getAttribute("aria-pressed"), await preset("Team").getAttribute("aria-pressed")], ["true", "false"]);
    await until(`${name} of what was read`, async () => (await lines().count()) === (name === "Everything" ? known : 0));
  }
  front.say(record({ number: 90, point: "gateway", kind: "GET:/api/tickets", from: "human:admin", to: undefined, direction: "in", outcome: "open" }));
  front.say(record({ number: 91, point: "effect", kind: "order", from: "ticket:load-1", to: "daemon:d-1", agent: "duration.eve", direction: "in", latency_us: 1_500_000 }));
  await until("what passes", async () => (await tapped().count()) === 2);
  await page.reload();
  await watching("everything");
  assert.equal(await preset("Everything").getAttribute("aria-pressed"), "true");
  await field().fill("kind=answer");
  await page.getByRole("button", { name: "Watch anew" }).click();
  await watching("kind=answer");
  assert.equal(await page.locator(".presets [aria-pressed=true]").count(), 0);
  await until("answers only", async () => (await lines().count()) > 0 && (await lines().evaluateAll((all) => all.every((r) => / answer from /.test(r.textContent)))));
  await page.getByRole("button", { name: "Stop watching" }).click();
  await preset("Team").click();
  await watching(team);
  assert.ok(!/[?&]f=/.test(page.url()), page.url());
  // What other filters let in goes when another one is chosen, and an order that ends comes back.
  front.say(record({ number: 92, point: "effect", kind: "order", from: "ticket:load-1", to: "daemon:d-1", agent: "duration.eve", direction: "in", latency_us: 1_500_000 }));
  const ended = page.getByRole("button", { name: /seen by the tap: order done from d-1 to load-1 after 1\.5 s/ });
  await ended.click();
  await page.locator(".facts div", { hasText: /^Agent/ }).getByRole("link", { name: "eve" }).waitFor();
  assert.deepEqual(await barriers(page), []);
  await page.getByRole("button", { name: "Stop watching" }).click();
  await open(page, front.url, "traffic");
  await page.reload();
  await lines().first().waitFor();
});

test("a filter that the server refuses is answered with the place of the mistake", async () => {
  front.refusal = { status: 400, title: "Bad Request", detail: "the filter's column 12: expected a duration, found the end", column: 12, expected: "a duration" };
  await field().fill("latency >= ");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText("the filter's column 12: expected a duration").waitFor();
  assert.equal(await page.locator("pre.caret").textContent(), `latency >= \n${" ".repeat(11)}^`);
  assert.equal(await field().getAttribute("aria-invalid"), "true");
  assert.equal(front.asked.at(-1).filter, "latency >=");
  assert.deepEqual(await barriers(page), []);
  front.refusal = undefined;
});

test("who may not watch is told so, once", async () => {
  front.refusal = { status: 403, title: "Forbidden", detail: "this needs the role observer" };
  const before = front.asked.length;
  await field().fill("errors");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await page.getByText("this needs the role observer").waitFor();
  assert.equal(front.asked.length, before + 1);
  assert.equal(await page.locator("pre.caret").count(), 0);
  front.refusal = undefined;
});

test("what passes now is drawn dashed, and says what it is when it is clicked", async () => {
  await field().fill("agent=ada");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await watching("agent=ada");
  assert.equal(front.asked.at(-1).filter, "agent=ada");
  front.say(record({ number: 1, latency_us: 250, content: "Zero weeks: is that an error?" }));
  front.say(record({ number: 2, kind: "report", outcome: "conflict", at_us: Date.now() * 1000 + 5 }));
  await until("two dashed arrows", async () => (await tapped().count()) === 2);
  await page.getByRole("button", { name: /seen by the tap: question from ada to pm after 250 µs/ }).click();
  await page.getByRole("heading", { name: "question from ada to pm" }).waitFor();
  await page.locator(".said", { hasText: "Zero weeks: is that an error?" }).waitFor();
  await page.getByText("not yet, or never").waitFor();
  await page.getByText("The ledger does not have this message yet.").waitFor();
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

const hash64 = (id) => {
  let h = 0xcbf29ce484222325n;
  for (const b of new TextEncoder().encode(id)) h = BigInt.asUintN(64, (h ^ BigInt(b)) * 0x100000001b3n);
  return h.toString(16).padStart(16, "0");
};

test("a message of the ledger that is seen to pass is one line, and says so", async () => {
  const { id, from, to } = asked.data.message;
  await preset("Everything").click();
  await watching("everything");
  const before = await lines().count();
  for (const number of [50, 51]) front.say(record({ number, kind: "answer", message: hash64(id), from, to, at_us: Date.now() * 1000 }));
  front.say(record({ number: 52, kind: "note", at_us: Date.now() * 1000 }));
  await page.getByRole("button", { name: /seen by the tap: note/ }).waitFor();
  assert.equal(await lines().count(), before + 1);
  await page.goto(`${front.url}/#/traffic?watch=1&f=*&m=${encodeURIComponent(id)}`);
  await page.locator(".facts div", { hasText: "Seen by the tap" }).getByText("2 times").waitFor();
  await page.getByRole("button", { name: /^Go on \(/ }).click();
});

test("a record leads to its message in the ledger, and to what led to that", async () => {
  const { id, from, to } = asked.data.message;
  front.say(record({ number: 5, point: "dispatch", kind: "agent.reply", message: hash64(id), from, to, at_us: Date.now() * 1000 }));
  await page.getByRole("button", { name: /seen by the tap: agent\.reply/ }).click();
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
  await watching(team);
  front.say({ type: "gap", count: 120, why: "rate" });
  front.say({ type: "closed", reason: "record_limit" });
  await page.getByText("It ended by itself after as many records").waitFor();
  await page.getByText("Not shown: 120 over the rate of a watch.").waitFor();
  const before = front.asked.length;
  await page.getByRole("button", { name: "Watch anew" }).click();
  await watching(team);
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
  await watching(team);
});

test("a server that stops to start again is come back to; what it counts anew stays apart", async () => {
  const before = front.asked.length;
  front.say(record({ number: 1, content: "Said before it stopped." }));
  const old = page.getByRole("button", { name: /seen by the tap: question .*Said before it stopped/ });
  await old.waitFor();
  front.say({ type: "closed", reason: "server_stopping", again: true });
  front.end();
  await until("another watch", () => front.asked.length > before);
  await watching(team);
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
  await watching(team);
});

test("a watch may begin in the past: what was stored stands in its place, once", async () => {
  await open(page, front.url, "traffic");
  await page.reload();
  await lines().first().waitFor();
  await page.getByLabel("Beginning").selectOption("5m");
  await page.getByRole("button", { name: "Watch", exact: true }).click();
  await watching(team);
  await page.locator("#watch-state").getByText(/What was stored from 5 minutes ago on stands before it/).waitFor();
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
  await watching(team);
  await page.getByRole("button", { name: /^Go on \(/ }).click();
});

test("hundreds a second are followed; to go back in time is to hold it", async () => {
  front.rate = 500;
  front.cut();
  await until("a thousand", async () => Number((await page.locator(".legend").innerText()).match(/([\d,]+) shown/)?.[1].replace(",", "")) > 1000);
  assert.ok((await lines().count()) < 60, "only what is in sight is drawn");
  const bottom = await page.locator(".sequence").evaluate((b) => b.scrollHeight - b.clientHeight - b.scrollTop);
  assert.ok(bottom < 60, `${bottom} px above the end`);
  // Between press and click the list stops: what is under the mouse stays the same row.
  await clickAt(250);
  await page.getByRole("heading", { name: /from dev-\d+ to/ }).waitFor();
  await page.getByRole("button", { name: /^Go on \(/ }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await slider().focus();
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

test("the slider stands at the chosen message and goes from one to the next; without one, from the newest back", async () => {
  await page.getByLabel("From").selectOption("");
  await page.getByLabel("Kind").selectOption("");
  front.rate = 0;
  await page.getByRole("button", { name: /^Go on \(/ }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  const rows = Number(await slider().getAttribute("max")) + 1;
  assert.equal(await slider().inputValue(), String(rows - 1));
  const chosen = () => page.locator(".row.chosen").evaluateAll((all) => all.map((r) => Number(r.dataset.row)));
  const seen = () =>
    page.locator(".row.chosen").evaluate((r) => {
      const box = r.closest(".sequence").getBoundingClientRect();
      const head = r.closest(".sequence").querySelector(".heads").getBoundingClientRect();
      const { top, bottom } = r.getBoundingClientRect();
      return top >= head.bottom - 1 && bottom <= box.bottom + 1;
    });
  const is = async (row) => {
    await until(`row ${row} to be chosen`, async () => (await chosen())[0] === row && (await slider().inputValue()) === String(row));
    assert.ok(await seen(), `row ${row} is in sight`);
  };
  // What is clicked stays where it is, also at the beginning of the list.
  await slider().focus();
  await page.keyboard.press("Home");
  await until("the beginning", async () => (await scrolled()) === 0 && (await slider().inputValue()) === "0");
  await clickAt(150);
  await until("a message", async () => (await chosen()).length === 1);
  const [first] = await chosen();
  assert.ok(first > 0 && first < 5, `row ${first}`);
  await is(first);
  assert.equal(await scrolled(), 0);
  // From one to the next, and what is said beside it follows.
  const title = () => page.locator(".split > .card h2").innerText();
  await slider().focus();
  await page.keyboard.press("ArrowRight");
  await is(first + 1);
  const spoken = (await page.locator(".row.chosen .hidden").textContent()).replace("seen by the tap: ", "");
  assert.ok(spoken.includes(await title()), `${spoken} / ${await title()}`);
  const track = await slider().boundingBox();
  await page.mouse.move(track.x + 8, track.y + track.height / 2);
  await page.mouse.down();
  for (const part of [0.2, 0.5, 0.7]) {
    await page.mouse.move(track.x + track.width * part, track.y + track.height / 2, { steps: 5 });
    await until("the chosen message to follow", async () => (await chosen())[0] === Number(await slider().inputValue()) && (await chosen())[0] > 20);
    assert.ok(await seen(), `in sight at ${part}`);
  }
  await page.mouse.up();
  const at = Number(await slider().inputValue());
  await until("the address to follow", async () => {
    const key = new URLSearchParams(page.url().split("?")[1]).get("m");
    return key !== null && (await chosen())[0] === at;
  });
  await page.keyboard.press("End");
  await is(rows - 1);
  // Without one it goes through what is in sight; at its end the page follows again.
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: /^Go on \(/ }).waitFor();
  await slider().focus();
  await page.keyboard.press("PageDown");
  await until("what was before", async () => Number(await slider().inputValue()) < rows - 1);
  const value = Number(await slider().inputValue());
  const last = await page.locator(".sequence").evaluate((b) => {
    const { bottom } = b.getBoundingClientRect();
    return Math.max(...[...b.querySelectorAll(".row")].filter((r) => r.getBoundingClientRect().bottom <= bottom + 1).map((r) => Number(r.dataset.row)));
  });
  assert.equal(last, value);
  await page.keyboard.press("End");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  assert.equal(await slider().inputValue(), await slider().getAttribute("max"));
  front.rate = 500;
  front.cut();
  await watching(team);
});

test("it fits a narrow screen, and stops when it is told to", async () => {
  await page.setViewportSize({ width: 375, height: 800 });
  assert.ok((await tooWide(page)) <= 0);
  // Near half of the screen is left to the diagram; the rarer filters come when they are asked for.
  const top = await page.locator(".sequence").evaluate((b) => b.getBoundingClientRect().top + scrollY);
  assert.ok(top < 480, `the diagram begins at ${top}`);
  assert.ok(!(await page.getByLabel("Beginning").isVisible()));
  await page.getByRole("button", { name: "More" }).click();
  await page.getByLabel("Beginning").waitFor();
  assert.ok((await tooWide(page)) <= 0);
  await page.getByRole("button", { name: "More" }).click();
  assert.deepEqual(await barriers(page), []);
  await page.getByRole("button", { name: "Stop watching" }).click();
  await page.getByRole("button", { name: "Watch", exact: true }).waitFor();
  await until("no watch", () => front.open === 0);
});

test("the policy held, and nothing was said on the console", async () => {
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(complaints, []);
});
