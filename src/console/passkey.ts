/** What a person signs in and approves high risk with: a public key, whose other half never leaves their device. */
export interface Passkey {
  readonly id: string;
  readonly person: string;
  /** What the person calls it. */
  readonly name: string;
  /** The host it was made for. */
  readonly site: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly createdAt: Date;
  readonly usedAt: Date | null;
}
