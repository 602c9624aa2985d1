import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export interface WebSocketSide {
  send(text: string): void;
  /** With a close frame, as a server that is well does. */
  close(): void;
  /** As when the other program is killed. */
  destroy(): void;
  /** As when a cable is pulled: nothing comes any more, no answer to a ping either, and nobody closes it. */
  freeze(): void;
}

/** The server's side of one WebSocket: whole text frames, ping, pong and close, as RFC 6455 has them. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  on: { text: (text: string) => void; end: () => void },
): WebSocketSide {
  const key = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}${MAGIC}`)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
  );
  let buffered: Buffer = Buffer.alloc(0);

  function write(opcode: number, payload: Buffer): void {
    if (socket.destroyed) return;
    socket.write(Buffer.concat([header(opcode, payload.length), payload]));
  }

  function take({ opcode, payload }: Frame): void {
    if (opcode === TEXT) on.text(payload.toString("utf8"));
    if (opcode === PING) write(PONG, payload);
    if (opcode === CLOSE) {
      write(CLOSE, payload);
      socket.end();
    }
  }

  socket.on("data", (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (let frame = readFrame(buffered); frame !== null; frame = readFrame(buffered)) {
      buffered = buffered.subarray(frame.length);
      take(frame);
    }
  });
  socket.on("error", () => undefined);
  socket.on("close", on.end);

  return {
    send: (text) => write(TEXT, Buffer.from(text)),
    close: () => write(CLOSE, Buffer.from([3, 232])),
    destroy: () => void socket.destroy(),
    freeze: () => void socket.pause(),
  };
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly length: number;
}

/** A client's frame, which is always masked; null until all of it has come. */
function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 6) return null;
  const short = (bytes[1] ?? 0) & 127;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 6 + extra) return null;
  const size =
    extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const start = 6 + extra;
  if (bytes.length < start + size) return null;
  const mask = bytes.subarray(2 + extra, start);
  const payload = Buffer.from(bytes.subarray(start, start + size));
  for (let at = 0; at < size; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return { opcode: (bytes[0] ?? 0) & 15, payload, length: start + size };
}

function header(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([128 | opcode, length]);
  if (length < 65_536) return Buffer.from([128 | opcode, 126, length >> 8, length & 255]);
  const bytes = Buffer.alloc(10);
  bytes.set([128 | opcode, 127]);
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}
