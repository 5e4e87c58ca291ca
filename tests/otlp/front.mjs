// In front of the receiver: keeps every request as it came, and passes it on byte by byte.
import { createServer, request } from "node:http";
import { text } from "node:stream/consumers";

/** `change`, where it is set, makes another body of one. */
export class Front {
  requests = [];
  change = undefined;

  static async open(to) {
    const f = new Front();
    f.server = createServer((q, r) => {
      f.pass(to, q, r).catch((e) => r.writeHead(502).end(String(e)));
    });
    await new Promise((done, no) => f.server.once("error", no).listen(0, "127.0.0.1", done));
    f.url = `http://127.0.0.1:${f.server.address().port}`;
    return f;
  }
  async pass(to, q, r) {
    const came = await text(q);
    const body = this.change ? this.change(came) : came;
    this.requests.push({ method: q.method, path: q.url, type: q.headers["content-type"], body });
    const headers = { ...q.headers, "content-length": Buffer.byteLength(body), connection: "close" };
    const onward = request(to + q.url, { method: q.method, headers, agent: false }, (answer) => {
      r.writeHead(answer.statusCode, answer.headers);
      answer.pipe(r);
    });
    onward.on("error", (e) => r.writeHead(502).end(String(e)));
    onward.end(body);
  }
  async close() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
