// How long the first page takes, and how much it transfers: node e2e/first-load.mjs [LOADS].
import { parseArgs } from "node:util";
import { launch, lengthOf, machine, signIn, verdict } from "./browser.mjs";
import { Stage, until } from "./stage.mjs";

const help = `Loads the first page (Inbox, signed in, a brief that waits for its approval) from a real server
in Chromium: each time with a cold cache, and once more with what that has left there.

  node e2e/first-load.mjs [LOADS]     how often (15)

It prints median and worst of
  first paint     until the first text or picture is there
  content         until what the server says is there: the brief can be read and decided about
  interactive     the same, or the end of the last task of over 50 ms between that and the answer
                  to a click
  click           from a click right after the content until its answer is drawn
and what was transferred up to then, headers included, as the browser counts it; the page's files also
as bodies with gzip and with brotli. It ends with 1 where the worst of interactive is a second or
more, or a first load has 200,000 bytes or more: its files with gzip, and what the API answers.

Examples:
  node e2e/first-load.mjs
  node e2e/first-load.mjs 3                                             to see that it works
  TROUPE_PROGRAM=../build/release/cli/troupe node e2e/first-load.mjs    another build
`;
const slowest = 1000;
const heaviest = 200_000;

const { values, positionals } = parseArgs({ options: { help: { type: "boolean", short: "h" } }, allowPositionals: true });
const loads = Number(positionals[0] ?? 15);
if (values.help || positionals.length > 1 || !Number.isInteger(loads) || loads < 1) {
  (values.help ? process.stdout : process.stderr).write(help);
  process.exit(values.help ? 0 : 2);
}

/** Runs in the page before its own scripts: looks once a frame, and at what a click changes. */
function look() {
  const seen = { long: [] };
  window.seen = seen;
  let found;
  let answered;
  window.found = new Promise((done) => (found = done));
  window.answered = new Promise((done) => (answered = done));
  new PerformanceObserver((list) => list.getEntries().forEach((e) => seen.long.push([e.startTime, e.startTime + e.duration]))).observe({ type: "longtask", buffered: true });
  const there = () => {
    const approve = [...document.querySelectorAll("main .card.ask button.primary")].find((b) => !b.disabled);
    return approve && document.querySelector("main .card.ask .content") && !document.querySelector("main .loading");
  };
  const next = () => {
    if (!there()) return requestAnimationFrame(next);
    requestAnimationFrame(() => found((seen.content = performance.now()))); // by then it is drawn
  };
  requestAnimationFrame(next);
  addEventListener(
    "click",
    (e) => {
      const clicked = e.timeStamp;
      new MutationObserver((_, watcher) => {
        watcher.disconnect();
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            seen.click = performance.now() - clicked;
            answered((seen.answered = performance.now()));
          }),
        );
      }).observe(e.target.closest("button"), { subtree: true, characterData: true, childList: true });
    },
    { capture: true, once: true },
  );
}

/** One load in a page of its own, as the browser measured it. */
async function load(context, url) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  const requests = new Map(); // by id: its address, and the bytes of it that came
  const add = (id, bytes) => requests.has(id) && (requests.get(id).bytes += bytes);
  cdp.on("Network.requestWillBeSent", ({ requestId, request }) => requests.set(requestId, { url: request.url, bytes: 0 }));
  cdp.on("Network.responseReceived", ({ requestId, response }) => response.fromDiskCache || add(requestId, response.encodedDataLength));
  cdp.on("Network.dataReceived", ({ requestId, encodedDataLength }) => add(requestId, encodedDataLength));
  await page.addInitScript(look);
  await page.goto(url, { waitUntil: "commit" });
  await page.evaluate(() => window.found);
  await page.getByTitle(/^Colours; change/).click();
  await page.evaluate(() => window.answered);
  await page.waitForTimeout(100); // tasks are told of when they are over
  const measured = await page.evaluate(() => ({ ...window.seen, paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime }));
  const all = [...requests.values()];
  await page.close();
  const { paint, content, answered, click, long } = measured;
  const busy = long.filter(([begin, end]) => end > content && begin < answered).map(([, end]) => end);
  return {
    paint,
    content,
    click,
    interactive: Math.max(content, ...busy),
    bytes: all.reduce((sum, r) => sum + r.bytes, 0),
    ofApi: all.filter((r) => r.url.includes("/api/")).reduce((sum, r) => sum + r.bytes, 0),
    requests: all.length,
    files: all.map((r) => r.url).filter((u) => u.startsWith(url) && !u.includes("/api/")),
  };
}

const sorted = (of, key) => of.map((l) => l[key]).sort((a, b) => a - b);
const worst = (of, key) => sorted(of, key).at(-1);
const median = (of, key) => sorted(of, key)[Math.floor((of.length - 1) / 2)];
const ms = (n) => `${Math.round(n)} ms`.padStart(8);
const kB = (n) => `${(n / 1000).toFixed(1)} kB`.padStart(9);

const stage = await Stage.open();
const browser = await launch();
try {
  await stage.makeProject();
  const brief = await stage.submitMeeting();
  await until("the brief to wait for its approval", async () => (await stage.get(`/api/briefs/${brief}`)).status === "pending_approval");
  const signing = await browser.newContext();
  const page = await signing.newPage();
  await page.goto(stage.url);
  await signIn(page, stage.token);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  const storageState = await signing.storageState();
  await signing.close();

  console.log(`${new Date().toISOString()}, ${machine()}; Chromium ${browser.version()}; ${loads} loads each`);
  const cold = [];
  const warm = [];
  for (let n = 0; n < loads; ++n) {
    const context = await browser.newContext({ storageState, viewport: { width: 1280, height: 900 } });
    cold.push(await load(context, stage.url));
    warm.push(await load(context, stage.url));
    await context.close();
  }
  console.log(`${"".padEnd(14)}${["cold median", "worst", "warm median", "worst"].map((h) => h.padStart(13)).join("")}`);
  const row = (name, key, as) => console.log(`${name.padEnd(14)}${[median(cold, key), worst(cold, key), median(warm, key), worst(warm, key)].map((v) => as(v).padStart(13)).join("")}`);
  row("first paint", "paint", ms);
  row("content", "content", ms);
  row("interactive", "interactive", ms);
  row("click", "click", ms);
  row("transferred", "bytes", kB);
  row("of the API", "ofApi", kB);
  row("requests", "requests", String);
  for (const encoding of ["gzip", "br"]) {
    const lengths = await Promise.all([...new Set(cold[0].files)].map((f) => lengthOf(f, encoding)));
    console.log(`the ${lengths.length} files of the page with ${encoding}: ${kB(lengths.reduce((sum, l) => sum + l.bytes, 0)).trim()}`);
  }
  console.log(`at the end: ${machine()}`);
  const zipped = (await Promise.all([...new Set(cold[0].files)].map((f) => lengthOf(f, "gzip")))).reduce((sum, l) => sum + l.bytes, 0);
  const slow = Math.max(worst(cold, "interactive"), worst(warm, "interactive"));
  const good = [
    verdict("interactive on loopback, the worst", slow, slowest, "ms"),
    verdict("first load with gzip, with what the API answers", Math.round((zipped + worst(cold, "ofApi")) / 100) / 10, heaviest / 1000, "kB"),
  ];
  process.exitCode = good.every(Boolean) ? 0 : 1;
} finally {
  await browser.close();
  await stage.close();
}
