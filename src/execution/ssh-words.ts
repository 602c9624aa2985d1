/**
 * sshd hands what it is given to the login shell of the user there. Quoted like this, every POSIX shell makes exactly
 * these words of it again (T36); words that mean nothing to any shell stay bare, so that a forced command can compare them.
 */
export function remoteLine(argv: readonly string[]): string {
  return argv.map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w./:,@+-][\w./:,@+=-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
