// One measurement: fresh stores, one process, one record, with its cost read from outside.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { engines, peers } from './engines.mjs';
import { usage } from './meter.mjs';
import { start, start_redis, start_restate, stop } from './services.mjs';

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));

// Gives `use` the stores of an engine and removes them afterwards.
export async function with_stores(store, postgres, use) {
  if (store === 'redis' || store === 'restate') {
    const service = await (store === 'redis' ? start_redis() : start_restate(peers));
    try {
      return await use(store === 'redis' ? { redis: service.url } : { restate: service.at }, service);
    } finally {
      await stop(service.child);
    }
  }
  const { name, url } = await postgres.fresh();
  try {
    return await use({ postgres: url }, postgres);
  } finally {
    await postgres.drop(name);
  }
}

export function start_worker(engine, options, log) {
  const settings = JSON.stringify({ engine, ...options });
  const child = start(engine, process.execPath, [worker, settings], {
    stdio: ['pipe', 'pipe', fs.openSync(log, 'w')],
    // No engine reports anything to anybody.
    env: { LANGSMITH_TRACING: 'false', LANGCHAIN_TRACING_V2: 'false', DBOS__CONDUCTOR_KEY: '', NODE_ENV: 'production' },
  });
  return child;
}

export function each_line(child, use) {
  readline.createInterface({ input: child.stdout }).on('line', (text) => {
    let line;
    try {
      line = JSON.parse(text);
    } catch {
      return; // what a library prints
    }
    use(line);
  });
}

export function last_words(log) {
  const text = fs.readFileSync(log, 'utf8').trim();
  return text ? `: ${text.split('\n').slice(-3).join(' ').slice(0, 300)}` : '';
}

const rounded = (n, digits) => (Number.isFinite(n) ? Number(n.toFixed(digits)) : null);

export async function point(engine, level, { postgres, folder, seconds, cap, troupe }) {
  const store = engine === 'troupe' ? 'postgres' : engines[engine].store;
  return with_stores(store, postgres, async (stores, service) => {
    const log = path.join(folder, `${engine}.log`);
    let child;
    if (engine === 'troupe') {
      const [command, ...first] = troupe.split(/\s+/);
      const words = ['--postgres', stores.postgres, '--levels', String(level), '--seconds', String(seconds), '--tickets', String(cap)];
      child = start('troupe', path.resolve(troupe_folder, command), [...first, ...words], {
        stdio: ['pipe', 'pipe', fs.openSync(log, 'w')],
      });
    } else child = start_worker(engine, { ...stores, level, seconds, cap }, log);
    child.stdin.on('error', () => {}); // it has ended already
    try {
      return await record_of(child, service, log, seconds);
    } finally {
      child.stdin.end();
      setTimeout(() => child.kill('SIGKILL'), 3000).unref();
      await child.ended;
    }
  });
}
const troupe_folder = process.cwd();

function record_of(child, service, log, seconds) {
  return new Promise((resolve, reject) => {
    const limit = seconds * 6 + 80;
    const timer = setTimeout(() => reject(new Error(`no record within ${limit} s${last_words(log)}`)), limit * 1000);
    const over = (then, value) => (clearTimeout(timer), then(value));
    let before = null;
    each_line(child, (line) => {
      if (line.failed) return over(reject, new Error(line.failed));
      if (line.phase === 'measuring')
        before = service.counters().then((counters) => ({ counters, client: usage([child.pid]), server: usage([service.child.pid]) }));
      else if (line.tickets_per_s !== undefined) {
        const client = usage([child.pid]);
        const server = usage([service.child.pid]);
        finish(line, client, server).then((r) => over(resolve, r), (e) => over(reject, e));
      }
    });
    child.ended.then(() =>
      setTimeout(() => over(reject, new Error(`it ended without a record${last_words(log)}`)), 200),
    );

    async function finish(record, client, server) {
      if (!before) throw new Error('a record came before the line that measuring begins');
      const first = await before;
      const counters = await service.counters();
      const tickets = record.tickets_per_s * record.seconds;
      return {
        ...record,
        cpu_s_client: rounded(client.cpu_s - first.client.cpu_s, 2),
        cpu_s_server: rounded(server.cpu_s - first.server.cpu_s, 2),
        wal_bytes_per_ticket: rounded((counters.bytes - first.counters.bytes) / tickets, 0),
        fsyncs_per_ticket: rounded((counters.syncs - first.counters.syncs) / tickets, 3),
        rss_mib_client: rounded(client.rss_mib, 0),
        rss_mib_server: rounded(server.rss_mib, 0),
      };
    }
  });
}
