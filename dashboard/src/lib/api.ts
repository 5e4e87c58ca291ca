// The server's API as the pages use it. Everything shown comes from here: nothing is guessed.

/** A refusal of the server (RFC 9457), or no answer at all (status 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** What went wrong, as a refusal. */
export const asRefusal = (e: unknown): Refusal => (e instanceof Refusal ? e : new Refusal(0, String(e)));

export interface Page<T> {
  items: T[];
  total?: number;
  cursor?: string;
  after?: number;
}

export async function refusalOf(response: Response): Promise<Refusal> {
  try {
    const body = (await response.json()) as Record<string, unknown>;
    return new Refusal(response.status, String(body["detail"] ?? body["title"] ?? response.statusText), body);
  } catch {
    return new Refusal(response.status, `${response.status} ${response.statusText}`);
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request. What changes something carries a key, so that a second try does it once. */
export async function call<T>(
  method: Method,
  path: string,
  body?: unknown,
  options: { token?: string; signal?: AbortSignal } = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (options.token) headers["Authorization"] = `Bearer ${options.token}`;
  if (method !== "GET" && !path.startsWith("/api/session")) headers["Idempotency-Key"] = crypto.randomUUID();
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (options.signal) init.signal = options.signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (e) {
    if (options.signal?.aborted) throw e;
    throw new Refusal(0, "The server does not answer.");
  }
  if (!response.ok) throw await refusalOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** What can be done with the thing at `path`, each without an argument; `then` runs when it is done. */
export const deeds =
  (path: string, then: () => Promise<void>) =>
  (what: string) =>
  async (): Promise<void> => {
    await call("POST", `${path}/${what}`, {});
    await then();
  };

export const get = <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal ? { signal } : {});

/** `{a: "1", b: ""}` as `?a=1`. */
export function query(values: Record<string, string | number | undefined>): string {
  const parts = Object.entries(values).flatMap(([k, v]) =>
    v === undefined || v === "" ? [] : [`${encodeURIComponent(k)}=${encodeURIComponent(String(v))}`],
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** Every page of a list, up to `most` items; `whole` says whether that was all. */
export async function all<T>(
  path: string,
  most: number,
  signal?: AbortSignal,
): Promise<{ items: T[]; total: number; whole: boolean }> {
  const items: T[] = [];
  let cursor: string | undefined;
  let total = 0;
  do {
    const glue = path.includes("?") ? "&" : "?";
    const page: Page<T> = await get(`${path}${glue}limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, signal);
    items.push(...page.items);
    total = Math.max(page.total ?? 0, items.length);
    cursor = page.cursor;
  } while (cursor && items.length < most);
  return { items, total, whole: !cursor };
}

type Filter = Record<string, string | number | undefined>;
type Numbered = { n?: number };

/** Events of a filter with an `n` above `after`, up to and with `to`. */
export async function eventsBetween<T extends Numbered>(filter: Filter, after: number, to: number, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  for (let at: number | undefined = after; at !== undefined && at < to; ) {
    const page: Page<T> = await get(`/api/events${query({ ...filter, after: at, limit: 1000 })}`, signal);
    items.push(...page.items.filter((e) => (e.n ?? 0) <= to));
    at = page.after;
  }
  return items;
}

/** The `n` of the newest event of the ledger. */
export const lastEvent = async (signal?: AbortSignal): Promise<number> => (await get<{ events: { last: number } }>("/api/system", signal)).events.last;

/** How much of the ledger is read at a time: as much as one answer may hold, and at most as much as the server has at hand. */
const narrowest = 1000;
export const widest = 20_000;

const inOrder = <T extends Numbered>(parts: T[][]): T[] => parts.flat().sort((a, b) => (a.n ?? 0) - (b.n ?? 0));

/**
 * Events of any of these filters, from `before` back to the beginning. The server answers from old
 * to new only, so this asks for a part of the ledger at a time: the newest part first, oldest first
 * within it, with the `n` behind which it began. Parts grow while one answer has room for what is in
 * them, so that what is rare does not take a request for each thousand; who wants all of something
 * begins with a wide one.
 */
export async function* eventsBack<T extends Numbered>(filters: Filter[], before: number, signal?: AbortSignal, width = narrowest): AsyncGenerator<{ items: T[]; from: number }> {
  for (let to = before; to > 0; ) {
    const from = Math.max(0, to - width);
    const parts = await Promise.all(filters.map((f) => eventsBetween<T>(f, from, to, signal)));
    yield { items: inOrder(parts), from };
    to = from;
    if (parts.every((p) => p.length < narrowest / 2)) width = Math.min(widest, width * 2);
  }
}

/**
 * The newest events of any of these filters that were there when this began, oldest first: so many
 * that `most` of them count. Nothing that goes through is missing after `from`. What comes meanwhile
 * the stream tells; where that began meanwhile, too, `missed` says so, and what it does not tell is
 * read at the end.
 */
export async function newestEvents<T extends Numbered>(
  filters: Filter[],
  most: number,
  { before, counts = () => true, missed = () => false, signal }: { before?: number; counts?: (e: T) => boolean; missed?: () => boolean; signal?: AbortSignal } = {},
): Promise<{ items: T[]; from: number }> {
  let end = before ?? (await lastEvent(signal));
  const parts: T[][] = [];
  let over = -most;
  let from = end;
  for await (const part of eventsBack<T>(filters, end, signal, most < widest ? narrowest : widest)) {
    parts.push(part.items);
    from = part.from;
    over += part.items.filter(counts).length;
    if (over >= 0) break;
  }
  let items = parts.reverse().flat();
  let old = 0;
  for (; over > 0; ++old) if (counts(items[old] as T)) --over;
  if (old > 0) from = items[old - 1]?.n ?? from;
  items = items.slice(old);
  while (missed()) {
    const to = await lastEvent(signal);
    const later = inOrder(await Promise.all(filters.map((f) => eventsBetween<T>(f, end, to, signal))));
    items = items.concat(later);
    end = to;
  }
  return { items, from };
}
