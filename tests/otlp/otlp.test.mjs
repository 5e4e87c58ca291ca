// A ticket's whole life, with real daemons, as a receiver of OTLP that others wrote understood it; and
// everything that was sent to it, held against the published schema.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Stage, freePort, until } from "../../dashboard/e2e/stage.mjs";
import { Front } from "./front.mjs";
import { conforms, spansOf } from "./schema.mjs";

const path = "/api/otlp/v1/traces"; // the receiver's; a path that is named is taken as it is
const trace = "0af7651916cd43dd8448eb211c80319c";
const refused = "1af7651916cd43dd8448eb211c80319c";
const caller = "b7ad6b7169203331";
const work = { project: "duration", title: "Accept weeks", text: "parse_duration accepts w, week and weeks.", role: "dev", criteria: ["2w is 14 days."] };

const folder = mkdtempSync(join(tmpdir(), "troupe-otlp-"));
let receiver, stage, front, child, ticket, called;

/** A call that belongs to the caller's trace. */
async function traced(id, method, path, body) {
  const headers = { Authorization: `Bearer ${stage.token}`, "Content-Type": "application/json", traceparent: `00-${id}-${caller}-01` };
  const r = await fetch(stage.url + path, { method, headers, body: JSON.stringify(body) });
  return { status: r.status, body: await r.json() };
}
/** The receiver's spans of a trace. */
async function understood(id) {
  const text = await (await fetch(`${receiver}/api/traces/${id}`)).text();
  return text === "" ? [] : Object.values(JSON.parse(text).spans);
}
const sent = (id) => front.requests.flatMap((q) => spansOf(JSON.parse(q.body))).filter((s) => s.traceId === id);
const named = (spans, name) => spans.filter((s) => s.displayName === name);
async function metric(name) {
  const r = await fetch(`${stage.url}/metrics`, { headers: { Authorization: `Bearer ${stage.token}` } });
  const line = (await r.text()).split("\n").find((l) => l.startsWith(`${name} `));
  return Number(line?.split(" ")[1]);
}

