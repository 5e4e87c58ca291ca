import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

export interface Window {
  first: number;
  last: number; // exclusive
  height: number;
  ref: RefObject<HTMLDivElement>;
  scrollTo: (row: number) => void;
  atEnd: boolean;
  top: number;
}

/** Which of `n` rows of equal height are to be drawn, from where their box is scrolled to. */
export function windowOf(top: number, view: number, row: number, n: number, over = 8): { first: number; last: number } {
  const first = Math.max(0, Math.min(n, Math.floor(top / row) - over));
  return { first, last: Math.max(first, Math.min(n, Math.ceil((top + view) / row) + over)) };
}

/** Rows of equal height in a box that scrolls; only those in sight are drawn. */
export function useWindow(n: number, row: number, head = 0): Window {
  const ref = useRef<HTMLDivElement>(null);
  const [at, set] = useState({ top: 0, view: 600 });
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    let frame = 0;
    const read = () => {
      frame = 0;
      set((old) => (old.top === box.scrollTop && old.view === box.clientHeight ? old : { top: box.scrollTop, view: box.clientHeight }));
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
  return {
    ...windowOf(at.top, view, row, n),
    height: n * row,
    ref,
    top: at.top,
    atEnd: at.top + view >= n * row - row,
    scrollTo: (r) => ref.current?.scrollTo({ top: Math.max(0, Math.min(n * row, r * row)) }),
  };
}

/** Keeps a box at its end while rows come, as long as nobody scrolled away from it. */
export function useFollow(w: Window, n: number, on: boolean): void {
  useEffect(() => {
    if (on) w.scrollTo(n);
  }, [n, on]);
}
