// The demo's stage for the browser: a real server on a free port, a real repository, two daemons
// with the demo's script in place of a model. Every process is ended by its id.
import { execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, openSync, closeSync, existsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const troupe = process.env.TROUPE_PROGRAM ?? fileURLToPath(new URL("../../build/dev/cli/troupe", import.meta.url));
const demo = fileURLToPath(new URL("../../demo", import.meta.url));

/** Waits until `so` gives something; never how long that takes, only how long it may. */
export async function until(what, so, patience = 30_000) {
  const end = Date.now() + patience;
  let last;
  for (;;) {
    try {
      const found = await so();
      if (found) return found;
    } catch (e) {
      last = e;
    }
    if (Date.now() > end) throw new Error(`waited in vain for ${what}${last ? `: ${last.message}` : ""}`);
    await sleep(50);
  }
}

/** From below the ports that the kernel gives out by itself: one of these could be anybody's by the
 * time that a server which was killed is started again. */
export async function freePort() {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(20_000, 32_000);
    const free = await new Promise((done) => {
      const s = createServer();
      s.once("error", () => done(false));
      s.listen(port, "127.0.0.1", () => s.close(() => done(true)));
    });
    if (free) return port;
  }
  throw new Error("no free port");
}

export class Stage {
  children = new Map();
  more = [];

  /**
   * With a new ledger, or with a copy of the one in `data`; `more` are further flags of the server,
   * `env` is its environment besides that of the test, `script` what engines and coders say in place
   * of the demo's script, and `used` what every attempt says that it used.
   */
  static async open(data, more = [], { env = {}, script, used } = {}) {
    const s = new Stage();
    s.more = more;
    s.env = env;
    s.used = used;
    s.folder = mkdtempSync(join(tmpdir(), "troupe-dashboard-"));
    s.port = await freePort();
    s.url = `http://127.0.0.1:${s.port}`;
    s.script = join(demo, "script.json");
    if (script) writeFileSync((s.script = join(s.folder, "script.json")), JSON.stringify(script));
    const seed = join(s.folder, "seed");
    cpSync(join(demo, "repository"), seed, { recursive: true });
    const git = (in_, ...a) => execFileSync("git", ["-c", "user.name=Mara", "-c", "user.email=mara@example.org", "-c", "init.defaultBranch=main", ...a], { cwd: in_, stdio: "pipe" });
    git(seed, "init", "-q");
    git(seed, "add", "-A");
    git(seed, "commit", "-q", "-m", "Read durations as people write them");
    git(s.folder, "clone", "-q", "--bare", seed, join(s.folder, "origin.git"));
    if (data) cpSync(data, join(s.folder, "server"), { recursive: true });
    await s.startServer();
    s.token = await until("the admin token", () => readFileSync(join(s.folder, "server", "admin.token"), "utf8").trim());
    return s;
  }

