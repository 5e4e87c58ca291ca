import { describe, expect, it } from "vitest";
import { blank, linesOf, parseDraft } from "./draft";

describe("a draft", () => {
  it("is an object, and what is none is said with its place", () => {
    expect(parseDraft('{"title":"Weeks"}').content).toEqual({ title: "Weeks" });
    expect(parseDraft("[]").wrong).toMatch(/is an object/);
    expect(parseDraft("null").wrong).toMatch(/is an object/);
    expect(parseDraft('{\n  "title": Weeks\n}').wrong).toMatch(/line 2, column 12/);
    expect(parseDraft('{"a": 1,\n "b": [1, 2\n}').wrong).toMatch(/line 3, column 1/);
    expect(parseDraft('{"a": "b"').wrong).toMatch(/ends too early/);
  });
  it("begins with what is needed", () => {
    for (const kind of ["brief", "plan"] as const) expect(parseDraft(JSON.stringify(blank[kind])).content).toEqual(blank[kind]);
  });
  it("has findings one a line", () => expect(linesOf(" a \n\n b\n")).toEqual(["a", "b"]));
});
