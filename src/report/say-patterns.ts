import type {
  CertificateForecast,
  DiskForecast,
  Flapping,
  Ignored,
  Patterns,
  Recurring,
  Together,
} from "../incident/pattern.ts";

const SECOND = 1_000;
const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [SECOND, "s"],
] as const;
const GIB = 1024 ** 3;

/** One pattern in words: what is so, with its numbers, and what might be done about it. */
export interface Said {
  readonly text: string;
  readonly advice: string | null;
  /** The newest incidents that it was seen in. */
  readonly incidentIds: readonly string[];
}

export interface SaidPatterns {
  readonly sections: readonly { readonly title: string; readonly items: readonly Said[] }[];
  /** What could not be said, and why. */
  readonly lacking: readonly string[];
}

/** For a page, or for a report. */
export function sayPatterns(patterns: Patterns): SaidPatterns {
  const { flapping, together, ignored, recurring, forecasts, lacking } = patterns;
  return {
    sections: [
      { title: "Will run out", items: forecasts.disks.map(sayDisk) },
      {
        title: "Certificates that end",
        items: forecasts.certificates.map((one) => sayCertificate(one, patterns.to)),
      },
      { title: "Comes back again and again", items: flapping.map(sayFlapping) },
      { title: "Mended again and again", items: recurring.map(sayRecurring) },
      { title: "Start together", items: together.map(sayTogether) },
      { title: "Nobody acts on", items: ignored.map(sayIgnored) },
    ],
    lacking: [...lacking, ...forecasts.lacking],
  };
}

function sayFlapping(found: Flapping): Said {
  const { name, where, times, returns, medianDurationMs, medianPauseMs } = found;
  return {
    text: `${name}${on(where)} fired ${times} times, ${returns} of them within 30 min of its end: for ${span(medianDurationMs)} at the median, with pauses of ${span(medianPauseMs)}.`,
    advice: `With keep_firing_for: ${found.keepFiringForMs / 60_000}m in its rule it would have been ${found.wouldBe}.`,
    incidentIds: found.incidentIds,
  };
}

function sayTogether({ members, incidentIds }: Together): Said {
  const [first, ...others] = members;
  const name = `${first?.name ?? ""}${on(first?.where ?? "")}`;
  const said = others.map(
    ({ name: other, where, times, withFirst, medianLagMs, byChance }) =>
      `${other}${on(where)} ${withFirst} of ${times} times, ${span(medianLagMs)} after it (by chance ${byChance.toFixed(1)})`,
  );
  return {
    text: `With ${name}, which fired ${first?.times ?? 0} times, started ${said.join(", ")}.`,
    advice: `Look at ${name} first. In Alertmanager it could inhibit the others.`,
    incidentIds,
  };
}

function sayIgnored({
  name,
  times,
  medianDurationMs,
  longerFor,
  threshold,
  incidentIds,
}: Ignored): Said {
  const ways = [
    ...(longerFor === null
      ? []
      : [`with for: ${longerFor.forMs / 60_000}m in its rule ${longerFor.wouldBe} would be left`]),
    ...(threshold === null
      ? []
      : [
          `with ${threshold.proposed} instead of ${threshold.limit} as its threshold ${threshold.wouldBe} of the ${threshold.measured} that were measured`,
        ]),
    "or silence it, if nobody ever wants to know",
  ];
  return {
    text: `${name} fired ${times} times and was over after ${span(medianDurationMs)} at the median; nobody did anything about it.`,
    advice: `${capital(ways.join("; "))}.`,
    incidentIds,
  };
}

function sayRecurring(found: Recurring): Said {
  const { runbookId, actionId, target, verified, runs, medianEveryMs } = found;
  return {
    text: `${actionId} of ${runbookId} on ${target} helped ${verified} of ${runs} times, one every ${span(medianEveryMs)}.`,
    advice: "It mends the sign and not the cause: look for what these incidents have in common.",
    incidentIds: found.incidentIds,
  };
}

function sayDisk({ what, bytesLeft, bytesPerDay, fullAt, ...rest }: DiskForecast): Said {
  const { earliest, latest, points, since } = rest;
  const until = latest === null ? "or never" : `and ${day(latest)}`;
  return {
    text: `${what} is full on ${day(fullAt)}, if it goes on like this: ${gib(bytesLeft)} left, ${gib(bytesPerDay)} a day.`,
    advice: `As the series goes it is between ${day(earliest)} ${until}: ${points} points since ${day(since)}.`,
    incidentIds: [],
  };
}

function sayCertificate(found: CertificateForecast, now: Date): Said {
  const { what, expiresAt, renewedBeforeMs, isLate } = found;
  const left = expiresAt.getTime() - now.getTime();
  const when =
    left > 0 ? `ends on ${day(expiresAt)}, in ${span(left)}` : `ended on ${day(expiresAt)}`;
  const usual =
    renewedBeforeMs === null
      ? "No renewal was seen in the last 30 d."
      : `So far it was renewed ${span(renewedBeforeMs)} before its end${isLate ? ": this time it is late." : "."}`;
  return { text: `The certificate of ${what} ${when}.`, advice: usual, incidentIds: [] };
}

function on(where: string): string {
  return where === "" ? "" : ` on ${where}`;
}

/** `2.7 d`, `35 s`: one unit, one digit where that says more. */
function span(ms: number): string {
  const [size, unit] = UNITS.find(([length]) => Math.abs(ms) >= length) ?? [SECOND, "s"];
  const amount = ms / size;
  return `${amount < 10 ? Number(amount.toFixed(1)) : Math.round(amount)} ${unit}`;
}

function gib(bytes: number): string {
  return `${Number((bytes / GIB).toPrecision(2))} GiB`;
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;
}
