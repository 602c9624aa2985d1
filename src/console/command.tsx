import type { Command } from "../remediation/proposal.ts";
import { Text } from "./parts.tsx";
import { plural } from "./words.ts";

/**
 * What will run, to the last character: quoted the way a shell would need it, so that the limits of
 * every argument are plain, wrapped and never cut.
 */
export function CommandText({ command }: { command: Command }) {
  if (command.kind === "http") return <HttpCommand command={command} />;
  if (command.kind === "signals") return <SignalsCommand command={command} />;
  if (command.kind === "ssh") return <SshCommand command={command} />;
  if (command.kind === "grant") return <GrantCommand command={command} />;
  return (
    <>
      <Argv of={command.argv} />
      <p class="under">
        {argumentCount(command.argv.length - 1)}, no shell, started in{" "}
        <code>
          <Text of={command.directory} as="exact" />
        </code>
      </p>
    </>
  );
}

function Argv({ of }: { of: readonly string[] }) {
  return (
    <pre class="argv">
      <code>
        {of.map((argument, index) => (
          <>
            {index === 0 ? "" : " "}
            <span class="arg">
              <Text of={quote(argument)} as="exact" />
            </span>
          </>
        ))}
      </code>
    </pre>
  );
}

function SshCommand({ command }: { command: Extract<Command, { kind: "ssh" }> }) {
  const { host, argv, peer } = command;
  return (
    <>
      <Argv of={argv} />
      <p class="under">
        {argumentCount(argv.length - 1)}, over ssh on{" "}
        <code>
          <Text of={peer === null ? host : `${host} (${peer.address})`} as="exact" />
        </code>
        {peer === null ? null : (
          <>
            , known by{" "}
            <code>
              <Text of={peer.hostKeys.join(" or ")} as="exact" />
            </code>
          </>
        )}
      </p>
    </>
  );
}

function HttpCommand({ command }: { command: Extract<Command, { kind: "http" }> }) {
  const body =
    command.body === null || command.body === undefined ? "" : JSON.stringify(command.body);
  return (
    <>
      <pre class="argv">
        <code>
          <span class="arg">{command.method}</span>{" "}
          <span class="arg">
            <Text of={`${command.origin ?? ""}${command.path}`} as="exact" />
          </span>
          {body === "" ? null : (
            <>
              {" "}
              <span class="arg">
                <Text of={body} as="exact" />
              </span>
            </>
          )}
        </code>
      </pre>
      {command.meant === undefined ? null : (
        <p class="under">
          which is{" "}
          <code>
            <Text of={command.meant} as="exact" />
          </code>
        </p>
      )}
      {command.tokenFile === undefined ? null : (
        <p class="under">
          with the token in{" "}
          <code>
            <Text of={command.tokenFile} as="exact" />
          </code>
        </p>
      )}
    </>
  );
}

function SignalsCommand({ command }: { command: Extract<Command, { kind: "signals" }> }) {
  const { signals, graceMs, among, process } = command;
  const [first, then] = signals;
  const who =
    process === null
      ? `the busiest of ${among.join(", ")}`
      : `${process.name} (pid ${process.pid}) of ${process.user} (uid ${process.uid})`;
  return (
    <>
      <pre class="argv">
        <code>
          <span class="arg">{first === undefined ? "look at" : `${first} to`}</span>{" "}
          <span class="arg">
            <Text of={who} as="exact" />
          </span>
        </code>
      </pre>
      <p class="under">
        {process === null ? null : (
          <>
            started at tick <Text of={process.startTicks} as="exact" /> of boot{" "}
            <Text of={process.bootId} as="exact" />;{" "}
          </>
        )}
        {then === undefined
          ? "nothing more is sent if it does not end"
          : `${then} if it is still there after ${graceMs / 1000}s`}
      </p>
    </>
  );
}

function GrantCommand({ command }: { command: Extract<Command, { kind: "grant" }> }) {
  return (
    <>
      <pre class="argv">
        <code>
          <span class="arg">
            <Text of={JSON.stringify(command.with)} as="exact" />
          </span>
        </code>
      </pre>
      <p class="under">
        Nothing runs now. From then on this may run unasked on the target, until a run does not
        help.
      </p>
    </>
  );
}

function argumentCount(count: number): string {
  return count === 0 ? "A program without arguments" : `A program and ${plural(count, "argument")}`;
}

function quote(argument: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
