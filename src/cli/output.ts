/** One way for every command that prints data: JSON for programs, lines for people. */
export function print(data: unknown, isJson: boolean, text: () => string): void {
  process.stdout.write(isJson ? `${JSON.stringify(data, null, 2)}\n` : `${text()}\n`);
}
