/** One way for every command that prints data: JSON for programs, lines for people. */
export function print(data: unknown, isJson: boolean, text: () => string): void {
  process.stdout.write(isJson ? `${JSON.stringify(data, null, 2)}\n` : `${text()}\n`);
}

/** For people who watch: one line that is written over. Nothing where nobody does. */
export function progressOnStderr(text: (done: number) => string) {
  const isWatched = process.stderr.isTTY === true;
  return {
    show(done: number): void {
      if (isWatched) process.stderr.write(`\r${text(done)}`);
    },
    end(): void {
      if (isWatched) process.stderr.write("\r\u001b[K");
    },
  };
}
