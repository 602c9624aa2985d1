import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

interface Asked {
  readonly challenge: string;
}

/** What a device, or whoever plays one, may do otherwise than it should. */
interface Odd {
  readonly origin?: string;
  readonly host?: string;
  readonly isVerified?: boolean;
  readonly counter?: number;
  readonly handle?: string;
}

/** A device with one passkey, in software: it signs what it is asked to, for whatever page it is told. */
export function createAuthenticator(site: { origin: string; host: string }) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = randomBytes(16);
  let uses = 0;
  let handle = "";

  function clientData(type: string, { challenge }: Asked, { origin = site.origin }: Odd): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  function authenticatorData(flags: number, odd: Odd, more: Buffer = Buffer.alloc(0)): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(odd.counter ?? uses);
    const verified = odd.isVerified === false ? 0 : 0x04;
    const head = Buffer.from([0x01 | verified | flags]);
    return Buffer.concat([sha256(odd.host ?? site.host), head, count, more]);
  }

  function attested(): Buffer {
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const key = Buffer.concat([
      Buffer.from("a5010203262001215820", "hex"),
      Buffer.from(x, "base64url"),
      Buffer.from("225820", "hex"),
      Buffer.from(y, "base64url"),
    ]);
    return Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, key]);
  }

  function answer(response: Record<string, unknown>): string {
    const name = id.toString("base64url");
    return JSON.stringify({ id: name, rawId: name, type: "public-key", response });
  }

  return {
    id: id.toString("base64url"),
    create(asked: Asked & { user: { id: string } }, odd: Odd = {}): string {
      handle = asked.user.id;
      const data = authenticatorData(0x40, odd, attested());
      const object = Buffer.concat([
        Buffer.from("a363666d74646e6f6e656761747453746d74a0686175746844617461", "hex"),
        Buffer.from([0x58, data.length]),
        data,
      ]);
      return answer({
        clientDataJSON: clientData("webauthn.create", asked, odd).toString("base64url"),
        attestationObject: object.toString("base64url"),
        transports: ["internal"],
      });
    },
    get(asked: Asked, odd: Odd = {}): string {
      uses += 1;
      const client = clientData("webauthn.get", asked, odd);
      const data = authenticatorData(0, odd);
      const signature = sign("sha256", Buffer.concat([data, sha256(client)]), privateKey);
      return answer({
        clientDataJSON: client.toString("base64url"),
        authenticatorData: data.toString("base64url"),
        signature: signature.toString("base64url"),
        // Left out of the JSON where there is none.
        userHandle: (odd.handle ?? handle) || undefined,
      });
    },
  };
}

export type Authenticator = ReturnType<typeof createAuthenticator>;

function sha256(of: string | Buffer): Buffer {
  return createHash("sha256").update(of).digest();
}
