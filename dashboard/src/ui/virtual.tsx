import { useLayoutEffect, useRef, useState, type RefObject } from "react";

export interface Window {
  first: number;
  last: number; // exclusive
  height: number;
  ref: RefObject<HTMLDivElement>;
  scrollTo: (row: number) => void;
  top: number;
  /** The row at the top when it is scrolled to its end. */
  end: number;
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
    end: Math.ceil(end / row),
    scrollTo: (r) => ref.current?.scrollTo({ top: Math.max(0, Math.min(n * row, r * row)) }),
  };
}
