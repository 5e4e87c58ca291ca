// The traffic that the Traffic page shows: what the ledger has, what it gets, and what the tap sees
// while the page watches. Lines are kept when they come; the page is drawn once a frame.
import { useCallback, useEffect, useRef, useState } from "react";
import { asRefusal, newestEvents, type Refusal } from "./api";
import { useEvents } from "./live";
import { mostArrows, Traffic } from "./traffic";
import type { Event } from "./types";
import { Watch, type Wanted, type WatchState } from "./watch";

const types = ["ticket.message_posted", "agent.received", "agent.replied", "ticket.attempt_ended"];

export interface Talk {
  traffic: Traffic;
  /** Another number whenever there is something new to draw. */
  version: number;
  reading: boolean;
  error?: Refusal;
  again: () => void;
  watch?: WatchState;
  /** Begins the watch anew, after it ended. */
  watchAgain: () => void;
}

/** Between two drawings there are so many milliseconds: nobody reads more, and what is clicked or typed meanwhile does not wait. */
const rest = 80;

/** Asks to draw in a frame to come; however often that is asked, once. */
function useDrawing(draw: () => void): () => void {
  const due = useRef({ frame: 0, timer: undefined as ReturnType<typeof setTimeout> | undefined, last: 0 });
  useEffect(() => {
    const d = due.current;
    return () => {
      clearTimeout(d.timer);
      cancelAnimationFrame(d.frame);
      d.timer = undefined;
      d.frame = 0;
    };
  }, []);
  return useCallback(() => {
    const d = due.current;
    if (d.frame || d.timer) return;
    d.timer = setTimeout(
      () => {
        d.timer = undefined;
        d.frame = requestAnimationFrame(() => {
          d.frame = 0;
          d.last = performance.now();
          draw();
        });
      },
      Math.max(0, rest - (performance.now() - d.last)),
    );
  }, [draw]);
}

export function useTalk(wanted: Wanted | undefined): Talk {
  const traffic = useRef(new Traffic()).current;
  const [version, bump] = useState(0);
  const [reading, setReading] = useState(true);
  const [error, setError] = useState<Refusal>();
  const soon = useDrawing(useCallback(() => bump((n) => n + 1), []));

  const early = useRef<Event[] | undefined>([]);
  // Whether the stream began, or began anew, while this read: it does not tell what was stored before that.
  const began = useRef(false);
  const read = useCallback(
    async (signal?: AbortSignal) => {
      setError(undefined);
      const missed = () => {
        const was = began.current;
        began.current = false;
        return was;
      };
      try {
        const { items } = await newestEvents<Event>(
          types.map((type) => ({ type })),
          mostArrows,
          { counts: (e) => e.type !== "ticket.attempt_ended", missed, signal },
        );
        for (const e of [...items, ...(early.current ?? [])]) traffic.take(e);
        early.current = undefined;
        setReading(false);
        soon();
        if (missed()) void read(signal);
      } catch (e) {
        if (!signal?.aborted) setError(asRefusal(e));
      }
    },
    [soon, traffic],
  );
  useEffect(() => {
    const control = new AbortController();
    void read(control.signal);
    return () => control.abort();
  }, [read]);
  useEvents(
    (e) => {
      if (!e.data?.["message"] && e.type !== "ticket.attempt_ended") return;
      if (early.current) early.current.push(e);
      else if (traffic.take(e)) soon();
    },
    () => {
      if (early.current) began.current = true;
      else void read();
    },
  );

  const [tries, setTries] = useState(0);
  const watch = useRef<Watch>();
  const { filter, contents, rate, since } = wanted ?? { filter: "", contents: false, rate: 0, since: "" };
  const on = wanted !== undefined && !reading;
  useEffect(() => {
    if (!on) return;
    const one = new Watch(
      { filter, contents, rate, since },
      (records, link) => {
        traffic.takeRecords(records, link, filter);
        soon();
      },
      soon,
    );
    watch.current = one;
    soon();
    one.start();
    return () => {
      one.stop();
      watch.current = undefined;
      soon();
    };
  }, [on, filter, contents, rate, since, tries, traffic, soon]);

  return {
    traffic,
    version,
    reading,
    ...(error ? { error } : {}),
    again: () => void read(),
    ...(watch.current ? { watch: watch.current.state } : {}),
    watchAgain: () => setTries((n) => n + 1),
  };
}
