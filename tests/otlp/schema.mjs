// The published schema, opentelemetry-proto, as the classes that OpenTelemetry generates from it.
import assert from "node:assert/strict";
import root from "@opentelemetry/otlp-transformer/build/src/generated/root.js";

const request = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
const { Span, Status } = root.opentelemetry.proto.trace.v1;

export const spansOf = (body) => body.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans));

/** With ids as the JSON of OTLP has them, in hex; protobuf's own has base64, which the classes read. */
function withIds(body, as) {
  const out = structuredClone(body);
  for (const span of spansOf(out)) for (const id of ["traceId", "spanId", "parentSpanId"]) if (id in span) span[id] = as(span[id]);
  return out;
}

const isId = (text, digits) => typeof text === "string" && new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`).test(text);

/**
 * Throws where this is no ExportTraceServiceRequest in the JSON of OTLP. The classes leave out what
 * they do not know and turn what they can into the type that they want; so whatever does not come
 * back from protobuf's bytes exactly as it went in was not what the schema says.
 */
export function conforms(body) {
  for (const span of spansOf(body)) {
    assert.ok(isId(span.traceId, 32), `traceId ${span.traceId}`);
    assert.ok(isId(span.spanId, 16), `spanId ${span.spanId}`);
    assert.ok(!("parentSpanId" in span) || isId(span.parentSpanId, 16), `parentSpanId ${span.parentSpanId}`);
  }
  const message = request.fromObject(withIds(body, (hex) => Buffer.from(hex, "hex")));
  assert.equal(request.verify(message), null);
  const back = request.toObject(request.decode(request.encode(message).finish()), { longs: String });
  assert.deepStrictEqual(
    withIds(back, (bytes) => Buffer.from(bytes).toString("hex")),
    body,
  );
  // What the schema says in words.
  for (const span of spansOf(body)) {
    assert.notEqual(span.name, "");
    assert.ok(span.kind in Span.SpanKind && span.kind !== 0, `kind ${span.kind}`);
    assert.ok((span.status.code ?? 0) in Status.StatusCode, `status ${span.status.code}`);
    assert.ok(BigInt(span.startTimeUnixNano) > 0n && BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano), "times");
    const keys = span.attributes.map((a) => a.key);
    assert.equal(new Set(keys).size, keys.length, `a key twice in ${keys}`);
  }
}
