/** A stretch of text, or one character that a reader could miss or mistake. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  /** `shown` is empty where the character has no shape of its own. */
  | { readonly kind: "marked"; readonly shown: string; readonly codePoint: string };

/**
 * `prose`: what hides or reorders text is marked, letters of any language stay.
 * `block`: the same, and line breaks and tabs stay.
 * `exact`: for what will run; everything outside printable ASCII is marked, so look-alikes stand out.
 */
export type Exactness = "prose" | "block" | "exact";

const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u115f\u1160\u2800\u3164\uffa0]|[\ufe00-\ufe0e]|[\u{e0100}-\u{e01ef}]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]/u;
const PLAIN_ASCII = /^[ -~]$/;

export function piecesOf(text: string, exactness: Exactness): Piece[] {
  const pieces: Piece[] = [];
  let run = "";
  for (const character of text) {
    if (isPlain(character, exactness)) {
      run += character;
      continue;
    }
    if (run !== "") pieces.push({ kind: "text", text: run });
    run = "";
    pieces.push(mark(character));
  }
  if (run !== "") pieces.push({ kind: "text", text: run });
  return pieces;
}

/** The same in one string, for titles and attributes. */
export function visible(text: string, exactness: Exactness = "prose"): string {
  return piecesOf(text, exactness)
    .map((piece) => (piece.kind === "text" ? piece.text : `${piece.shown}⟨${piece.codePoint}⟩`))
    .join("");
}

function isPlain(character: string, exactness: Exactness): boolean {
  if (exactness === "exact") return PLAIN_ASCII.test(character);
  if (character === "\n" || character === "\t") return exactness === "block";
  return !HIDDEN.test(character);
}

function mark(character: string): Piece {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const hasShape = !HIDDEN.test(character) && !/\s/u.test(character);
  return { kind: "marked", shown: hasShape ? character : "", codePoint: `U+${hex}` };
}
