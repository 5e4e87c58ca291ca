// A server before the server: passes everything on, but answers /api/watch with lines of its own, as
// docs/watch.md has them, as many a second as a test wants. What a page does with thousands of them
// must not depend on what a machine that runs tests can do.
import { createServer, request } from "node:http";

const names = Array.from({ length: 24 }, (_, n) => `agent:duration.dev-${n}`);
const kinds = ["question", "answer", "report", "verdict", "note"];

export class TapFront {
  rate = 10; // lines a second, of each watch
  asked = []; // the queries of /api/watch
  sent = 0;
  open = 0; // watches
  refusal; // a problem to answer with, in place of lines

  static async before(url) {
    const f = new TapFront();
    f.target = new URL(url);
    f.server = createServer((from, to) => (from.url.startsWith("/api/watch") ? f.watch(from, to) : f.pass(from, to)));
    await new Promise((done) => f.server.listen(0, "127.0.0.1", done));
    f.url = `http://127.0.0.1:${f.server.address().port}`;
    return f;
  }
  async close() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  pass(from, to) {
    const on = request({ host: this.target.hostname, port: this.target.port, method: from.method, path: from.url, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers);
      answer.pipe(to);
      answer.on("aborted", () => to.destroy());
    });
    on.on("error", () => to.destroy());
    to.on("close", () => on.destroy());
    from.pipe(on);
  }

  watch(from, to) {
    this.asked.push(Object.fromEntries(new URL(from.url, this.url).searchParams));
    if (this.refusal) {
      to.writeHead(this.refusal.status, { "Content-Type": "application/problem+json" }).end(JSON.stringify(this.refusal));
      return;
    }
    to.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    let number = 0;
    const begun = performance.now();
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - begun) / 1000) * this.rate);
      let lines = "";
      for (; number < due; ++number, ++this.sent) lines += `data: ${JSON.stringify(this.line(number))}\n\n`;
      if (lines) to.write(lines);
    }, 5);
    ++this.open;
    to.on("close", () => {
      --this.open;
      clearInterval(timer);
    });
    to.flushHeaders();
    /** Says a line to the last one who asked; breaks his link, or ends it as a server does that has said all. */
    this.say = (line, id) => to.write(`${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(line)}\n\n`);
    this.cut = () => to.destroy();
    this.end = () => to.end();
  }
  line(number) {
    const bad = number % 97 === 0;
    return {
      type: "record", at_us: Date.now() * 1000, point: number % 3 === 0 ? "dispatch" : "send", outcome: bad ? "conflict" : "ok", kind: kinds[number % kinds.length],
      from: names[number % names.length], to: number % 2 ? `ticket:load-${number % 400}` : names[(number * 7 + 1) % names.length],
      project: "duration", latency_us: 80 + (number % 900), thread: 1, number, content: `What ${number} says.`,
    };
  }
}
