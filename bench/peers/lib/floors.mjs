// What Postgres itself allows on this machine in these minutes: pgbench for single-row commits and
// for INSERTs of 100 rows, psql for COPY. The rows are those of the control.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { answer } from './lifecycle.mjs';

const execute = promisify(execFile);
const rows_a_copy = 50_000;

export async function floors(postgres, folder, seconds) {
  const { name, url } = await postgres.fresh();
  try {
    await postgres.query(
      `create table floor (id bigint generated always as identity primary key,
        ticket bigint not null, stage smallint not null, answer text not null,
        at timestamptz not null default now())`,
      name,
    );
    const found = [];
    const insert = 'insert into floor (ticket, stage, answer) values ';
    const row = `(1, 1, '${answer}')`;
    for (const clients of [1, 32]) found.push(await commits('single-row commits', `${insert}${row};`, 1, clients));
    for (const clients of [1, 4])
      found.push(await commits('INSERT of 100 rows', `${insert}${Array(100).fill(row).join(', ')};`, 100, clients));
    for (const clients of [1, 2]) found.push(await copy(clients));
    return found;
  } finally {
    await postgres.drop(name);
  }

  async function commits(what, sql, rows, clients) {
    const file = path.join(folder, 'floor.sql');
    fs.writeFileSync(file, sql + '\n');
    await postgres.query('checkpoint');
    const { stdout } = await execute(`${postgres.bin}/pgbench`, [
      '-n', '-M', 'prepared', '-c', String(clients), '-j', String(Math.min(clients, 2)), '-T', String(Math.ceil(seconds)),
      '-f', file, '-h', '127.0.0.1', '-p', String(postgres.port), '-U', 'troupe', name,
    ]);
    const commits_per_s = Number(/^tps = ([\d.]+)/m.exec(stdout)[1]);
    const latency_ms = Number(/latency average = ([\d.]+)/.exec(stdout)[1]);
    return { what, clients, commits_per_s, rows_per_s: commits_per_s * rows, latency_ms };
  }

  async function copy(clients) {
    const file = path.join(folder, 'floor.tsv');
    fs.writeFileSync(file, `1\t1\t${answer}\n`.repeat(rows_a_copy));
    await postgres.query('checkpoint');
    const end = Date.now() + seconds * 1000;
    const one = async () => {
      let copies = 0;
      let ms = 0;
      do {
        const { stdout } = await execute(`${postgres.bin}/psql`, [
          '-Xq', '-d', url, '-c', '\\timing on', '-c', `\\copy floor (ticket, stage, answer) from '${file}'`,
        ]);
        ms += Number(/Time: ([\d.]+) ms/.exec(stdout)[1]);
        ++copies;
      } while (Date.now() < end);
      return (copies * 1000) / ms;
    };
    const rates = await Promise.all(Array.from({ length: clients }, one));
    const commits_per_s = rates.reduce((a, b) => a + b);
    return { what: `COPY of ${rows_a_copy} rows`, clients, commits_per_s, rows_per_s: commits_per_s * rows_a_copy, latency_ms: (clients * 1000) / commits_per_s };
  }
}
