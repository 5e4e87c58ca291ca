// A watch in words: what it is at, why it is over, and what of it is not shown.
import { count, words } from "./format";
import type { Closed, WatchState } from "./watch";

const endings: Record<string, string> = {
  record_limit: "It ended by itself after as many records as one watch may have.",
  time_limit: "It ended by itself after as long as one watch may be.",
  slow_reader: "The server ended it, because this page did not read for thirty seconds.",
  token_ended: "The token that it was begun with has ended.",
  server_stopping: "The server ended it, because it stops.",
  stopped: "The server ended it.",
  internal: "The server ended it after a fault of its own.",
};

/** In words, why the watch is over, or the link of it that was the last one. */
export const ending = (last: Pick<Closed, "reason">): string => endings[last.reason] ?? `The server ended it: ${words(last.reason)}.`;

/** What a watch is at; of one that is live the filter is said beside it. */
export function said(s: WatchState, since: string | undefined): string {
  if (s.is === "connecting") return "Asking the server …";
  if (s.is === "live") return since ? `What was stored from ${since} on stands before it; what else passed then nobody kept.` : "";
  if (s.is === "lost") return s.why ? `${s.why} Trying again.` : "The link was lost; trying again.";
  return s.why;
}

const reasons: Record<string, string> = {
  slow: "because this page was behind",
  rate: "over the rate of a watch",
  room: "for want of room in the server",
  either: "over the rate or for want of room while this page was behind",
};
const breaks: Record<string, string> = {
  lost: "because the link was lost",
  slow_reader: "because this page did not read for thirty seconds",
  server_stopping: "because the server stopped to start again",
};
const times = (n: number): string => (n === 1 ? "once" : n === 2 ? "twice" : `${count(n)} times`);

/**
 * What the server counted and did not show, and when nobody counted; empty where nothing is missing.
 * A watch that `fills` began in the past: the commits that it was not told come from the ledger.
 */
export function notShown(s: WatchState, fills: boolean): string {
  const counted = Object.entries(s.missed).flatMap(([why, n]) => {
    if (n === 0) return [];
    const errors = why === "slow" && s.errors > 0 ? `, ${count(s.errors)} of them ${s.errors === 1 ? "an error" : "errors"}` : "";
    return [`${count(n)} ${reasons[why] ?? `(${words(why)})`}${errors}`];
  });
  const broken = Object.entries(s.broken).map(([why, n]) => `${times(n)} ${breaks[why] ?? `(${words(why)})`}`);
  const sentences: string[] = [];
  if (counted.length > 0) sentences.push(`Not shown: ${counted.join("; ")}.`);
  if (broken.length > 0) sentences.push(`The watch broke off ${broken.join(", ")}; what passed then nobody counted.`);
  if (fills && sentences.length > 0) sentences.push("Commits among all that are filled in from the ledger.");
  return sentences.join(" ");
}
