import { randomBytes } from "node:crypto";

/** Random first, so that a few digits are a unique prefix: 48 bits, and a collision fails on the primary key. */
export function newId(prefix: "inc" | "req" | "exe" | "sil" | "run"): string {
  return `${prefix}_${randomHex(6)}`;
}

let pool = Buffer.alloc(0);
let used = 0;

/** A storm makes thousands of ids: the system is asked for a supply, not for each. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(4096);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}

/** 128 bits, 22 characters, safe in URLs and in a chat button. */
export function newToken(): string {
  return randomBytes(16).toString("base64url");
}
