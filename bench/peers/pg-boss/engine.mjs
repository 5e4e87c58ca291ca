// pg-boss: a queue a stage. A worker takes a batch; the jobs of the next stage, with the answers so
// far, are inserted in the transaction that completes the batch (option `transactional`).
import { PgBoss } from 'pg-boss';

export const durability =
  'the job of the next stage is committed with the completion of the one before it, a batch a transaction; Postgres fsync=on, synchronous_commit=on';

export async function open(at) {
  const boss = new PgBoss({ connectionString: at.postgres, max: 20, useListenNotify: true });
  boss.on('error', at.fail);
  boss.on('warning', () => {});
  await boss.start();
  const queue = (stage) => `stage${stage}`;
  // `notify` wakes a worker at once instead of at its next poll; a heartbeat (10 s is the least)
  // lets another worker have the jobs of a dead one before the 15 minutes of the default.
  for (let stage = 1; stage <= at.stages; ++stage)
    await boss.createQueue(queue(stage), { notify: true, heartbeatSeconds: 10, retryLimit: 10 });
  const work = {
    transactional: true,
    batchSize: Math.max(2, Math.min(at.level, 500)),
    localConcurrency: 2, // measured: one leaves the queue idle while its batch commits
    burstWhenBatchFull: true, // no pause while there is more to do
    pollingIntervalSeconds: 0.5, // the least
    notifyPollingIntervalSeconds: 0.5,
  };
  for (let stage = 1; stage <= at.stages; ++stage)
    await boss.work(queue(stage), work, async (jobs, db) => {
      const next = await Promise.all(
        jobs.map(async ({ data }) => ({
          data: { ...data, answers: [...(data.answers ?? []), await at.stage(data.ticket, stage)] },
        })),
      );
      if (stage < at.stages) return void (await boss.insert(queue(stage + 1), next, { db }));
      // Told a moment early: the batch commits when this handler has ended, and there is no hook
      // behind that. The error favours pg-boss.
      for (const { data } of next) at.done(data.ticket);
      return next.map(({ data }) => data.answers);
    });
  // The client has connections of its own, as if it were another process: its jobs do not queue
  // before the workers' requests.
  const client = new PgBoss({ connectionString: at.postgres, max: 10, supervise: false, schedule: false });
  client.on('error', at.fail);
  await client.start();
  return {
    submit: async (ticket) => void (await client.send(queue(1), at.brief(ticket))),
  };
}
