// Server-sent events over fetch: EventSource hides why a stream was refused, and wants each type of
// event named before it comes.

export interface Frame {
  id: string;
  event: string;
  data: string;
}

/** Takes pieces of a stream as they come and gives the events that are whole. */
export class FrameReader {
  private rest = "";
  private lastId = "";

  take(piece: string): Frame[] {
    const out: Frame[] = [];
    this.rest += piece;
    for (;;) {
      const end = /\r\n\r\n|\n\n|\r\r(?!\n)/.exec(this.rest);
      if (!end) return out;
      const frame = this.read(this.rest.slice(0, end.index));
      this.rest = this.rest.slice(end.index + end[0].length);
      if (frame) out.push(frame);
    }
  }

  private read(block: string): Frame | undefined {
    let event = "message";
    const data: string[] = [];
    for (const line of block.split(/\r\n|\n|\r/)) {
      if (line === "" || line.startsWith(":")) continue;
      const colon = line.indexOf(":");
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "id") this.lastId = value;
      else if (name === "event") event = value;
      else if (name === "data") data.push(value);
    }
    return data.length === 0 ? undefined : { id: this.lastId, event, data: data.join("\n") };
  }
}

/** The server sends a comment every 15 s; a link that is silent for so many milliseconds is dead. */
const longestSilence = 40_000;

/** Hears a stream up to its end, each piece of it with the events that are whole by then. Throws where the link breaks or is silent. */
export async function readFrames(body: ReadableStream<Uint8Array>, take: (frames: Frame[]) => void): Promise<void> {
  const reader = body.getReader();
  const text = new TextDecoder();
  const frames = new FrameReader();
  for (;;) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, no) => {
      timer = setTimeout(() => no(new Error("silent")), longestSilence);
    });
    try {
      const part = await Promise.race([reader.read(), silence]);
      if (part.done) return;
      take(frames.take(text.decode(part.value, { stream: true })));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** How long to wait before the n-th try, in milliseconds; `random` is 0 to 1. */
export function pause(tries: number, random: number): number {
  const most = Math.min(15_000, 500 * 2 ** Math.min(tries, 5));
  return most / 2 + (random * most) / 2;
}
