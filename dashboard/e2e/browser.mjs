// What the tests of the page share: Chromium, sign-in, and what is held against every page.
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { createRequire } from "node:module";
import { availableParallelism, loadavg } from "node:os";
import { chromium as playwright } from "playwright-core";
import { chromium, until } from "./stage.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const launch = () => playwright.launch({ executablePath: chromium(), args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });

/** What a figure was measured on, in words. */
export const machine = () => `${availableParallelism()} processors, load ${loadavg().map((n) => n.toFixed(1)).join(" ")}`;

/** Says whether a figure is below its bound, and whether it is. */
export function verdict(what, figure, bound, unit) {
  const good = figure < bound;
  console.log(`${good ? "pass" : "FAIL"}  ${what}: ${Math.round(figure * 10) / 10} ${unit}, bound ${bound} ${unit}`);
  return good;
}

/** How long the body of an answer is with an encoding, and with which one it came. */
export const lengthOf = (address, encoding) =>
  new Promise((done, fail) =>
    get(address, { headers: { "Accept-Encoding": encoding } }, (answer) => {
      let bytes = 0;
      answer.on("data", (part) => (bytes += part.length)).on("end", () => done({ bytes, encoding: answer.headers["content-encoding"] })).on("error", fail);
    }).on("error", fail),
  );

/** A page that keeps what violates the policy, and puts into `complaints` what the console says. */
export async function watched(context, complaints) {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  // What a test asks for (a refused token, a server that is away) the browser tells as an error, too.
  page.on("console", (m) => {
    if (m.type() === "error" && !/Failed to load resource|net::ERR_/.test(m.text())) complaints.push(m.text());
  });
  page.on("pageerror", (e) => complaints.push(String(e)));
  return page;
}

export async function signIn(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** A watched page of somebody who has signed in and stands before the Inbox. */
export async function atInbox(context, url, token, complaints) {
  const page = await watched(context, complaints);
  await page.goto(url);
  await signIn(page, token);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  return page;
}

/** Opens a page by its address and waits until it has read what it shows. */
export async function open(page, url, hash) {
  await page.goto(`${url}/#/${hash}`);
  await page.locator("main h1").first().waitFor();
  await until(`${hash} to be read`, async () => (await page.locator(".loading").count()) === 0);
}

/** What axe finds that keeps people out. */
export async function barriers(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
}

export const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Words of sentences that are broken in their middle, with all that is folded unfolded; ids and names may be. */
export const brokenWords = (page) =>
  page.evaluate(() => {
    for (const d of document.querySelectorAll("main details")) d.open = true;
    const out = [];
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { data, parentElement: e } = texts.currentNode;
      if (!e.checkVisibility() || e.closest("svg, option, textarea, pre, .hidden")) continue;
      for (const { 0: word, index } of data.matchAll(/[A-Za-z]{2,24}(?![\p{L}\p{N}])/gu)) {
        if (/[\p{L}\p{N}]/u.test(data[index - 1] ?? "")) continue; // part of an id
        const range = document.createRange();
        range.setStart(texts.currentNode, index);
        range.setEnd(texts.currentNode, index + word.length);
        const tops = new Set([...range.getClientRects()].filter((r) => r.width > 0).map((r) => Math.round(r.top)));
        if (tops.size > 1) out.push(`"${word}" is broken in "${data.slice(Math.max(0, index - 30), index + 40)}"`);
      }
    }
    return out;
  });

/**
 * Goes through a page by Tab, from its beginning until the page is left: how many stops it has, and
 * which of them nobody sees, or does not see that the focus is there.
 */
export async function stops(page, most = 150) {
  await page.evaluate(() => {
    scrollTo(0, 0);
    document.querySelector(".skip").focus();
  });
  const wrong = [];
  for (let n = 1; n < most; ++n) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return undefined;
      const { left, right, top, bottom, width } = e.getBoundingClientRect();
      const { outlineStyle, outlineWidth } = getComputedStyle(e);
      const inSight = width > 1 && right > 0 && left < innerWidth && bottom > 0 && top < innerHeight;
      const covered = !e.closest("header, .skip") && bottom <= document.querySelector("header.top").getBoundingClientRect().bottom;
      const marked = e.matches(".graph .node") || (outlineStyle !== "none" && parseFloat(outlineWidth) > 0);
      return { ok: inSight && !covered && marked, html: e.outerHTML.slice(0, 120) };
    });
    if (!at) return { count: n, wrong };
    if (!at.ok) wrong.push(at.html);
  }
  return { count: most, wrong: [...wrong, `more than ${most} stops`] };
}
