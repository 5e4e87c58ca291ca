// kill -9 of the worker process with tickets in flight, and how long until a new one moves them.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { engines } from './engines.mjs';
import { each_line, last_words, start_worker, with_stores } from './point.mjs';
import { sleep } from './services.mjs';

const notes = {
  'graphile-worker': 'jobs that the dead worker had locked wait for their lock to expire: four hours, not configurable',
  bullmq: 'defaults: a lock lasts 30 s, stalled jobs are looked for every 30 s',
  'pg-boss': 'heartbeat of 10 s (the least; default: none, jobs expire after 15 minutes), looked for every 60 s',
  langgraph: 'the application finds its threads and invokes each again; nothing does so by itself',
  restate: 'the server lives on and tries again; its retries back off while the worker is gone',
  dbos: 'recovers at launch what its own executor id left',
};

export async function recovery(engine, { postgres, folder, in_flight, limit }) {
  return with_stores(engines[engine].store, postgres, async (stores) => {
    const log = path.join(folder, `${engine}.log`);
    const options = { ...stores, level: in_flight };
    const accepted = new Set();
    const began = new Set(); // "ticket stage" that began before the end
    let last = Date.now();
    let failed = null;
    const first = start_worker(engine, { ...options, recovery: 'start' }, log);
    each_line(first, (line) => {
      last = Date.now();
      if (line.failed) failed = line.failed;
      if (line.accepted) accepted.add(line.accepted);
      if (line.stage) began.add(`${line.ticket} ${line.stage}`);
    });
    const given_up = Date.now() + limit * 1000;
    try {
      // All handed over, and nothing moves any more: the engines of the tickets are at work. (BullMQ
      // may pause for five seconds before it takes up the rest.)
      while (accepted.size < in_flight || Date.now() - last < 6000) {
        if (failed ?? first.exitCode !== null) throw new Error(failed ?? `it ended${last_words(log)}`);
        if (Date.now() > given_up) throw new Error(`only ${accepted.size} of ${in_flight} tickets were accepted in ${limit} s`);
        await sleep(20);
      }
    } finally {
      first.kill('SIGKILL');
      await first.ended;
    }

    const started = Date.now();
    const since = () => Number(((Date.now() - started) / 1000).toFixed(2));
    const moved = new Set();
    const finished = new Set();
    const times = { first_s: null, all_moving_s: null, all_at_last_stage_s: null };
    let redone = 0;
    const second = start_worker(engine, { ...options, recovery: 'resume' }, log);
    each_line(second, (line) => {
      if (line.failed) failed = line.failed;
      if (!line.stage) return;
      times.first_s ??= since();
      if (began.has(`${line.ticket} ${line.stage}`)) ++redone;
      moved.add(line.ticket);
      if (line.stage === 4) finished.add(line.ticket);
      if (moved.size === in_flight) times.all_moving_s ??= since();
      if (finished.size === in_flight) times.all_at_last_stage_s ??= since();
    });
    try {
      while (times.all_at_last_stage_s === null && !failed && since() < limit) {
        if (second.exitCode !== null) throw new Error(`it ended${last_words(log)}`);
        await sleep(20);
      }
    } finally {
      second.kill('SIGKILL');
      await second.ended;
    }
    if (failed) throw new Error(failed);
    return { engine, in_flight, ...times, moved: moved.size, at_last_stage: finished.size, stages_run_again: redone, limit_s: limit, note: notes[engine] };
  });
}

// Troupe does the same to itself: its own program starts a process, kills it with tickets at their
// second stage, and starts another one.
export async function recovery_of_troupe(command, { postgres, in_flight, limit }) {
  const program = path.resolve(command.split(/\s+/)[0]);
  const url = `postgres://troupe@127.0.0.1:${postgres.port}`;
  let text;
  try {
    const words = ['--only', 'recovery', '--store', url, '--in-flight', String(in_flight), '--json'];
    ({ stdout: text } = await promisify(execFile)(program, words, { timeout: (limit + 60) * 1000, maxBuffer: 1 << 24 }));
  } catch (e) {
    text = e.stdout;
    if (!text) throw e;
  }
  const found = JSON.parse(text);
  if (found.failed?.length) throw new Error(found.failed[0]);
  const m = found.measures[0];
  const s = (ms) => Number((ms / 1000).toFixed(2));
  return {
    engine: 'troupe', in_flight, first_s: s(m.first_ms), all_moving_s: s(m.all_moving_ms),
    all_at_last_stage_s: null, moved: in_flight, limit_s: limit,
    note: `all tickets were merged after ${s(m.all_done_ms)} s`,
  };
}
