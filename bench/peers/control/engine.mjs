// The control: what a capable person writes by hand on Postgres, and no more. One INSERT a
// transition, each awaited before the next; no queue, no recovery, no history of who did what.
import pg from 'pg';

export const accepts_on_submit = false; // but with its first stage
export const durability =
  'one autocommitted INSERT a stage; Postgres fsync=on, synchronous_commit=on. The ticket itself is not stored before its first answer.';

// A small pool is best: with more connections the two processors go to switching between them,
// with fewer the commits share an fsync less often (bench/peers/README.md has the figures).
const connections = 24;

export async function open(at) {
  const pool = new pg.Pool({ connectionString: at.postgres, max: Math.min(connections, at.level) });
  pool.on('error', at.fail);
  await pool.query(`create table if not exists transition (
    ticket bigint, stage smallint, answer text not null, at timestamptz not null default now(),
    primary key (ticket, stage))`);
  const insert = {
    name: 'insert',
    text: 'insert into transition (ticket, stage, answer) values ($1, $2, $3)',
  };

  async function run(ticket) {
    for (let stage = 1; stage <= at.stages; ++stage) {
      const answer = await at.stage(ticket, stage);
      await pool.query({ ...insert, values: [ticket, stage, answer] });
    }
    at.done(ticket);
  }
  return {
    submit: async (ticket) => void run(ticket).catch(at.fail),
  };
}
