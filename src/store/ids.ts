import { randomBytes } from "node:crypto";

/** Random first, so that a few digits are a unique prefix: 48 bits, and a collision fails on the primary key. */
export function newId(prefix: "inc" | "req" | "exe"): string {
  return `${prefix}_${randomBytes(6).toString("hex")}`;
}

/** 128 bits, 22 characters, safe in URLs and in a chat button. */
export function newToken(): string {
  return randomBytes(16).toString("base64url");
}
