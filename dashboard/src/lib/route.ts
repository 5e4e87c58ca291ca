// The address after `#`: one page, its argument and its parameters. So every view can be linked.
import { useSyncExternalStore } from "react";

export interface Route {
  page: string;
  id: string;
  params: Record<string, string>;
}

export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/");
  const decode = (s: string): string => {
    try {
      return decodeURIComponent(s);
    } catch {
      return s;
    }
  };
  return { page: page || "inbox", id: decode(rest.join("/")), params: Object.fromEntries(new URLSearchParams(search)) };
}

export function hashOf(r: Route): string {
  const search = new URLSearchParams(Object.entries(r.params).filter(([, v]) => v !== "")).toString();
  return `#/${r.page}${r.id ? `/${encodeURIComponent(r.id)}` : ""}${search ? `?${search}` : ""}`;
}

const watch = (f: () => void) => {
  addEventListener("hashchange", f);
  return () => removeEventListener("hashchange", f);
};
let last = { hash: "\0", route: parseRoute("") };
const current = (): Route => {
  if (last.hash !== location.hash) last = { hash: location.hash, route: parseRoute(location.hash) };
  return last.route;
};

export const useRoute = (): Route => useSyncExternalStore(watch, current);

/** Changes parameters of the present page, in place: filters are no steps back. */
export function setParams(change: Record<string, string>): void {
  const r = current();
  history.replaceState(null, "", hashOf({ ...r, params: { ...r.params, ...change } }));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
