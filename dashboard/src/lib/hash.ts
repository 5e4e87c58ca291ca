/** FNV-1a of 64 bits over UTF-8 as 16 hexadecimal digits: how the tap's records name a message (docs/watch.md). */
export function hash64(text: string): string {
  // Two halves of 32 bits: BigInt would take ten times as long. The prime is 2^40 + 0x1b3.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    const part = (low & 0xffff) * 0x1b3;
    const next = (low >>> 16) * 0x1b3 + (part >>> 16);
    const carry = Math.floor(next / 0x10000);
    high = (Math.imul(high, 0x1b3) + carry + (low << 8)) >>> 0;
    low = (((next & 0xffff) << 16) | (part & 0xffff)) >>> 0;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