before(async () => {
  const port = await freePort();
  receiver = `http://127.0.0.1:${port}`;
  const program = fileURLToPath(new URL("receiver.cjs", import.meta.url));
  // Its home is the scratch folder too, should it ever want to remember something.
  child = spawn(process.execPath, [program, String(port), folder], { env: { ...process.env, HOME: folder }, stdio: ["ignore", "inherit", "inherit"] });
  await until("the receiver", async () => child.exitCode !== null || (await fetch(`${receiver}/api/__health`)).ok);
  assert.equal(child.exitCode, null, "the receiver ended");
  front = await Front.open(receiver);
  stage = await Stage.open(undefined, ["--set", `telemetry.otlp_endpoint=${front.url}${path}`]);
  await stage.makeProject();
  await stage.startDaemons();
  called = Date.now();
  const made = await traced(trace, "POST", "/api/tickets", work);
  assert.equal(made.status, 201);
  ticket = made.body.id;
  const no = await traced(refused, "POST", "/api/tickets/none/cancel", { why: "Not needed." });
  assert.equal(no.status, 404);
  await until("the ticket to be done", async () => (await stage.get(`/api/tickets/${ticket}`)).status === "DONE", 60_000);
});
after(async () => {
  await stage?.close();
  await front?.close();
  if (child && child.exitCode === null) {
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL"); // it keeps nothing that is needed
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

const stages = (spans) => [...new Set(named(spans, "daemon.attempt").map((s) => s.attributes["troupe.stage"]))];

/** Whether each has its parent: a command ends after its commit, and may come a batch later. */
const adopted = (spans) => {
  const ids = new Set(spans.map((s) => s.spanId));
  return spans.every((s) => s.parentSpanId === caller || ids.has(s.parentSpanId));
};

/** Throws where this is not the whole trace of the ticket. */
function whole(spans, id) {
  const byId = new Map(spans.map((s) => [s.spanId, s]));
  const above = (s) => byId.get(s.parentSpanId);
  const first = (name) => named(spans, name)[0] ?? assert.fail(`no ${name}`);
  const kinds = { "POST /api/tickets": "SERVER", "journal.commit": "INTERNAL", "daemon.attempt": "CLIENT" };
  // On a machine that is busy with something else an attempt can be lost, and made again.
  const sure = new Set(["POST /api/tickets", "run.create", "ticket.open", "journal.commit"]);
  for (const s of spans) {
    assert.equal(s.traceId, id);
    assert.equal(s.spanKind, kinds[s.displayName] ?? (s.displayName.startsWith("message.") ? "PRODUCER" : "CONSUMER"), s.displayName);
    assert.ok(s.startTime >= called && s.endTime >= s.startTime && s.endTime <= Date.now() + 1, `times of ${s.displayName}`);
    if (sure.has(s.displayName)) assert.equal(s.status, undefined, s.displayName);
    assert.equal(s.instrumentationLibrary.name, "troupe");
    if (s.displayName === "POST /api/tickets") continue;
    assert.ok(above(s), `${s.displayName} without its parent`);
    assert.ok(s.startTime >= above(s).startTime, `${s.displayName} before its parent`);
    if (s.spanKind === "CONSUMER") assert.match(s.attributes["troupe.queue_ns"], /^\d+$/);
    if (s.displayName === "journal.commit") assert.ok(above(s).attributes["troupe.entity"]);
    if (s.displayName === "ticket.finish") assert.equal(above(s).displayName, "daemon.attempt");
    if (s.displayName === "daemon.attempt") assert.equal(above(s).attributes["troupe.entity"], `default/ticket/${ticket}`);
  }
  const server = first("POST /api/tickets");
  assert.equal(server.parentSpanId, caller);
  // 64-bit numbers are text in the JSON of OTLP, and the receiver leaves them so.
  assert.deepEqual(server.attributes, { "http.request.method": "POST", "http.route": "/api/tickets", "http.response.status_code": "201" });
  const run = first("run.create");
  assert.equal(above(run), server);
  assert.ok(server.endTime >= run.endTime, "answered before the run was made");
  const open = first("ticket.open");
  assert.equal(above(open), run);
  assert.equal(open.attributes["troupe.entity"], `default/ticket/${ticket}`);
  assert.ok(named(spans, "journal.commit").some((s) => above(s) === open && s.attributes["troupe.events"] === "2"));
  const asked = first("message.question");
  assert.equal(asked.attributes["troupe.from"], `ticket:${ticket}`);
  assert.equal(asked.attributes["troupe.to"], "agent:duration.pm");
  assert.ok(named(spans, "agent.receive").some((s) => above(s) === asked));
  assert.deepEqual(stages(spans), ["develop", "review", "gates", "merge"]);
  first("run.ticket_ended");
}

test("a ticket's whole life is one trace at the receiver, from the caller on", async () => {
  const spans = await until("the last spans", async () => {
    const got = await understood(trace);
    return got.length === sent(trace).length && stages(got).includes("merge") && named(got, "run.ticket_ended").length > 0 && adopted(got) && got;
  });
  whole(spans, trace);
  assert.equal(await metric("troupe_trace_spans_rejected_total"), 0);
  await until("the spans to be counted", async () => (await metric("troupe_trace_spans_sent_total")) >= sent(trace).length);
});

test("a command that is refused is an error at the receiver", async () => {
  const [span] = await until("the refusal", async () => {
    const found = named(await understood(refused), "ticket.cancel");
    return found.length > 0 && named(await understood(refused), "POST /api/tickets/{id}/cancel").length > 0 && found;
  });
  assert.equal(span.status.code, 2);
  assert.notEqual(span.status.message ?? "", "");
  assert.equal(span.attributes["error.type"], "not_found");
});

test("every request is what the published schema says", () => {
  assert.ok(front.requests.length > 1);
  for (const q of front.requests) {
    assert.deepEqual([q.method, q.path, q.type], ["POST", path, "application/json"]);
    const body = JSON.parse(q.body);
    conforms(body);
    for (const { resource } of body.resourceSpans) {
      const who = Object.fromEntries(resource.attributes.map((a) => [a.key, a.value.stringValue]));
      assert.deepEqual(Object.keys(who), ["service.name", "service.version", "service.instance.id"]);
      assert.equal(who["service.name"], "troupe");
    }
  }
});

// That the tests above can fail.

test("what is not in the schema is found", () => {
  const good = JSON.parse(front.requests.find((q) => q.body.includes('"parentSpanId"')).body);
  conforms(good);
  const wrong = {
    "an unknown member": (s) => (s.duration = 5),
    "snake case": (s) => ((s.span_id = s.spanId), delete s.spanId),
    "an id in base64": (s) => (s.traceId = Buffer.from(s.traceId, "hex").toString("base64")),
    "an id that is too short": (s) => (s.spanId = s.spanId.slice(2)),
    "an id of zeros": (s) => (s.parentSpanId = "0".repeat(16)),
    "a time that is a number": (s) => (s.startTimeUnixNano = Number(s.startTimeUnixNano)),
    "a time that is no number": (s) => (s.endTimeUnixNano = "now"),
    "an end before the start": (s) => (s.endTimeUnixNano = "1"),
    "a kind by its name": (s) => (s.kind = "SPAN_KIND_SERVER"),
    "a kind that is none": (s) => (s.kind = 6),
    "a status that is none": (s) => (s.status = { code: 3 }),
    "a name that is no text": (s) => (s.name = 7),
    "attributes that are no list": (s) => (s.attributes = { "http.route": "/" }),
    "a value without its type": (s) => (s.attributes[0].value = "x"),
    "a value of a wrong type": (s) => (s.attributes[0].value = { intValue: 7 }),
    "a key twice": (s) => s.attributes.push(s.attributes[0]),
  };
  for (const [what, change] of Object.entries(wrong)) {
    const bad = structuredClone(good);
    change(spansOf(bad)[0]);
    assert.throws(() => conforms(bad), undefined, what);
  }
});

test("a trace that was tampered with on its way is found at the receiver", async () => {
  /** Sends all of the trace again, under another id and with one span changed. */
  const again = async (id, name, change) => {
    let done = false;
    for (const q of front.requests) {
      const body = JSON.parse(q.body.replaceAll(trace, id));
      const span = done ? undefined : spansOf(body).find((s) => s.traceId === id && s.name === name);
      if (span) {
        change(span);
        done = true;
      }
      const r = await fetch(receiver + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      assert.equal(r.status, 200);
    }
    assert.ok(done, name);
    return understood(id);
  };
  const wrong = [
    ["POST /api/tickets", (s) => (s.parentSpanId = "00f067aa0ba902b7")],
    ["POST /api/tickets", (s) => (s.kind = 3)],
    ["POST /api/tickets", (s) => (s.attributes[2].value = { intValue: "500" })],
    ["ticket.open", (s) => (s.parentSpanId = caller)],
    ["ticket.open", (s) => (s.name = "ticket.opened")],
    ["ticket.start", (s) => (s.startTimeUnixNano = "1600000000000000000")],
    ["journal.commit", (s) => (s.status = { code: 2 })],
    ["daemon.attempt", (s) => (s.traceId = refused)],
  ];
  const other = (n) => trace.slice(0, -2) + String(n).padStart(2, "0");
  whole(await again(other(99), "ticket.open", () => {}), other(99)); // unchanged, it is whole
  for (const [n, [name, change]] of wrong.entries()) {
    const got = await again(other(n), name, change);
    assert.throws(() => whole(got, other(n)), assert.AssertionError, `${name}, ${change}`);
  }
});

test("what the receiver refuses is counted as such", async () => {
  front.change = (body) => body.replaceAll('"scopeSpans"', '"scopes"');
  await stage.get("/api/projects");
  await until("the refusal", async () => (await metric("troupe_trace_spans_rejected_total")) > 0);
  front.change = undefined;
  const later = "2af7651916cd43dd8448eb211c80319c";
  assert.equal((await traced(later, "POST", "/api/tickets/none/cancel", { why: "Not needed." })).status, 404);
  await until("what comes after it", async () => (await understood(later)).length > 0);
});
