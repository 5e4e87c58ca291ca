// DBOS Transact: a workflow of four steps. `startWorkflow` returns when the workflow's row is
// committed, each step's result is committed before the next step, the result at the end as well.
import { DBOS } from '@dbos-inc/dbos-sdk';

export const durability =
  'workflow row, one row a step and the result are each committed; Postgres fsync=on, synchronous_commit=on';

export async function open(at) {
  DBOS.setConfig({
    name: 'peers',
    systemDatabaseUrl: at.postgres,
    // Measured at 100 in flight: better than the default of 10 and than 40.
    systemDatabasePoolSize: 20,
    applicationVersion: '1', // recovery only takes up workflows of the same version
    logLevel: 'error',
    enableOTLP: false,
    logger: at.quiet,
  });
  const run = DBOS.registerWorkflow(
    async ({ ticket }) => {
      const answers = [];
      for (let stage = 1; stage <= at.stages; ++stage)
        answers.push(await DBOS.runStep(async () => at.stage(ticket, stage), { name: `stage${stage}` }));
      return answers;
    },
    { name: 'ticket' },
  );
  await DBOS.launch(); // recovers what a process of this name left unfinished
  return {
    async submit(ticket) {
      const handle = await DBOS.startWorkflow(run, { workflowID: `t${ticket}` })(at.brief(ticket));
      void handle.getResult().then(() => at.done(ticket), at.fail);
    },
  };
}
