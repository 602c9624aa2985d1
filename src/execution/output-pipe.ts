import { spawn } from "node:child_process";
import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface OutputPipe {
  /** For the child's two streams; to be closed here as soon as the child has it. */
  readonly writeEnd: number;
  readonly readEnd: Socket;
}

/**
 * One true pipe for both streams: their order is the order of writing, and a script that opens
 * /dev/stderr finds a file it can open. What Node itself would give a child are two sockets,
 * with neither. Null where a named pipe can't be made; then those sockets have to do.
 */
export async function openOutputPipe(runId: string): Promise<OutputPipe | null> {
  const path = join(tmpdir(), `countersign-${runId}`);
  if (!(await makeNamedPipe(path))) return null;

  try {
    // Opened for reading first and without waiting, so that opening for writing does not wait either.
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writeEnd = openSync(path, constants.O_WRONLY);
    return { writeEnd, readEnd: new Socket({ fd: readEnd, readable: true, writable: false }) };
  } finally {
    unlinkSync(path);
  }
}

export function closeWriteEnd(pipe: OutputPipe | null): void {
  if (pipe !== null) closeSync(pipe.writeEnd);
}

function makeNamedPipe(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn("/usr/bin/mkfifo", ["-m", "600", path], { env: {}, stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