  start(name, args, env = {}) {
    const log = openSync(join(this.folder, `${name}.log`), "a");
    const child = spawn(troupe, args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.children.set(name, child);
    return child;
  }
  async stop(name, signal = "SIGTERM") {
    const child = this.children.get(name);
    this.children.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), 8_000);
    await gone;
    clearTimeout(timer);
  }
  async close() {
    await this.vite?.close();
    for (const name of [...this.children.keys()].reverse()) await this.stop(name);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async startServer() {
    this.start(
      "server",
      [
        "serve", "--data", join(this.folder, "server"), "--port", String(this.port), "--script", this.script,
        "--heartbeat-ms", "500", "--resend-ms", "1000", "--grace-ms", "3000", ...this.more,
      ],
      this.env,
    );
    await until("the server to answer", async () => (await fetch(`${this.url}/readyz`)).ok);
  }
  /** Where the page is: in the binary, with SOURCE=1 as its sources are now, with SOURCE=built as Vite builds them. */
  async page() {
    if (!process.env.SOURCE) return this.url;
    const vite = await import("vite");
    // A server that dies must be seen to die, also through the proxy.
    const configure = (proxy) => {
      proxy.on("proxyRes", (from, _, answer) => from.on("aborted", () => answer.destroy()));
      proxy.on("error", (_, __, answer) => answer.destroy?.());
    };
    const to = { target: this.url, changeOrigin: false, configure };
    const proxy = { "/api": to, "/readyz": to };
    if (process.env.SOURCE === "built") {
      const outDir = join(this.folder, "dist");
      await vite.build({ build: { outDir }, logLevel: "silent" });
      this.vite = await vite.preview({ build: { outDir }, preview: { port: await freePort(), host: "127.0.0.1", proxy }, logLevel: "silent" });
    } else {
      this.vite = await vite.createServer({ server: { port: 0, host: "127.0.0.1", hmr: false, proxy }, logLevel: "silent" });
      await this.vite.listen();
    }
    return `http://127.0.0.1:${this.vite.httpServer.address().port}`;
  }
  async killServer() {
    await this.stop("server", "SIGKILL");
  }

  async call(method, path, body) {
    const r = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await r.text();
    if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
  get(path) {
    return this.call("GET", path);
  }

  /**
   * The demo's team; `more` are further members of the roster, `engines` those of members that have
   * another one, `without` members that are left out, `limits` those that are other than the demo's.
   */
  async makeProject(id = "duration", more = [], name = "Duration", engines = {}, { without = [], limits = {} } = {}) {
    const member = (name, role, engine, capacity) => ({ name, role, engine: engines[name] ?? engine, ...(capacity ? { capacity } : {}) });
    await this.call("POST", "/api/projects", {
      id, name, template_name: "standard@1",
      config: {
        repository: join(this.folder, "origin.git"), target_branch: "main", test_command: "prove -l t",
        roster: [
          member("chief", "chief-of-staff", "rules"), member("pm", "pm", "scripted"), member("lead", "tech-lead", "scripted", 2), member("qa", "qa", "rules"),
          member("ada", "dev", "scripted"), member("bob", "dev", "scripted"), member("eve", "dev", "scripted"), ...more,
        ].filter((m) => !without.includes(m.name)),
        limits: { lease: 4000, rounds: 2, stall: 120000, ...limits },
      },
    });
  }
  startDaemon(name) {
    const data = join(this.folder, name);
    this.start(name, ["daemon", "run", "--data", data, "--slots", "3", "--profiles", join(data, "profiles")]);
  }
  async startDaemons() {
    for (const name of ["laptop-1", "laptop-2"]) {
      const data = join(this.folder, name);
      const { code } = await this.call("POST", "/api/daemons/codes");
      execFileSync(troupe, ["daemon", "enroll", "--server", this.url, "--code", code, "--name", name, "--data", data], { stdio: "pipe" });
      mkdirSync(join(data, "profiles"), { recursive: true });
      let begun = `program = "${troupe}"\narguments = ["scripted-coder", "--script", "${this.script}"]`;
      if (this.used) {
        const coder = join(data, "coder.sh");
        writeFileSync(coder, `#!/bin/sh\necho '${JSON.stringify({ type: "usage", ...this.used })}'\nexec "${troupe}" scripted-coder --script "${this.script}"\n`, { mode: 0o755 });
        begun = `program = "${coder}"`;
      }
      writeFileSync(
        join(data, "profiles", "scripted.toml"),
        `name = "scripted"\nsummary = "the demo's script"\n${begun}\nformat = "jsonl"\n[exit_codes]\n0 = "done"\n2 = "changes_requested"\n`,
      );
      this.startDaemon(name);
    }
    await until("both daemons", async () => (await this.get("/api/daemons?status=online")).items.length === 2);
  }
  /** Submits the demo's meeting; its id. */
  async submitMeeting(project = "duration") {
    const brief = await this.call("POST", "/api/briefs", { project, name: "meeting.vtt", text: readFileSync(join(demo, "meeting.vtt"), "utf8") });
    return brief.id;
  }
}

/** Debian's Chromium, or another one that is there. */
export function chromium() {
  const found = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => p && existsSync(p));
  if (!found) throw new Error("no Chromium; install Debian's package chromium");
  return found;
}
