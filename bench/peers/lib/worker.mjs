// Runs one engine in a process of its own, as its user would: workers and client together. What it
// prints is defined in README.md ("The record").
//
//   node lib/worker.mjs '{"engine": "bullmq", "level": 100, ...}'
import { answer, brief, stages } from './lifecycle.mjs';

const options = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

function die(error) {
  if (dead) return;
  dead = true;
  process.stdout.write(JSON.stringify({ failed: String(error?.message ?? error).slice(0, 500) }) + '\n', () =>
    process.exit(1),
  );
}
let dead = false;
process.on('uncaughtException', die);
process.on('unhandledRejection', die);
process.stdin.on('end', () => process.exit(0)).resume(); // the caller has read its counters, or is gone

const common = {
  ...options,
  stages,
  brief,
  fail: die,
  quiet: { debug() {}, info() {}, warn() {}, error: (e) => process.stderr.write(`${e}\n`) },
};
const engine = await import(new URL(`../${options.engine}/engine.mjs`, import.meta.url));
if (options.recovery) await recover(options.recovery);
else await load();

// Keeps `level` tickets in flight: a closed loop. Warm-up, measurement, record.
async function load() {
  const { level, seconds, cap } = options;
  const begun = new Map();
  let opened = 0;
  let finished = 0;
  let calls = 0;
  let samples = null; // while measuring
  const at = await engine.open({
    ...common,
    stage(ticket, stage) {
      ++calls;
      if (stage === 1) accepted(ticket);
      return answer;
    },
    done(ticket) {
      const start = begun.get(ticket);
      if (start === undefined) return; // at-least-once: the second time
      begun.delete(ticket);
      ++finished;
      samples?.push(performance.now() - start);
      fill();
    },
  });
  // At most `handing` tickets wait to be accepted: all 10,000 at once would queue before the
  // workers' own requests, and then move in lock-step.
  const handing = 256;
  const waiting = new Set();
  function fill() {
    while (begun.size < level && waiting.size < handing) {
      const ticket = ++opened;
      begun.set(ticket, performance.now());
      waiting.add(ticket);
      at.submit(ticket).then(() => (engine.accepts_on_submit ?? true) && accepted(ticket), die);
    }
  }
  function accepted(ticket) {
    if (waiting.delete(ticket)) setImmediate(fill);
  }

  // Both phases last until as many tickets as are in flight have finished;
  // a slow engine is not waited for beyond `limit`.
  const limit = Math.max(seconds * 3, 10) * 1000;
  async function until(least, tickets) {
    const start = performance.now();
    const from = finished;
    for (;;) {
      const took = performance.now() - start;
      if (finished - from >= cap || took >= limit) return;
      if (took >= least && finished - from >= tickets) return;
      await new Promise((r) => setTimeout(r, 5));
    }
  }
  fill();
  await until(seconds * 200, level);
  say({ phase: 'measuring', in_flight: level });
  samples = [];
  const calls_before = calls;
  const start = performance.now();
  await until(seconds * 1000, level);
  const took = (performance.now() - start) / 1000;
  const done = samples;
  const reached = begun.size;
  const advanced = calls - calls_before;
  samples = null;
  if (advanced === 0) throw new Error(`no stage began within ${took.toFixed(0)} s; ${begun.size} tickets were in flight`);

  // Counted by stages: tickets in lock-step finish in waves, and a window of a few waves would
  // measure little more than how many of them it happened to catch.
  const rate = advanced / stages / took;
  done.sort((a, b) => a - b);
  const percentile = (p) =>
    done.length ? Number(done[Math.min(done.length - 1, Math.ceil(done.length * p) - 1)].toFixed(3)) : null;
  say({
    engine: options.engine,
    durability: engine.durability,
    in_flight: level,
    in_flight_reached: reached,
    tickets: done.length,
    seconds: Number(took.toFixed(3)),
    tickets_per_s: Number(rate.toFixed(2)),
    steady: done.length >= level,
    p50_ms: percentile(0.5),
    p90_ms: percentile(0.9),
    p99_ms: percentile(0.99),
    p999_ms: percentile(0.999),
  });
}

// `start`: hands over `level` tickets; the engine of the second stage never answers, as if agents
// were at work. `resume`: a new process, all answers at once. Each stage that begins is told.
async function recover(phase) {
  const accepted = new Set();
  const accept = (ticket) => {
    if (!accepted.has(ticket)) say({ accepted: ticket });
    accepted.add(ticket);
  };
  const at = await engine.open({
    ...common,
    stage(ticket, stage) {
      say({ ticket, stage });
      if (phase === 'start') accept(ticket);
      return phase === 'start' && stage > 1 ? new Promise(() => {}) : answer;
    },
    done() {},
  });
  if (phase === 'resume') return void (await at.resume?.());
  for (let ticket = 1; ticket <= options.level; ++ticket) {
    const handed = at.submit(ticket);
    if (engine.accepts_on_submit ?? true) handed.then(() => accept(ticket), die);
  }
}
