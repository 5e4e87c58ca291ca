// Drafts as JSON, as docs/content.md has them: what the page itself can say about one before the
// server checks it.

/** Empty drafts with what is needed, for who begins with nothing. */
export const blank: Record<"brief" | "plan", object> = {
  brief: { title: "", goal: "", requirements: [{ key: "R1", title: "", text: "", criteria: [""] }], decisions: [], open_questions: [], out_of_scope: [] },
  plan: { items: [{ key: "1", title: "", text: "", role: "dev", criteria: [""], requirements: ["R1"], blocked_by: [] }] },
};

export type Parsed = { content: object; wrong?: undefined } | { content?: undefined; wrong: string };

/** The draft, or where its text is no JSON. */
export function parseDraft(text: string): Parsed {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content !== "object" || content === null || Array.isArray(content)) return { wrong: "a draft is an object: { … }" };
    return { content };
  } catch {
    const at = endOfGood(text);
    const before = text.slice(0, at).split("\n");
    return { wrong: `this is no JSON${at >= text.length ? ": it ends too early" : ""}, see line ${before.length}, column ${(before[before.length - 1] ?? "").length + 1}` };
  }
}

/**
 * How much of a text could be the beginning of JSON. Engines do not agree on saying it, but do on
 * this: what only ends too early is refused at its end.
 */
function endOfGood(text: string): number {
  const couldGoOn = (n: number): boolean => {
    try {
      JSON.parse(text.slice(0, n));
      return true;
    } catch (e) {
      const said = String(e);
      return /end of JSON input|end of data|Unterminated|unterminated/.test(said) || Number(/position (\d+)/.exec(said)?.[1] ?? -1) >= n;
    }
  };
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (couldGoOn(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Findings of a critique, one a line. */
export const linesOf = (text: string): string[] => text.split("\n").map((l) => l.trim()).filter(Boolean);
