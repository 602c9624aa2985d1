/** Reads a command line as bash does, as far as cards write it: bare words, `'…'` and `$'…'`. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  const part =
    /(?<gap> +)|\$'(?<spelled>(?:[^'\\]|\\.)*)'|'(?<quoted>[^']*)'|\\(?<escaped>.)|(?<bare>[\w@%+=:,./-]+)/suy;
  for (let at = 0; at < line.length; at = part.lastIndex) {
    part.lastIndex = at;
    const found = part.exec(line)?.groups;
    if (!found) throw new Error(`not written as a card writes it, at ${at}: ${line}`);
    const { gap, spelled, quoted, escaped, bare } = found;
    if (gap !== undefined) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? "") + (quoted ?? escaped ?? bare ?? unspelled(spelled ?? ""));
    }
  }
  return word === null ? words : [...words, word];
}

function unspelled(text: string): string {
  return text.replace(
    /\\(?:u(?<short>[0-9a-f]{4})|U(?<long>[0-9a-f]{8})|(?<char>['\\]))/g,
    (_, short?: string, long?: string, char?: string) =>
      char ?? String.fromCodePoint(Number.parseInt(short ?? long ?? "", 16)),
  );
}
