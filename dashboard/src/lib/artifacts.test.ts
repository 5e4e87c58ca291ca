import { describe, expect, it } from "vitest";
import { filesOf, measured, safeLink } from "./artifacts";
import type { Message } from "./types";

const here = "http://127.0.0.1:7777";
const links = (...of: string[]) => of.map((t) => safeLink(t, here));

describe("a text that agents wrote", () => {
  it("is a link where it leads to this server, or elsewhere with https", () => {
    expect(links("https://example.org/a?b#c", "/api/tickets/b-1", `${here}/readyz`)).toEqual(["https://example.org/a?b#c", `${here}/api/tickets/b-1`, `${here}/readyz`]);
    expect(safeLink("/api/tickets", "https://troupe.example")).toBe("https://troupe.example/api/tickets");
  });
  it("is no link where it would run, or be something else than it looks like", () => {
    expect(
      links(
        "javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:alert(1)", "\u0001javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
        "vbscript:x", "file:///etc/passwd", `blob:${here}/6b3c`, "ftp://example.org/a",
      ).filter(Boolean),
    ).toEqual([]);
    expect(links("http://example.org/a", "//example.org/a", "/\\example.org/a", "https://127.0.0.1@example.org/", "http://127.0.0.1:7778/").filter(Boolean)).toEqual([]);
  });
  it("is no link where it is a name", () => {
    expect(links("report.pdf", "out/report.pdf", "../report.pdf", "C:\\report.pdf", "", "/tmp/report.pdf", "report.pdf:1", "#/inbox").filter(Boolean)).toEqual([]);
  });
});

describe("artifacts of a ticket", () => {
  it("are the files that messages name, each once, and comments with numbers", () => {
    const said = (id: string, ...files: string[]): Message => ({ id, from: "agent:p.ada", to: "ticket:t", parts: [{ text: "See." }, ...files.map((file) => ({ file, media_type: "text/plain" }))] });
    expect(filesOf([said("m1"), said("m2", "a.log", "b.log"), said("m3", "a.log")]).map((f) => [f.name, f.media, f.message.id])).toEqual([["a.log", "text/plain", "m2"], ["b.log", "text/plain", "m2"]]);
    expect(measured([{ id: "c1", text: "x" }, { id: "c2", text: "x", metrics: {} }, { id: "c3", text: "x", metrics: { coverage: "81 %" } }]).map((c) => c.id)).toEqual(["c3"]);
  });
});
