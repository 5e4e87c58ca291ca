// Who takes part, in the order of the table.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const peers = fileURLToPath(new URL('..', import.meta.url));

export const engines = {
  control: { store: 'postgres', package: 'pg' },
  bullmq: { store: 'redis', package: 'bullmq' },
  restate: { store: 'restate', package: '@restatedev/restate-server' },
  dbos: { store: 'postgres', package: '@dbos-inc/dbos-sdk' },
  'graphile-worker': { store: 'postgres', package: 'graphile-worker' },
  'pg-boss': { store: 'postgres', package: 'pg-boss' },
  langgraph: { store: 'postgres', package: '@langchain/langgraph' },
};

const lock_of = (engine) => fs.readFileSync(path.join(peers, engine, 'package-lock.json'), 'utf8');

export function version(engine) {
  return JSON.parse(lock_of(engine)).packages[`node_modules/${engines[engine].package}`].version;
}

// Installs exactly what the lockfile names, once; no package's own scripts are run. Throws with what
// to do about it.
export function install(engine) {
  const folder = path.join(peers, engine);
  const mark = path.join(folder, 'node_modules', '.installed');
  const wanted = createHash('sha256').update(lock_of(engine)).digest('hex');
  if (fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === wanted) return;
  console.error(`peers: installing ${engine} ...`);
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: process.env.PEERS_PATH ?? process.env.PATH },
  });
  if (npm.error || npm.status !== 0) {
    const why = (npm.error?.message ?? npm.stderr).trim().split('\n').filter((l) => !/complete log|EBADENGINE/.test(l)).slice(-3).join(' ');
    throw new Error(`npm ci failed in bench/peers/${engine} (is the npm registry reachable?): ${why}`);
  }
  fs.writeFileSync(mark, wanted);
}
