// How smooth Traffic is while 2,000 messages a second arrive: node e2e/traffic-load.mjs [SECONDS].
// A real server behind a source of lines (tap-front.mjs); frames and long tasks are measured by the
// page, tasks of the main thread by a trace of Chromium. Ends with 1 where a frame took longer than
// 100 ms.
import { writeFileSync } from "node:fs";
import { launch, machine, signIn, verdict } from "./browser.mjs";
import { Stage, until } from "./stage.mjs";
import { TapFront } from "./tap-front.mjs";

const seconds = Number(process.argv[2] ?? 60);
const rate = 2000;
const stage = await Stage.open();
const page_url = await stage.page();
const front = await TapFront.before(page_url);
front.rate = rate;
const browser = await launch();
let slow = true;
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  page.on("pageerror", (e) => console.log(String(e)));
  await page.goto(front.url);
  await signIn(page, stage.token);
  await page.getByText("Nothing waits for you.").waitFor();
  const cdp = await page.context().newCDPSession(page);
  await page.goto(`${front.url}/#/traffic?watch=1`);
  await until("lines", async () => (await page.locator(".sequence .row").count()) > 5);

  console.log(`${new Date().toISOString()}, ${machine()}; Chromium ${browser.version()}`);
  const chunks = [];
  cdp.on("Tracing.dataCollected", ({ value }) => chunks.push(...value));
  await cdp.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["devtools.timeline", "toplevel", "disabled-by-default-devtools.timeline"] } });
  const sent = front.sent;
  const measured = await page.evaluate(async (ms) => {
    const frames = [];
    const long = [];
    new PerformanceObserver((list) => list.getEntries().forEach((e) => long.push(e.duration))).observe({ type: "longtask" });
    const end = performance.now() + ms;
    await new Promise((done) => {
      let before = performance.now();
      const next = (now) => {
        frames.push(now - before);
        before = now;
        if (now < end) requestAnimationFrame(next);
        else done();
      };
      requestAnimationFrame((now) => ((before = now), requestAnimationFrame(next)));
    });
    return { frames, long, rows: document.querySelectorAll(".sequence .row").length, heap: performance.memory?.usedJSHeapSize };
  }, seconds * 1000);
  const lines = (front.sent - sent) / seconds;
  const ended = new Promise((done) => cdp.once("Tracing.tracingComplete", done));
  await cdp.send("Tracing.end");
  await ended;
  if (process.env.TRACE) writeFileSync(process.env.TRACE, JSON.stringify({ traceEvents: chunks }));

  const main = chunks.find((e) => e.name === "thread_name" && e.args?.name === "CrRendererMain" && chunks.some((x) => x.pid === e.pid && x.name === "EventDispatch")) ?? chunks.find((e) => e.name === "thread_name" && e.args?.name === "CrRendererMain");
  const tasks = chunks.filter((e) => e.ph === "X" && e.name === "RunTask" && e.pid === main?.pid && e.tid === main?.tid);
  const longest = (of) => Math.max(...tasks.map((e) => (e[of] ?? 0) / 1000)).toFixed(1);
  const sorted = measured.frames.sort((a, b) => a - b);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))].toFixed(1);
  console.log(`${Math.round(lines)} lines a second for ${seconds} s, ${measured.rows} rows drawn`);
  console.log(`frames: ${(sorted.length / seconds).toFixed(1)} a second; median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`);
  console.log(`tasks of the main thread: ${tasks.length}, longest ${longest("dur")} ms, longest on the processor ${longest("tdur")} ms; busy ${(tasks.reduce((sum, e) => sum + e.dur, 0) / 10_000 / seconds).toFixed(0)} % of the time; reported as long (over 50 ms): ${measured.long.length}`);
  if (measured.heap) console.log(`heap: ${(measured.heap / 1e6).toFixed(0)} MB`);
  console.log(`at the end: ${machine()}`);
  const enough = lines >= 0.99 * rate;
  if (!enough) console.log(`FAIL  only ${Math.round(lines)} messages a second were sent`);
  slow = !verdict(`longest frame of Traffic with ${rate} messages a second`, sorted[sorted.length - 1], 100, "ms") || !enough;
} finally {
  await browser.close();
  await front.close();
  await stage.close();
}
process.exitCode = slow ? 1 : 0;
