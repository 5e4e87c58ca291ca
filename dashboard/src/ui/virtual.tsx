import { useLayoutEffect, useRef, useState, type FocusEvent, type KeyboardEvent, type RefObject } from "react";

export interface Window {
  first: number;
  last: number; // exclusive
  height: number;
  ref: RefObject<HTMLDivElement>;
  /** Scrolls to so many pixels, as far as that goes, and says how far it went. */
  scrollTo: (top: number) => number;
  top: number;
  /** How many pixels of rows are in sight. */
  view: number;
}

/** Which of `n` rows of equal height are to be drawn, from where their box is scrolled to. */
export function windowOf(top: number, view: number, row: number, n: number, over = 8): { first: number; last: number } {
  const first = Math.max(0, Math.min(n, Math.floor(top / row) - over));
  return { first, last: Math.max(first, Math.min(n, Math.ceil((top + view) / row) + over)) };
}

/**
 * Rows of equal height in a box that scrolls; only those in sight are drawn. While it `follows` it
 * stays at its end, and what is drawn there does not wait for the box to say that it was scrolled.
 */
export function useWindow(n: number, row: number, head = 0, follows = false): Window {
  const ref = useRef<HTMLDivElement>(null);
  const [at, set] = useState({ top: 0, view: 600 });
  const pinned = useRef(follows);
  pinned.current = follows;
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    let frame = 0;
    const read = () => {
      frame = 0;
      set((old) => (old.view === box.clientHeight && (old.top === box.scrollTop || pinned.current) ? old : { top: box.scrollTop, view: box.clientHeight }));
    };
    const soon = () => (frame ||= requestAnimationFrame(read));
    read();
    box.addEventListener("scroll", soon, { passive: true });
    const size = new ResizeObserver(soon);
    size.observe(box);
    return () => {
      cancelAnimationFrame(frame);
      box.removeEventListener("scroll", soon);
      size.disconnect();
    };
  }, []);
  const view = Math.max(row, at.view - head);
  const end = Math.max(0, n * row - view);
  useLayoutEffect(() => {
    if (follows) ref.current?.scrollTo({ top: end });
  }, [follows, end]);
  // Where it stops to follow it stays where it is, in the first drawing already: what is under the
  // mouse between press and click must be the same row.
  const ended = useRef<number>();
  useLayoutEffect(() => {
    if (follows || ended.current === undefined || !ref.current) return;
    ended.current = undefined;
    set({ top: ref.current.scrollTop, view: ref.current.clientHeight });
  }, [follows]);
  if (follows) ended.current = end;
  const top = follows ? end : Math.min(ended.current ?? at.top, end);
  return {
    ...windowOf(top, view, row, n),
    height: n * row,
    ref,
    top,
    view,
    scrollTo: (to) => {
      const box = ref.current;
      if (!box) return 0;
      box.scrollTo({ top: to });
      // What is drawn now goes by where the box is now, not by where it was when it said so last.
      set({ top: box.scrollTop, view: box.clientHeight });
      return box.scrollTop;
    },
  };
}

/** Where a box is to be scrolled to so that a row is whole in it: where it is, if it is; no farther than needed, if a part of it is; else with some rows before it. */
export function topFor(at: number, row: number, top: number, view: number): number {
  const [begin, end] = [at * row, (at + 1) * row];
  if (begin >= top && end <= top + view) return top;
  if (end <= top || begin >= top + view) return Math.max(0, begin - Math.min(3 * row, Math.max(0, view - row)));
  return begin < top ? begin : end - view;
}

/** Where a key leads from row `at` of `n`, with `page` rows in sight; undefined for other keys. */
export function rowAfter(key: string, at: number, n: number, page: number): number | undefined {
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: n - 1 }[key];
  return to === undefined ? undefined : Math.max(0, Math.min(n - 1, to));
}

export interface RowKeys {
  /** The row at which Tab stops. */
  stop: number;
  onFocus: (e: FocusEvent) => void;
  onKeyDown: (e: KeyboardEvent) => void;
}

/**
 * The rows of a window are one stop of Tab, however many there are; arrows, pages, Home and End go
 * from one to the next. Each row says its number as `data-row`. `keyed`: an element stays with what
 * it shows, and its number changes where rows come in above it; else it stays with its number.
 */
export function useRowKeys(n: number, row: number, head: number, w: Window, chosen: number, keyed = false): RowKeys {
  const [active, setActive] = useState(-1);
  const wanted = useRef(-1); // by a key, until it is drawn
  const rowOf = (e: EventTarget | null): number => Number((e as HTMLElement | null)?.closest?.("[data-row]")?.getAttribute("data-row") ?? -1);
  const drawn = (r: number) => r >= w.first && r < w.last;
  useLayoutEffect(() => {
    // What scrolls through may have put another row into the element that has the focus.
    const box = w.ref.current;
    const focus = document.activeElement;
    const at = box?.contains(focus) ? rowOf(focus) : -1;
    if (at < 0 && focus !== document.body) wanted.current = -1; // somebody went elsewhere meanwhile
    if (keyed && at >= 0 && at !== active && wanted.current !== active) {
      setActive(at); // it was moved, with the focus
      return;
    }
    if (!drawn(active) || (wanted.current !== active && (at < 0 || at === active))) return;
    wanted.current = -1;
    if (at !== active) box?.querySelector<HTMLElement>(`[data-row="${active}"]`)?.focus({ preventScroll: true });
  });
  const seen = Math.min(Math.ceil(w.top / row), n - 1);
  return {
    stop: [active, chosen].find((r) => r >= 0 && drawn(r)) ?? seen,
    onFocus: (e) => setActive(rowOf(e.target)),
    onKeyDown: (e) => {
      const at = rowOf(e.target);
      const box = w.ref.current;
      if (at < 0 || !box || e.ctrlKey || e.metaKey || e.altKey) return;
      const view = box.clientHeight - head;
      const to = rowAfter(e.key, at, n, Math.max(1, Math.floor(view / row) - 1));
      if (to === undefined) return;
      e.preventDefault();
      if (to === at) return;
      setActive((wanted.current = to));
      if (to * row < box.scrollTop) box.scrollTo({ top: to * row });
      else if ((to + 1) * row > box.scrollTop + view) box.scrollTo({ top: (to + 1) * row - view });
    },
  };
}
