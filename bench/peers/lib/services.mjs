// Starts and ends what the engines store in: Postgres, Redis and restate-server, each on a free port
// of 127.0.0.1 with its files in a temporary folder. Every process is ended by its own id.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const running = new Set();
let folder = null;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function make_folder(parent) {
  folder = fs.mkdtempSync(path.join(parent, 'troupe-peers.'));
  fs.chmodSync(folder, 0o755);
  const type = fs.statfsSync(folder).type;
  if (type === 0x01021994)
    console.error(`peers: ${parent} is in memory (tmpfs): nothing is synced there; choose another with --folder`);
  return folder;
}

function free_port() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
    probe.on('error', reject);
  });
}

// A child that dies with this process even if this one is killed; `as`: another user.
export function start(name, command, args, { as, env, log, stdio } = {}) {
  const file = log ? fs.openSync(log, 'a') : 'ignore';
  const user = as ? [`--reuid=${as.uid}`, `--regid=${as.gid}`, '--clear-groups'] : [];
  const child = spawn('setpriv', [...user, '--pdeathsig', 'KILL', '--', command, ...args], {
    stdio: stdio ?? ['ignore', file, file],
    env: { ...process.env, ...env },
    detached: true, // Ctrl-C in a terminal reaches this process alone, which then ends the others
    cwd: folder,
  });
  if (typeof file === 'number') fs.closeSync(file);
  child.label = name;
  running.add(child);
  child.ended = new Promise((resolve) => {
    const over = () => (running.delete(child), resolve());
    child.on('exit', over);
    child.on('error', (e) => (console.error(`peers: ${name}: ${e.message}`), over()));
  });
  return child;
}

export async function stop(child, signal = 'SIGTERM') {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await child.ended;
  clearTimeout(timer);
}

// Everything that still runs, newest first, and the folder.
export async function stop_all() {
  for (const child of [...running].reverse()) await stop(child, child.stop_by);
  if (folder) fs.rmSync(folder, { recursive: true, force: true });
  folder = null;
}

function last_lines(log) {
  return fs.readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
}

async function ready(child, log, seconds, check) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`${child.label} ended at once:\n${last_lines(log)}`);
    try {
      if (await check()) return;
    } catch {
      // not yet
    }
  }
  throw new Error(`${child.label} was not ready within ${seconds} s:\n${last_lines(log)}`);
}

function binaries() {
  const root = '/usr/lib/postgresql';
  const versions = fs.existsSync(root) ? fs.readdirSync(root).sort((a, b) => a - b) : [];
  for (const version of versions.reverse())
    if (fs.existsSync(`${root}/${version}/bin/postgres`)) return `${root}/${version}/bin`;
  throw new Error('no Postgres server is installed (Debian: apt-get install postgresql)');
}

// The package's defaults: fsync, synchronous_commit and full_page_writes are on.
export async function start_postgres() {
  const bin = binaries();
  const data = path.join(folder, 'postgres');
  const log = path.join(folder, 'postgres.log');
  const root = process.getuid() === 0;
  const as = root ? await user('postgres') : undefined;
  fs.mkdirSync(data);
  if (as) fs.chownSync(data, as.uid, as.gid);
  const made = start('initdb', `${bin}/initdb`, ['-D', data, '-A', 'trust', '-U', 'troupe', '--no-locale', '-E', 'UTF8'], { as, log });
  await made.ended;
  if (made.exitCode !== 0) throw new Error(`initdb failed:\n${last_lines(log)}`);
  const port = await free_port();
  const child = start(
    'postgres',
    `${bin}/postgres`,
    ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=',
      '-c', 'fsync=on', '-c', 'synchronous_commit=on', '-c', 'max_connections=200'],
    { as, log },
  );
  child.stop_by = 'SIGINT'; // fast shutdown
  const url = `postgres://troupe@127.0.0.1:${port}`;
  await ready(child, log, 30, () => execute(`${bin}/pg_isready`, ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(() => true));
  let count = 0;
  const query = async (sql, database = 'postgres') =>
    (await execute(`${bin}/psql`, ['-XAtq', '-d', `${url}/${database}`, '-c', sql], { maxBuffer: 1 << 24 })).stdout.trim();
  return {
    child,
    bin,
    port,
    query,
    version: await query('show server_version'),
    settings: await query(
      "select string_agg(name || '=' || setting, ', ' order by name) from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method')",
    ),
    // A new database; the checkpoint gives each measurement the same start.
    async fresh() {
      const name = `peers_${++count}`;
      await query(`create database ${name}`);
      await query('checkpoint');
      return { name, url: `${url}/${name}` };
    },
    drop: (name) => query(`drop database if exists ${name} with (force)`),
    async counters() {
      const [bytes, syncs] = (await query("select pg_current_wal_insert_lsn() - '0/0', wal_sync from pg_stat_wal")).split('|');
      return { bytes: Number(bytes), syncs: Number(syncs) };
    },
  };
}

async function user(name) {
  const id = async (flag) => Number((await execute('id', [flag, name])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

export async function start_redis() {
  const port = await free_port();
  const data = fs.mkdtempSync(path.join(folder, 'redis.'));
  const log = path.join(data, 'log');
  const child = start(
    'redis-server',
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', data, '--appendonly', 'yes',
      '--appendfsync', 'always', '--save', '', '--maxmemory-policy', 'noeviction'],
    { log },
  );
  const ask = async (...words) => (await execute('redis-cli', ['-h', '127.0.0.1', '-p', String(port), ...words])).stdout;
  await ready(child, log, 10, async () => (await ask('ping')).startsWith('PONG'));
  return {
    child,
    url: `redis://127.0.0.1:${port}`,
    version: /redis_version:(\S+)/.exec(await ask('info', 'server'))?.[1],
    async counters() {
      return { bytes: Number(/aof_current_size:(\d+)/.exec(await ask('info', 'persistence'))?.[1]), syncs: NaN };
    },
  };
}

export async function start_restate(peers) {
  const machine = `${process.platform}-${process.arch}`;
  const binary = path.join(peers, `restate/node_modules/@restatedev/restate-server-${machine}/bin/restate-server`);
  if (!fs.existsSync(binary)) throw new Error(`the package of restate-server for ${machine} is not installed`);
  const data = fs.mkdtempSync(path.join(folder, 'restate.'));
  const log = path.join(data, 'log');
  const [ingress, admin, node, worker] = await Promise.all([free_port(), free_port(), free_port(), free_port()]);
  const child = start('restate-server', binary, ['--no-logo', '--listen-mode', 'tcp', '--base-dir', data, '--node-name', 'peers'], {
    log,
    env: {
      TMPDIR: data, // its invokers leave a folder each
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'error',
    },
  });
  const at = { ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}`, worker };
  await ready(child, log, 60, async () => (await fetch(`${at.admin}/health`)).ok && (await fetch(`${at.ingress}/restate/health`)).ok);
  return { child, at, counters: async () => ({ bytes: NaN, syncs: NaN }) };
}
