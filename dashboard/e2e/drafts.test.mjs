// Drafts that a person gives and changes in the browser, checked by the real server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { atInbox, barriers, launch, open, tooWide } from "./browser.mjs";
import { Stage, until } from "./stage.mjs";

let stage, url, browser, page, brief;
const complaints = [];
const draft = {
  title: "Weeks",
  goal: "People write 2w.",
  requirements: [{ key: "R1", title: "Accept weeks", text: "parse_duration accepts weeks.", criteria: ["2w is 14 days."] }],
};

before(async () => {
  stage = await Stage.open();
  url = await stage.page();
  await stage.makeProject("duration", [], "Duration", { pm: "human", lead: "human" });
  brief = await stage.submitMeeting();
  browser = await launch();
  page = await atInbox(await browser.newContext({ viewport: { width: 1280, height: 900 } }), url, stage.token, complaints);
});
after(async () => {
  await browser?.close();
  await stage?.close();
});

test("a brief is drafted in the browser; what is wrong with it the server says", async () => {
  await page.getByRole("heading", { name: /^Draft a brief from/ }).waitFor();
  await page.getByText(/^What was said/).click();
  await page.getByRole("region", { name: "Transcript" }).getByText(/parse_duration/).first().waitFor();
  const editor = page.getByLabel("The brief as JSON");
  await editor.fill('{"title": Weeks}');
  await page.getByText("this is no JSON, see line 1, column 11").waitFor();
  assert.ok(await page.getByRole("button", { name: "Send the brief" }).isDisabled());
  await editor.fill(JSON.stringify({ ...draft, requirements: [{ ...draft.requirements[0], titel: "x" }] }));
  await page.getByRole("button", { name: "Send the brief" }).click();
  await page.getByRole("alert").getByText(/titel/).waitFor();
  assert.equal((await stage.get(`/api/briefs/${brief}`)).status, "drafting");
  assert.deepEqual(await barriers(page), []);
  await page.setViewportSize({ width: 375, height: 800 });
  assert.ok((await tooWide(page)) <= 0);
  await page.setViewportSize({ width: 1280, height: 900 });
  await editor.fill(JSON.stringify(draft, null, 2));
  await page.getByRole("button", { name: "Send the brief" }).click();
  await page.getByRole("heading", { name: /Approve the brief/ }).waitFor();
  assert.equal((await stage.get(`/api/briefs/${brief}`)).content.title, "Weeks");
});

test("a brief that waits for its approval is changed in place, and approved as it is then", async () => {
  await page.getByRole("button", { name: "Change the brief" }).click();
  const editor = page.getByLabel("The brief as JSON");
  const content = JSON.parse(await editor.inputValue());
  assert.equal(content.title, "Weeks");
  content.requirements[0].title = "Accept weeks and say so";
  await editor.fill(JSON.stringify(content));
  await page.getByRole("button", { name: "Store the brief" }).click();
  await page.getByText("R1 Accept weeks and say so").waitFor();
  await until("the page to show what the approval is about", async () => (await page.getByRole("alert").count()) === 0);
  await until("the approval to be about it", async () => {
    const [{ content_hash }] = (await stage.get("/api/approvals?status=pending")).items;
    return content_hash === (await stage.get(`/api/briefs/${brief}`)).content_hash;
  });
  // A refusal moves no button under the pointer of who tries again.
  const places = () => page.locator(".ask .buttons button").evaluateAll((all) => all.map((b) => [b.textContent, b.offsetLeft, b.offsetTop]));
  const before = await places();
  await page.route("**/api/approvals/*/decide", (r) => r.fulfill({ status: 503, json: { detail: "the store is away" } }));
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByRole("alert").getByText("the store is away").waitFor();
  assert.deepEqual(await places(), before);
  await page.unroute("**/api/approvals/*/decide");
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await until("the approval", async () => (await stage.get(`/api/briefs/${brief}`)).status === "planning" || (await stage.get(`/api/briefs/${brief}`)).status === "approved");
});

test("a plan is drafted from the brief", async () => {
  await page.getByRole("heading", { name: /plan/i }).first().waitFor();
  const editor = page.getByLabel("The plan as JSON");
  await editor.waitFor();
  await page.getByText("The brief", { exact: true }).click();
  await page.getByText("R1 Accept weeks and say so").waitFor();
  await editor.fill('{"items": []}');
  await page.getByRole("button", { name: "Send the plan" }).click();
  await page.getByRole("alert").getByText("a plan needs items").waitFor();
  await editor.fill(JSON.stringify({ items: [{ key: "1", title: "Accept weeks", text: "Read w.", role: "dev", criteria: ["2w is 14 days."], requirements: ["R1"] }] }));
  await page.getByRole("button", { name: "Send the plan" }).click();
  await page.getByRole("heading", { name: /Approve version 1 of the plan/ }).waitFor();
  assert.equal((await stage.get(`/api/plans/${brief}.p1`)).content.items[0].title, "Accept weeks");
});

test("the policy held, and nothing was said on the console", async () => {
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(complaints, []);
});
