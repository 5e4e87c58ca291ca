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

/** Events of a filter from `after` on, page by page, up to `most`. */
export async function events<T extends { n?: number }>(
  filter: Record<string, string | number | undefined>,
  most: number,
  signal?: AbortSignal,
): Promise<{ items: T[]; next?: number }> {
  const items: T[] = [];
  let after = Number(filter["after"] ?? 0);
  for (;;) {
    const page: Page<T> = await get(`/api/events${query({ ...filter, after, limit: 1000 })}`, signal);
    items.push(...page.items);
    if (page.after === undefined) return { items };
    after = page.after;
    if (items.length >= most) return { items, next: after };
  }
}
