// The dashboard in a real browser, against a real server that runs the demo's story.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium as playwright } from "playwright-core";
import { chromium, Stage, until } from "./stage.mjs";

let stage, browser, context, page;
const complaints = [];

function listen(p) {
  p.on("console", (m) => {
    // The refusals that a test asks for are told by the browser as errors of the network.
    if (m.type() === "error" && !/Failed to load resource|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE/.test(m.text())) complaints.push(m.text());
  });
  p.on("pageerror", (e) => complaints.push(String(e)));
}

before(async () => {
  stage = await Stage.open();
  await stage.makeProject();
  await stage.startDaemons();
  browser = await playwright.launch({ executablePath: chromium(), args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  listen(page);
});
after(async () => {
  await browser?.close();
  await stage?.close();
});

test("a person signs in with a token, which no script can read", async () => {
  await page.goto(stage.url);
  await page.getByLabel("Token").fill("trp_00000000000000000000000000000000000000");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This token is not valid").waitFor();
  await page.getByLabel("Token").fill(stage.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Nothing waits for you.").waitFor();
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })), "{}");
  const [cookie] = await context.cookies();
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict");
});

test("an approval given in the browser moves the brief, the plan and the run", async () => {
  const brief = await stage.submitMeeting();
  await page.getByRole("heading", { name: /Approve the brief/ }).waitFor();
  await page.getByText("R1 Make parse_duration accept weeks").waitFor();
  assert.equal((await stage.get(`/api/briefs/${brief}`)).status, "pending_approval");
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByRole("heading", { name: /Approve version 1 of the plan/ }).waitFor({ timeout: 20_000 });
  await page.getByText("6 tickets in").waitFor();
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await until("the run", async () => (await stage.get(`/api/runs?brief=${brief}`)).items[0]?.status === "running");
});

test("nothing was said on the console", () => assert.deepEqual(complaints, []));
