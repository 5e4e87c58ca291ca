// What came with a ticket besides words: files that messages name, and numbers that comments carry.
import type { Message, Remark } from "./types";

export interface NamedFile {
  name: string;
  media: string;
  message: Message;
}

/** The files that messages name, each once, with the first message that did; their content travels apart. */
export function filesOf(conversation: Message[]): NamedFile[] {
  const out = new Map<string, NamedFile>();
  for (const message of conversation)
    for (const p of message.parts ?? []) if (p.file && !out.has(p.file)) out.set(p.file, { name: p.file, media: p.media_type ?? "", message });
  return [...out.values()];
}

/** Names with values, by the comment that has them. */
export const measured = (comments: Remark[]): Remark[] => comments.filter((c) => Object.keys(c.metrics ?? {}).length > 0);

/**
 * Where a text that agents wrote leads to, if it may be a link: a whole address with https, or one of
 * this server, also as a path of its API. A name is none, nor a path on the machine of a daemon, and
 * neither is what runs as a script, brings its content along, or says a user's name to look like
 * another host.
 */
export function safeLink(text: string, origin: string): string | undefined {
  let url: URL;
  try {
    url = text.startsWith("/api/") ? new URL(text, origin) : new URL(text);
  } catch {
    return undefined;
  }
  if (url.username || url.password) return undefined;
  return url.protocol === "https:" || (url.protocol === "http:" && url.origin === origin) ? url.href : undefined;
}
