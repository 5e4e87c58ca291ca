// LangGraph: a graph of four nodes with the Postgres checkpointer. durability "sync": the checkpoint
// is written before the next node starts.
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import pg from 'pg';

export const accepts_on_submit = false; // but when its first node runs: then the input is checkpointed
export const durability =
  'durability "sync": checkpoint, blobs and writes in transactions of their own at each step; Postgres fsync=on, synchronous_commit=on';

export async function open(at) {
  const pool = new pg.Pool({ connectionString: at.postgres, max: 20 });
  pool.on('error', at.fail);
  const saver = new PostgresSaver(pool);
  await saver.setup();
  const state = Annotation.Root({
    ticket: Annotation(),
    title: Annotation(),
    text: Annotation(),
    answers: Annotation({ reducer: (a, b) => a.concat(b), default: () => [] }),
  });
  const graph = new StateGraph(state);
  for (let stage = 1; stage <= at.stages; ++stage) {
    graph.addNode(`stage${stage}`, async ({ ticket }) => ({ answers: [await at.stage(ticket, stage)] }));
    graph.addEdge(stage === 1 ? START : `stage${stage - 1}`, `stage${stage}`);
  }
  graph.addEdge(`stage${at.stages}`, END);
  const app = graph.compile({ checkpointer: saver });
  const run = (ticket, input) =>
    app
      .invoke(input, { configurable: { thread_id: String(ticket) }, durability: 'sync' })
      .then(() => at.done(ticket), at.fail);
  return {
    submit: async (ticket) => void run(ticket, at.brief(ticket)),
    // Nothing goes on by itself after a crash: the application finds its threads and invokes each.
    async resume() {
      const { rows } = await pool.query('select distinct thread_id from checkpoints');
      for (const row of rows) void run(Number(row.thread_id), null);
    },
  };
}
