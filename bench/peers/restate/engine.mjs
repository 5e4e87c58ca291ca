// Restate: a handler with four `ctx.run` steps, served to a restate-server over HTTP/2. Each step's
// result is in the server's log before the next step begins. Tickets are sent to its ingress.
import * as restate from '@restatedev/restate-sdk';
import http2 from 'node:http2';

export const accepts_on_submit = false; // but when its handler runs
export const durability =
  "restate-server's own replicated log (one node, one copy), its RocksDB write-ahead log synced at each batch (rocksdb-disable-wal-fsync=false, the default)";

export async function open(at) {
  const { ingress, admin, worker } = at.restate;
  const tickets = restate.service({
    name: 'tickets',
    handlers: {
      async run(ctx, { ticket }) {
        const answers = [];
        for (let stage = 1; stage <= at.stages; ++stage)
          answers.push(await ctx.run(`stage${stage}`, async () => at.stage(ticket, stage)));
        return answers;
      },
    },
  });
  await restate.serve({ services: [tickets], port: worker, logger: () => {} });
  await deploy(admin, `http://127.0.0.1:${worker}`);
  const call = caller(ingress, at);
  return {
    // During a recovery nobody waits for the answer: the ticket is only handed over.
    submit: at.recovery
      ? (ticket) => call('/tickets/run/send', at.brief(ticket))
      : async (ticket) =>
          void call('/tickets/run', at.brief(ticket)).then(() => at.done(ticket), at.fail),
  };
}

async function deploy(admin, uri) {
  const answer = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri, force: true }),
  });
  if (!answer.ok) throw new Error(`restate: the deployment was refused: ${await answer.text()}`);
}

// Requests over a few HTTP/2 connections, each with up to 100 streams at once or more if need be.
function caller(ingress, at) {
  const sessions = [];
  for (let i = 0; i < Math.min(16, Math.ceil(at.level / 100)); ++i) {
    const session = http2.connect(ingress, { maxSessionMemory: 1000 });
    session.on('error', at.fail);
    session.setMaxListeners(0);
    sessions.push(session);
  }
  let next = 0;
  return (path, body) =>
    new Promise((resolve, reject) => {
      const session = sessions[next++ % sessions.length];
      const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' });
      let text = '';
      let status;
      stream.setEncoding('utf8');
      stream.on('response', (headers) => (status = headers[':status']));
      stream.on('data', (more) => (text += more));
      stream.on('error', reject);
      stream.on('end', () =>
        status >= 200 && status < 300 ? resolve(text) : reject(new Error(`restate: ${status} ${text}`)),
      );
      stream.end(JSON.stringify(body));
    });
}
