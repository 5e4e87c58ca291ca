import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { engines, install, peers, version } from './engines.mjs';
import { floors } from './floors.mjs';
import { machine } from './meter.mjs';
import { point } from './point.mjs';
import { recovery, recovery_of_troupe } from './recovery.mjs';
import { make_folder, start_postgres, stop_all } from './services.mjs';
import { medians, table } from './table.mjs';

const refuse = (text) => {
  console.error(`peers: ${text}\nSee bench/peers/run --help.`);
  process.exit(2);
};

function options() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        only: { type: 'string' },
        levels: { type: 'string', default: '1,10,100,1000,10000' },
        seconds: { type: 'string', default: '5' },
        tickets: { type: 'string', default: '100000' },
        repeats: { type: 'string', default: '1' },
        troupe: { type: 'string' },
        recovery: { type: 'boolean', default: false },
        'recovery-limit': { type: 'string', default: '120' },
        'in-flight': { type: 'string', default: '1000' },
        json: { type: 'boolean', default: false },
        markdown: { type: 'string' },
        out: { type: 'string', default: path.join(peers, '../../build/peers.json') },
        folder: { type: 'string', default: os.tmpdir() },
      },
    }));
  } catch (e) {
    refuse(e.message);
  }
  const number = (name, text, least) => {
    const n = Number(text);
    if (!(n >= least)) refuse(`${name} takes a number of at least ${least}, not "${text}"`);
    return n;
  };
  const all = ['floors', ...Object.keys(engines), ...(values.troupe ? ['troupe'] : [])];
  const only = values.only?.split(',') ?? all;
  for (const name of only)
    if (!all.includes(name))
      refuse(name === 'troupe' ? '--only troupe needs --troupe COMMAND' : `there is no "${name}"; there are ${all.join(', ')}`);
  return {
    floors: only.includes('floors') && !values.recovery,
    // Troupe stands next to a control like everyone else.
    engines: ['troupe', ...Object.keys(engines)].filter((n) => n !== 'control' && only.includes(n)),
    control: only.some((n) => n !== 'floors'),
    levels: values.levels.split(',').map((n) => number('--levels', n, 1)),
    seconds: number('--seconds', values.seconds, 0.5),
    cap: number('--tickets', values.tickets, 1),
    repeats: Math.floor(number('--repeats', values.repeats, 1)),
    troupe: values.troupe,
    recovery: values.recovery,
    limit: number('--recovery-limit', values['recovery-limit'], 5),
    in_flight: number('--in-flight', values['in-flight'], 1),
    json: values.json,
    out: values.out,
    markdown: values.markdown,
    folder: values.folder,
  };
}

const o = options();
let ending = false;
async function end(code) {
  if (ending) return;
  ending = true;
  await stop_all();
  process.exit(code);
}
process.on('uncaughtException', (e) => {
  console.error('peers:', e);
  void end(1);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    console.error(`peers: ${signal}: ending what was started`);
    void end(130);
  });

const report = {
  at_commit: commit(),
  machine: machine(),
  settings: { seconds: o.seconds, tickets: o.cap, levels: o.levels, repeats: o.repeats },
  versions: {},
  postgres: null,
  floors: [],
  records: [], // of every repeat
  medians: [],
  recoveries: [],
  failed: [],
};

function commit() {
  const git = (...words) => execFileSync('git', ['-C', peers, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `commit ${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', ':!bench/RESULTS.md') ? ' with changes' : ''}`;
  } catch {
    return 'commit unknown';
  }
}

function failed(engine, error, more = {}) {
  if (ending) return;
  report.failed.push({ engine, ...more, error: String(error.message ?? error).trim() });
  console.error(`peers: ${engine}${more.in_flight ? ` at ${more.in_flight}` : ''} FAILED: ${error.message}`);
}

function save() {
  report.medians = medians(report.records);
  fs.mkdirSync(path.dirname(o.out), { recursive: true });
  fs.writeFileSync(o.out, JSON.stringify(report, null, 1) + '\n');
}

function installed(names) {
  return names.filter((name) => {
    if (name === 'troupe') return true;
    try {
      install(name);
      report.versions[name] = version(name);
      return true;
    } catch (e) {
      failed(name, e);
      return false;
    }
  });
}

async function measure(engine, level, shared) {
  try {
    const record = await point(engine, level, shared);
    report.records.push(record);
    console.error(
      `peers: ${engine.padEnd(16)} ${String(level).padStart(6)} in flight: ${record.tickets_per_s} tickets/s, p50 ${record.p50_ms} ms, p99 ${record.p99_ms} ms`,
    );
    return record;
  } catch (e) {
    failed(engine, e, { in_flight: level });
    return null;
  } finally {
    save();
  }
}

// Level by level, each engine between two controls: its neighbours in time, on a machine whose
// speed changes from minute to minute. Repeats are whole rounds, so that they are minutes apart.
async function measure_all(names, shared) {
  for (const level of Array(o.repeats).fill(o.levels).flat()) {
    let before = o.control ? await measure('control', level, shared) : null;
    for (const name of names) {
      const record = await measure(name, level, shared);
      const after = o.control ? await measure('control', level, shared) : null;
      const controls = [before, after].filter(Boolean).map((c) => c.tickets_per_s);
      if (record && controls.length) {
        record.controls_tickets_per_s = controls;
        record.ratio_to_control = Number((record.tickets_per_s / (controls.reduce((a, b) => a + b) / controls.length)).toFixed(3));
      }
      before = after;
    }
  }
}

try {
  const folder = make_folder(o.folder);
  if (o.control && !o.recovery && !installed(['control']).length) o.control = false;
  const names = installed(o.engines);
  const needed = o.floors || o.control || names.some((n) => engines[n]?.store !== 'redis');
  const postgres = needed ? await start_postgres() : null;
  if (postgres) report.postgres = { version: postgres.version, settings: postgres.settings };
  if (o.floors) {
    console.error('peers: floors ...');
    report.floors = await floors(postgres, folder, Math.min(o.seconds, 5)).catch((e) => (failed('floors', e), []));
  }
  const shared = { postgres, folder, seconds: o.seconds, cap: o.cap, troupe: o.troupe };
  if (o.recovery) {
    for (const name of names) {
      console.error(`peers: recovery of ${name} ...`);
      try {
        const found =
          name === 'troupe'
            ? await recovery_of_troupe(o.troupe, { postgres, in_flight: o.in_flight, limit: o.limit })
            : await recovery(name, { postgres, folder, in_flight: o.in_flight, limit: o.limit });
        report.recoveries.push(found);
        console.error(`peers: ${name}: first ${found.first_s} s, all moving ${found.all_moving_s} s (${found.moved} of ${found.in_flight})`);
      } catch (e) {
        failed(name, e, { what: 'recovery' });
      }
      save();
    }
  } else if (o.control || names.length) await measure_all(names, shared);
} catch (e) {
  failed('run', e);
}
if (!ending) {
  save();
  if (o.markdown) fs.writeFileSync(o.markdown, table(report) + '\n');
  console.log(o.json ? JSON.stringify(report, null, 1) : table(report));
  await end(report.failed.length ? 1 : 0);
}
