import type { Socket } from "node:net";
import { connect, createServer } from "node:net";
import { z } from "zod";

/** A question is a few words; what is longer is none of ours. */
const LONGEST_QUESTION = 16_384;
const LONGEST_ANSWER = 1_000_000;
/** Nobody needs longer to say what it wants. */
const SPEAK_WITHIN_MS = 5_000;

const Answer = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), why: z.string() }),
]);

/** Answers one question a connection, a line of JSON each. Who may write to the socket may ask. */
export async function listenForQuestions(
  path: string,
  answer: (question: unknown) => Promise<unknown>,
): Promise<{ close(): void }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    void serveOne(socket, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

async function serveOne(
  socket: Socket,
  answer: (question: unknown) => Promise<unknown>,
): Promise<void> {
  try {
    const question: unknown = JSON.parse(await readLine(socket, LONGEST_QUESTION, SPEAK_WITHIN_MS));
    const said = await answer(question).then(
      (value) => ({ ok: true, value }),
      (error: unknown) => ({ ok: false, why: messageOf(error) }),
    );
    socket.end(`${JSON.stringify(said)}\n`);
  } catch {
    // It went away, or speaks another language: there is nobody to answer.
    socket.destroy();
  }
}

/** @throws Error with what the other side says is wrong, or that it does not answer */
export async function askOver(path: string, question: unknown, withinMs: number): Promise<unknown> {
  const socket = connect(path);
  try {
    socket.write(`${JSON.stringify(question)}\n`);
    const answer = Answer.parse(JSON.parse(await readLine(socket, LONGEST_ANSWER, withinMs)));
    if (answer.ok) return answer.value;
    throw new Error(answer.why);
  } finally {
    socket.destroy();
  }
}

function readLine(socket: Socket, longest: number, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const late = setTimeout(() => end(`no answer within ${withinMs / 1000} s`), withinMs);
    const end = (why: string) => {
      clearTimeout(late);
      reject(new Error(`the executor can't be asked: ${why}`));
    };
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      const length = text.indexOf("\n");
      if (length >= 0) {
        clearTimeout(late);
        resolve(text.slice(0, length));
      } else if (text.length > longest) {
        end("it talks too much");
        socket.destroy();
      }
    });
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.once("close", () => end("it hung up"));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
