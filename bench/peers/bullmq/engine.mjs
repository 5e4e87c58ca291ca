// BullMQ: one job a ticket, in the documented pattern "process step jobs": the data of the job is
// updated after each step, so that a retry goes on where the last one ended.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

export const durability =
  'Redis appendfsync=always: the log is synced before any reply. Job, each step and completion are one write each.';

export async function open(at) {
  const connect = () => {
    const redis = new Redis(at.redis, { maxRetriesPerRequest: null });
    redis.on('error', at.fail);
    return redis;
  };
  const queue = new Queue('tickets', {
    connection: connect(),
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  const take = async (job) => {
    const data = { stage: 1, answers: [], ...job.data };
    while (data.stage <= at.stages) {
      data.answers.push(await at.stage(data.ticket, data.stage++));
      await job.updateData(data);
    }
    return data.ticket;
  };
  // A worker fetches one job after the other, each fetch waits for the disk: one worker alone is
  // limited by that, sixteen were four times as fast here.
  const workers = Math.min(at.level, 16);
  const concurrency = Math.ceil(Math.min(at.level, 1000) / workers);
  for (let i = 0; i < workers; ++i) {
    const worker = new Worker('tickets', take, { connection: connect(), concurrency });
    worker.on('completed', (_job, ticket) => at.done(ticket)); // after Redis has answered
    worker.on('failed', (_job, error) => at.fail(error));
    worker.on('error', at.fail);
    await worker.waitUntilReady();
  }
  return {
    submit: async (ticket) => void (await queue.add('ticket', at.brief(ticket), { jobId: `t${ticket}` })),
  };
}
