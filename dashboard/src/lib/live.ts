// One stream of events for the whole page. Pages say which events concern them and read again from
// the server what those events changed; the stream itself changes nothing on the screen.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { asRefusal, get, refusalOf, type Refusal } from "./api";
import { pause, readFrames, type Frame } from "./sse";
import type { Event } from "./types";

export type Link = "connecting" | "open" | "lost" | "signed-out";
type Listener = (e: Event) => void;

class Live {
  private status: Link = "connecting";
  private readonly watchers = new Set<() => void>();
  private readonly listeners = new Set<Listener>();
  private readonly fresh = new Set<() => void>();
  private stop?: AbortController;
  private position = "";
  /** Set while the link is lost: since when. */
  since = 0;

  start(): void {
    if (this.stop) return;
    this.stop = new AbortController();
    void this.run(this.stop);
  }
  end(): void {
    this.stop?.abort();
    delete this.stop;
    this.position = "";
    this.set("connecting");
  }
  watch = (f: () => void): (() => void) => {
    this.watchers.add(f);
    return () => this.watchers.delete(f);
  };
  current = (): Link => this.status;
  /** `again` is called where events may have been missed. */
  listen(f: Listener, again?: () => void): () => void {
    this.listeners.add(f);
    if (again) this.fresh.add(again);
    return () => {
      this.listeners.delete(f);
      if (again) this.fresh.delete(again);
    };
  }
  signedOut(): void {
    this.stop?.abort();
    delete this.stop;
    this.set("signed-out");
  }

  private set(s: Link): void {
    if (s === this.status) return;
    this.status = s;
    this.since = s === "lost" ? Date.now() : 0;
    this.watchers.forEach((f) => f());
  }
  private async run(control: AbortController): Promise<void> {
    for (let tries = 0; !control.signal.aborted; ++tries) {
      try {
        const headers: Record<string, string> = { Accept: "text/event-stream" };
        if (this.position) headers["Last-Event-ID"] = this.position;
        const response = await fetch("/api/stream", { headers, signal: control.signal, cache: "no-store" });
        if (response.status === 401) {
          this.signedOut();
          return;
        }
        if (!response.ok || !response.body) throw await refusalOf(response);
        this.set("open");
        await readFrames(response.body, (frames) => {
          tries = 0;
          frames.forEach((f) => this.take(f));
        });
      } catch {
        // a lost link says nothing that trying again does not say better
      }
      if (control.signal.aborted) return;
      this.set("lost");
      await new Promise((done) => setTimeout(done, pause(tries, Math.random())));
    }
  }
  private take(f: Frame): void {
    if (f.id) this.position = f.id;
    if (f.event === "snapshot") this.fresh.forEach((again) => again());
    else if (f.event !== "closed") {
      const e = JSON.parse(f.data) as Event;
      this.listeners.forEach((hear) => hear(e));
    }
  }
}

export const live = new Live();
export const useLink = (): Link => useSyncExternalStore(live.watch, live.current, live.current);

/** Hears every event of the stream while the component is there. */
export function useEvents(take: Listener, again?: () => void): void {
  const latest = useRef({ take, again });
  latest.current = { take, again };
  useEffect(
    () =>
      live.listen(
        (e) => latest.current.take(e),
        () => latest.current.again?.(),
      ),
    [],
  );
}

export interface Resource<T> {
  data?: T;
  error?: Refusal;
  /** Reads again; resolves when what the server says then is shown. */
  reload: () => Promise<void>;
}

const cache = new Map<string, unknown>();
export const forgetAll = (): void => cache.clear();

/**
 * What `load` reads, read again when an event concerns it: soon, but never in less time than three
 * times what a read takes, so that a busy team does not keep the page and the server busy.
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  concerns: (e: Event) => boolean,
): Resource<T> {
  const [state, set] = useState<{ key: string; data?: T; error?: Refusal }>({ key });
  const latest = useRef({ load, concerns });
  latest.current = { load, concerns };
  const reading = useRef<() => Promise<void>>(async () => {});

  useEffect(() => {
    if (key === "") return;
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let took = 0;
    let ended = 0;
    let busy: Promise<void> | undefined;
    const read = async (): Promise<void> => {
      const begun = performance.now();
      try {
        const data = await latest.current.load(control.signal);
        cache.set(key, data);
        if (cache.size > 60) cache.delete(cache.keys().next().value as string);
        if (!control.signal.aborted) set({ key, data });
      } catch (e) {
        if (control.signal.aborted) return;
        const error = asRefusal(e);
        if (error.status === 401) live.signedOut();
        set((old) => (old.key === key && old.data !== undefined ? { ...old, error } : { key, error }));
      }
      ended = performance.now();
      took = ended - begun;
    };
    const now = async (): Promise<void> => {
      clearTimeout(timer);
      timer = undefined;
      while (busy) await busy; // what is being read may be older than what is asked for
      busy = read();
      await busy;
      busy = undefined;
    };
    const soon = (): void => {
      if (timer) return;
      const wait = Math.max(150, 3 * took - (performance.now() - ended));
      timer = setTimeout(() => void now(), wait);
    };
    reading.current = now;
    void now();
    const deaf = live.listen((e) => {
      if (latest.current.concerns(e)) soon();
    }, soon);
    return () => {
      control.abort();
      clearTimeout(timer);
      deaf();
    };
  }, [key]);

  const shown = state.key === key ? state : { key };
  const data = shown.data ?? (cache.get(key) as T | undefined);
  return {
    ...(data === undefined ? {} : { data }),
    ...(shown.error ? { error: shown.error } : {}),
    reload: () => reading.current(),
  };
}

/** Reads again every `ms` milliseconds, what no event tells: a queue's depth, a heartbeat. Not while nobody sees the page. */
export function useRefresh(of: Resource<unknown>, ms: number): void {
  const latest = useRef(of.reload);
  latest.current = of.reload;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) void latest.current();
    }, ms);
    return () => clearInterval(timer);
  }, [ms]);
}

/** A single GET. */
export const useGet = <T>(path: string, concerns: (e: Event) => boolean): Resource<T> =>
  useResource<T>(path, (signal) => get<T>(path, signal), concerns);
