// The filter of Traffic: what is asked of the server, and which of what is here already it lets
// through. The grammar is that of docs/watch.md; what is wrong in a filter the server says.
import { hash64 } from "./hash";
import type { TapRecord } from "./watch";

export interface Preset {
  name: string;
  filter: string;
  /** What it shows, in words. */
  shows: string;
}
/** The first one is what a fresh visit has. */
export const presets: readonly [Preset, ...Preset[]] = [
  { name: "Team", filter: "point in (send, effect)", shows: "messages between agents, tickets and people, and what is asked of engines and daemons" },
  { name: "Commits", filter: "point=journal and direction=out and not errors", shows: "events as they are stored" },
  { name: "Errors", filter: "errors", shows: "what was refused, lost or failed" },
  { name: "Everything", filter: "", shows: "every record, the requests of this page as well" },
];

/** In an address no filter is the first preset; the empty one, which lets everything through, has a sign that is no filter. */
const everything = "*";
export const filterOf = (param: string | undefined): string => (param === undefined || param === "" ? presets[0].filter : param === everything ? "" : param);
export const paramOf = (filter: string): string => (filter === presets[0].filter ? "" : filter.trim() === "" ? everything : filter);

/** What a filter asks of: a record, or a message of the ledger as the send point would tell it. */
export type Told = Pick<TapRecord, "point" | "outcome"> & Partial<TapRecord> & { correlation?: string };
type Test = (r: Told) => boolean;

class NotHere extends Error {}

interface Token {
  is: "word" | "quoted" | "mark" | "end";
  text: string;
}
const token = /\s*(?:"((?:[^"\\]|\\[^])*)"|([A-Za-z0-9\u0080-\uffff._:/@+#~*{}-]+)|([<>!]=|[()=<>,]))/y;

function tokensOf(text: string): Token[] {
  const out: Token[] = [];
  for (token.lastIndex = 0; text.slice(token.lastIndex).trim() !== ""; ) {
    const [, quoted, word, mark] = token.exec(text) ?? [];
    if (quoted !== undefined) out.push({ is: "quoted", text: quoted.replace(/\\([^])/g, "$1") });
    else if (word !== undefined) out.push({ is: "word", text: word });
    else if (mark !== undefined) out.push({ is: "mark", text: mark });
    else throw new NotHere();
  }
  return out;
}

const points = new Set(["send", "admit", "dispatch", "journal", "effect", "gateway"]);
const noError = new Set(["open", "ok", "duplicate"]);
const named = ["point", "direction", "outcome", "kind", "from", "to", "project", "brief", "ticket"] as const;
const microseconds: Record<string, number> = { us: 1, ms: 1e3, s: 1e6, min: 60e6 };
const compare: Record<string, (a: number, b: number) => boolean> = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b };

/** Of a name that was cut only the beginning is known; it agrees with what begins so. */
function agrees(have: string | undefined, wanted: string, prefix: boolean): boolean {
  if (!have) return false;
  if (have.endsWith("...")) {
    const begin = have.slice(0, -3);
    return wanted.startsWith(begin) || (prefix && begin.startsWith(wanted));
  }
  return prefix ? have.startsWith(wanted) : have === wanted;
}
/** An agent is known by its id, and by its name in its project. */
const agentNames = (id: string | undefined): string[] => (id ? [id, ...(id.includes(".") ? [id.slice(id.indexOf(".") + 1)] : [])] : []);
const agentOf = (principal: string | undefined): string | undefined => (principal?.startsWith("agent:") ? principal.slice(6) : undefined);

class Parser {
  private at = 0;
  constructor(private readonly tokens: Token[]) {}

  whole(): Test {
    const test = this.any();
    if (this.now.is !== "end") throw new NotHere();
    return test;
  }
  private get now(): Token {
    return this.tokens[this.at] ?? { is: "end", text: "" };
  }
  private next(): Token {
    const t = this.now;
    this.at += 1;
    return t;
  }
  private took(is: Token["is"], text: string): boolean {
    const found = this.now.is === is && this.now.text.toLowerCase() === text;
    if (found) this.at += 1;
    return found;
  }
  private must(is: Token["is"], text: string): void {
    if (!this.took(is, text)) throw new NotHere();
  }
  private any(): Test {
    const all = [this.all()];
    while (this.took("word", "or")) all.push(this.all());
    return all.length === 1 ? (all[0] as Test) : (r) => all.some((t) => t(r));
  }
  private all(): Test {
    const all = [this.one()];
    while (this.took("word", "and")) all.push(this.one());
    return all.length === 1 ? (all[0] as Test) : (r) => all.every((t) => t(r));
  }
  private one(): Test {
    if (this.took("word", "not")) {
      const inner = this.one();
      return (r) => !inner(r);
    }
    if (this.took("mark", "(")) {
      const inner = this.any();
      this.must("mark", ")");
      return inner;
    }
    const { is, text: field } = this.next();
    if (is !== "word") throw new NotHere();
    if (field === "errors") return (r) => !noError.has(r.outcome);
    if (field === "latency") return this.latency();
    const negated = this.took("mark", "!=");
    if (negated || this.took("mark", "=")) return this.values(field, [this.next()], negated);
    const out = this.took("word", "not");
    this.must("word", "in");
    this.must("mark", "(");
    const list = [this.next()];
    while (this.took("mark", ",")) list.push(this.next());
    this.must("mark", ")");
    return this.values(field, list, out);
  }
  private latency(): Test {
    const how = compare[this.next().text];
    const [, digits, unit] = /^(\d+)([a-z]+)$/.exec(this.next().text) ?? [];
    const one = microseconds[unit ?? ""];
    if (!how || !one) throw new NotHere();
    return (r) => r.latency_us !== undefined && how(r.latency_us, Number(digits) * one);
  }
  private values(field: string, tokens: Token[], negated: boolean): Test {
    if (tokens.some((t) => t.is === "mark" || t.is === "end")) throw new NotHere();
    const test = this.oneOf(field, tokens);
    return negated ? (r) => !test(r) : test;
  }
  private oneOf(field: string, tokens: Token[]): Test {
    const patterns = tokens.map(({ is, text }) => (is === "word" && text.endsWith("*") ? { text: text.slice(0, -1), prefix: true } : { text, prefix: false }));
    const is = (have: string | undefined): boolean => patterns.some((p) => agrees(have, p.text, p.prefix));
    if (field === "agent") return (r) => [agentOf(r.from), agentOf(r.to), r.agent].some((id) => agentNames(id).some(is));
    if (field === "conversation") {
      const wanted = new Set(patterns.map((p) => hash64(p.text)));
      return (r) => wanted.has(r.conversation ?? (r.correlation ? hash64(r.correlation) : ""));
    }
    const name = named.find((n) => n === field);
    if (!name) throw new NotHere(); // of the tenant, say, nothing is told here
    // The name of a choke point as a kind means the choke point.
    const at = new Set(field === "kind" ? tokens.filter((t) => t.is === "word" && points.has(t.text)).map((t) => t.text) : []);
    return (r) => is(r[name]) || at.has(r.point);
  }
}

/** What a filter lets through; undefined where only the server can say, or where it is wrong. */
export function compile(filter: string): Test | undefined {
  try {
    const tokens = tokensOf(filter);
    return tokens.length === 0 ? () => true : new Parser(tokens).whole();
  } catch (e) {
    if (e instanceof NotHere) return undefined;
    throw e;
  }
}
