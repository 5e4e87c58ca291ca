// receiver.cjs PORT FOLDER: the receiver of Genkit's developer tools, in a process of its own. It takes
// OTLP at /api/otlp/v1/traces, keeps what it understood in files, and shows it at /api/traces/ID.
// CommonJS: the package's other half names itself ECMAScript modules without being marked as such.
const { LocalFileLogStore, LocalFileTraceStore, startTelemetryServer } = require("@genkit-ai/telemetry-server");

const [port, folder] = process.argv.slice(2);
const at = { storeRoot: folder, indexRoot: folder };
startTelemetryServer({
  port: Number(port),
  traceStore: new LocalFileTraceStore({ ...at, filters: {} }), // it would leave some out, by their attributes
  logStore: new LocalFileLogStore(at),
});
