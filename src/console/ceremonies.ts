import { createHash } from "node:crypto";
import type {
  AuthenticatorTransport,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/server";
import { z } from "zod";
import { createChallenges } from "./challenges.ts";
import type { Passkey } from "./passkey.ts";
import { siteOf } from "./passkey-site.ts";
import type { ConsoleDeps, Owed, Session } from "./ports.ts";

const MOST_CHALLENGES = 1000;
const MOST_ANSWER = 12_000;
const TIMEOUT_MS = 60_000;

const Bytes = z.string().regex(/^[A-Za-z0-9_-]+={0,2}$/);

/** What came back from the browser, all of it hostile until it is verified. */
function Answer<Response extends z.ZodType>(response: Response) {
  return z
    .string()
    .max(MOST_ANSWER)
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "is no JSON" });
        return z.NEVER;
      }
    })
    .pipe(
      z.object({
        id: Bytes,
        rawId: Bytes,
        type: z.literal("public-key"),
        response,
        clientExtensionResults: z.object({}).default({}),
      }),
    );
}

const Creation = Answer(
  z.object({
    clientDataJSON: Bytes,
    attestationObject: Bytes,
    transports: z.array(z.string().max(20)).max(8).default([]),
  }),
);
const Assertion = Answer(
  z.object({
    clientDataJSON: Bytes,
    authenticatorData: Bytes,
    signature: Bytes,
    /** Some devices give none where the passkey was named to them. */
    userHandle: Bytes.default(""),
  }),
);

/** What a passkey is used for. The device signs a challenge that was given out for that and nothing else. */
export interface Ceremonies {
  /** Null where there can be no passkeys: see `siteOf`. */
  readonly site: ReturnType<typeof siteOf>;
  toAdd(session: Session): Promise<PublicKeyCredentialCreationOptionsJSON>;
  added(session: Session, answer: string, name: string): Promise<boolean>;
  toSignIn(): Promise<PublicKeyCredentialRequestOptionsJSON>;
  signedIn(answer: string): Promise<Passkey | null>;
  toApprove(session: Session, digest: string): Promise<PublicKeyCredentialRequestOptionsJSON>;
  /** By the same session, for this very plan, with a passkey of this person. */
  approved(session: Session, digest: string, answer: string): Promise<Passkey | null>;
  /** What high risk takes in this session beside the typed code. */
  owed(session: Session, isAtHome: boolean): Promise<Owed>;
}

export function createCeremonies({
  passkeys,
  publicUrl,
  now,
  log,
}: Pick<ConsoleDeps, "passkeys" | "publicUrl" | "now" | "log">): Ceremonies {
  const site = siteOf(publicUrl);
  const own = createChallenges({ most: MOST_CHALLENGES, now });
  // Whoever is not signed in can use up these only.
  const guests = createChallenges({ most: MOST_CHALLENGES, now });

  async function toAdd(session: Session): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const { rpID, webauthn } = await open();
    const { name } = session.person;
    return await webauthn.generateRegistrationOptions({
      rpName: "Countersign",
      rpID,
      userName: name,
      userID: handleOf(name),
      challenge: bytesOf(own.give(forAdding(session))),
      timeout: TIMEOUT_MS,
      excludeCredentials: (await passkeys.list(name)).map(descriptorOf),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
  }

  async function added(session: Session, answer: string, name: string): Promise<boolean> {
    const { data: response } = Creation.safeParse(answer);
    if (site === null || response === undefined) return false;
    const { rpID, origin, webauthn } = await open();
    const checked = await webauthn
      .verifyRegistrationResponse({
        response,
        expectedChallenge: (given) => own.take(given, forAdding(session)),
        expectedOrigin: origin,
        expectedRPID: rpID,
        requireUserVerification: true,
      })
      .catch(noted);
    if (!checked?.verified) return false;
    const { id, publicKey, counter } = checked.registrationInfo.credential;
    return await passkeys.add({
      ...{ id, person: session.person.name, name, site: rpID, counter },
      publicKey: Buffer.from(publicKey).toString("base64url"),
      transports: response.response.transports,
    });
  }

  async function request(challenge: string, allowed: readonly Passkey[]) {
    const { rpID, webauthn } = await open();
    return await webauthn.generateAuthenticationOptions({
      rpID,
      challenge: bytesOf(challenge),
      timeout: TIMEOUT_MS,
      allowCredentials: allowed.map(descriptorOf),
      userVerification: "required",
    });
  }

  async function proven(
    answer: string,
    isOurs: (challenge: string) => boolean,
    person?: string,
  ): Promise<Passkey | null> {
    const { data: response } = Assertion.safeParse(answer);
    const passkey = response && (await passkeys.find(response.id));
    if (site === null || !passkey || passkey.person !== (person ?? passkey.person)) return null;
    const { userHandle } = response.response;
    if (userHandle !== "" && !handleOf(passkey.person).equals(bytesOf(userHandle))) return null;
    const { rpID, origin, webauthn } = await open();
    const { id, publicKey, counter } = passkey;
    const checked = await webauthn
      .verifyAuthenticationResponse({
        response,
        expectedChallenge: isOurs,
        expectedOrigin: origin,
        expectedRPID: rpID,
        credential: { id, publicKey: bytesOf(publicKey), counter },
        requireUserVerification: true,
      })
      .catch(noted);
    if (!checked?.verified) return null;
    return (await passkeys.used(id, checked.authenticationInfo.newCounter)) ? passkey : null;
  }

  /** As large as the rest of the console: loaded with the first passkey. */
  async function open() {
    if (site === null) throw new Error("there are no passkeys at this address");
    return {
      rpID: site.host,
      origin: site.origin,
      webauthn: await import("@simplewebauthn/server"),
    };
  }

  function noted(error: unknown): null {
    log.warn({ reason: String(error) }, "a passkey was refused");
    return null;
  }

  return {
    site,
    toAdd,
    added,
    toSignIn: async () => await request(guests.give(SIGN_IN), []),
    signedIn: async (answer) => await proven(answer, (given) => guests.take(given, SIGN_IN)),
    toApprove: async (session, digest) =>
      await request(
        own.give(forApproving(session, digest)),
        await passkeys.list(session.person.name),
      ),
    approved: async (session, digest, answer) =>
      await proven(
        answer,
        (given) => own.take(given, forApproving(session, digest)),
        session.person.name,
      ),
    async owed({ person, way }, isAtHome) {
      if ((await passkeys.list(person.name)).length > 0) return isAtHome ? "passkey" : "elsewhere";
      return way === "link" ? "nothing" : "missing";
    },
  };
}

const SIGN_IN = "sign in";

function forAdding({ csrf, person }: Session): string {
  return JSON.stringify(["add", csrf, person.name]);
}

function forApproving({ csrf, person }: Session, digest: string): string {
  return JSON.stringify(["approve", csrf, person.name, digest]);
}

/** What a device knows a person by; no name stands in it. */
function handleOf(person: string): Buffer<ArrayBuffer> {
  return Buffer.from(createHash("sha256").update(`countersign:${person}`).digest());
}

function descriptorOf({ id, transports }: Passkey) {
  return { id, transports: [...transports] as AuthenticatorTransport[] };
}

function bytesOf(text: string): Buffer<ArrayBuffer> {
  return Buffer.from(text, "base64url");
}
