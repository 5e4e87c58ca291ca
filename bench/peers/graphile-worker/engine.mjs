// graphile-worker: a task a stage; each adds the job of the next one, with the answers so far, and
// the last stores them in the application's table. The settings are those of its page on performance.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';

export const durability =
  'each job is committed before the task that adds it completes; completion is batched and may be lost in a crash (the stage runs again); Postgres fsync=on, synchronous_commit=on';

export async function open(at) {
  const pool = new pg.Pool({ connectionString: at.postgres, max: 25 });
  pool.on('error', at.fail);
  await pool.query('create table if not exists finished (ticket bigint primary key, answers jsonb not null)');
  const taskList = {};
  for (let stage = 1; stage <= at.stages; ++stage)
    taskList[`stage${stage}`] = async (payload, helpers) => {
      const { ticket, answers = [] } = payload;
      answers.push(await at.stage(ticket, stage));
      if (stage < at.stages)
        return void (await helpers.addJob(`stage${stage + 1}`, { ...payload, answers }));
      await helpers.query('insert into finished (ticket, answers) values ($1, $2) on conflict do nothing', [
        ticket,
        JSON.stringify(answers),
      ]);
      at.done(ticket);
    };
  const quiet = new Logger(() => (level, message) => void (level === 'error' && console.error(message)));
  const runner = await run({
    pgPool: pool,
    taskList,
    noHandleSignals: true,
    logger: quiet,
    preset: {
      worker: {
        concurrentJobs: 24,
        maxPoolSize: 25,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  });
  void runner.promise.catch(at.fail);
  // The client has connections of its own, as if it were another process: its jobs do not queue
  // before the workers' requests.
  const client = await makeWorkerUtils({ connectionString: at.postgres, maxPoolSize: 10, logger: quiet });
  return {
    submit: async (ticket) => void (await client.addJob('stage1', at.brief(ticket))),
  };
}
