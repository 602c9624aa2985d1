import { isIP } from "node:net";

/** Where passkeys are made for and used. */
export interface Site {
  /** What browsers bind them to. */
  readonly host: string;
  readonly origin: string;
}

/** Null where browsers have none: at an address without a name, and over plain http but on this machine. */
export function siteOf(publicUrl: string): Site | null {
  const { protocol, hostname, origin } = new URL(publicUrl);
  const isNamed = isIP(hostname) === 0 && !hostname.startsWith("[");
  const isTrusted = protocol === "https:" || hostname === "localhost";
  return isNamed && isTrusted ? { host: hostname, origin } : null;
}
