/** What SQLite or the system says where the disk takes nothing more; null for every other error. */
export function diskTrouble(error: unknown): string | null {
  const code = codeOf(error);
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT") return "the disk is full";
  if (code.startsWith("SQLITE_READONLY") || code === "EROFS") return "the disk is read-only";
  // A file system that goes read-only under an open file: the write fails, not the opening.
  if (code === "SQLITE_IOERR_WRITE" || code === "SQLITE_IOERR_FSYNC")
    return "the disk takes no write";
  return null;
}

/** The code of an error, or of what it wraps. */
export function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === "string") return code;
  return cause === undefined ? "" : codeOf(cause);
}
