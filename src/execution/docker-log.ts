const HEADER_BYTES = 8;

/**
 * The text of a container's log. Without a terminal the engine frames it: one byte for the stream,
 * three zeros, four bytes of length, the payload. A last frame that was cut short is kept as far as it goes.
 */
export function readLog(body: Buffer, hasTerminal: boolean): string {
  if (hasTerminal) return body.toString();

  const payloads: Buffer[] = [];
  let rest = body;
  while (rest.length > HEADER_BYTES) {
    const end = HEADER_BYTES + rest.readUInt32BE(4);
    payloads.push(rest.subarray(HEADER_BYTES, end));
    rest = rest.subarray(end);
  }
  return Buffer.concat(payloads).toString();
}
