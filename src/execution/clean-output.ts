/**
 * What a program wrote, made safe to show: the text stays, everything that could steer a terminal,
 * reorder a line or hide characters goes (T43).
 */

const ESC = "\\u001b";

/** OSC, DCS, SOS, PM and APC strings with their hidden text, then CSI sequences, then two-byte escapes. */
const SEQUENCES = new RegExp(
  [
    `(?:${ESC}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u0090\\u0098\\u009c-\\u009f\\n]*(?:\\u0007|${ESC}\\\\|\\u009c)`,
    `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]`,
    `${ESC}[ -/]*[0-Z\\\\\\]^-~]`,
  ].join("|"),
  "g",
);

/** C0 but tab and newline, DEL and C1, bidi controls, line separators, the invisible tag block. */
const CONTROLS = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f" +
    "\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\u{e0000}-\\u{e007f}]",
  "gu",
);

export function cleanOutput(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(SEQUENCES, "")
    .replace(CONTROLS, "")
    .replace(/\p{Surrogate}/gu, "\ufffd");
}

/** The longest beginning of `text` that takes at most `maxBytes` in UTF-8; no character is cut. */
export function firstBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  return bytes.subarray(0, boundaryBefore(bytes, maxBytes)).toString();
}

/** The longest end of `text` that takes at most `maxBytes` in UTF-8; no character is cut. */
export function lastBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  let start = Math.max(0, bytes.length - maxBytes);
  while (isContinuation(bytes[start])) start += 1;
  return bytes.subarray(start).toString();
}

/** The last position at or before `at` where a character begins. */
function boundaryBefore(bytes: Buffer, at: number): number {
  let position = at;
  while (position > 0 && isContinuation(bytes[position])) position -= 1;
  return position;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
