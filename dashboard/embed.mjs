// Compresses what Vite made and writes it as one C++ file: embed.mjs DIST OUTPUT.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [, , dist, output] = process.argv;
const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Bytes as C++ string literals: three octal digits each, so that no digit after one joins it. */
function literal(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 64)
    lines.push(
      '"' + Array.from(bytes.subarray(at, at + 64), (b) => "\\" + b.toString(8).padStart(3, "0")).join("") + '"',
    );
  return lines.length === 0 ? '""' : "\n" + lines.join("\n");
}

const names = readdirSync(dist, { recursive: false, withFileTypes: true }).flatMap((e) =>
  e.isDirectory() ? readdirSync(join(dist, e.name)).map((n) => join(e.name, n)) : [e.name],
);
const rows = names.sort().map((name) => {
  const type = types[extname(name)];
  if (!type) throw new Error(`embed: no content type for ${name}`);
  const plain = readFileSync(join(dist, name));
  const gzip = gzipSync(plain, { level: 9 });
  const brotli = brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
  const part = (bytes) => `{${literal(bytes)}, ${bytes.length}}`;
  const short = name.replace(/^assets\//, "");
  return `      {"${short}", "${type}", ${part(plain)}, ${part(gzip)}, ${part(brotli)}}`;
});
writeFileSync(
  output,
  `// Made by dashboard/embed.mjs.
#include "gateway/routes/dashboard.hpp"

std::vector<troupe::dashboard_file> const& troupe::dashboard_files() {
  static std::vector<dashboard_file> const all = {
${rows.join(",\n")},
  };
  return all;
}
`,
);
