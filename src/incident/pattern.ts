/** One firing of one alert, with whether anybody cared. */
export interface PastAlert {
  readonly incidentId: string;
  readonly fingerprint: string;
  readonly name: string;
  /** What it was about. */
  readonly where: string;
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  /** Somebody looked after its incident, decided, silenced, or something ran for it. */
  readonly isTouched: boolean;
}

export interface PastFix {
  readonly incidentId: string;
  readonly runbookId: string;
  readonly actionId: string;
  readonly target: string;
  readonly at: Date;
  readonly isVerified: boolean;
}

/** What patterns are looked for in: a stretch of time, in the order in which it happened. */
export interface AlertHistory {
  readonly from: Date;
  readonly to: Date;
  readonly alerts: readonly PastAlert[];
  readonly fixes: readonly PastFix[];
}

/** It comes back soon after it went, again and again. */
export interface Flapping {
  readonly name: string;
  readonly where: string;
  readonly times: number;
  /** Of them, how often it came back soon. */
  readonly returns: number;
  readonly medianPauseMs: number;
  readonly medianDurationMs: number;
  /** Bridging pauses of so long would have left so many. */
  readonly keepFiringForMs: number;
  readonly wouldBe: number;
  readonly incidentIds: readonly string[];
}

/** Alerts that start together far more often than by chance; the first is the one that comes first. */
export interface Together {
  readonly members: readonly {
    readonly name: string;
    readonly where: string;
    readonly times: number;
    /** Of them, with the first, and how long after it. */
    readonly withFirst: number;
    readonly medianLagMs: number;
    /** How often that would be chance. */
    readonly byChance: number;
  }[];
  readonly incidentIds: readonly string[];
}

/** It comes and goes, and nobody ever does anything about it. */
export interface Ignored {
  readonly name: string;
  readonly times: number;
  readonly medianDurationMs: number;
  /** What a longer `for` of the rule would leave. */
  readonly longerFor: { readonly forMs: number; readonly wouldBe: number } | null;
  /** What another threshold would leave, where its own series says so. */
  readonly threshold: {
    readonly limit: number;
    readonly proposed: number;
    readonly measured: number;
    readonly wouldBe: number;
  } | null;
  readonly incidentIds: readonly string[];
}

/** How far the value of an alert's own rule went beyond its threshold, at most. */
export interface Peak {
  readonly name: string;
  readonly operator: string;
  readonly limit: number;
  readonly value: number;
}

/** The same fix helps again and again: what it heals comes back. */
export interface Recurring {
  readonly runbookId: string;
  readonly actionId: string;
  readonly target: string;
  readonly runs: number;
  readonly verified: number;
  readonly medianEveryMs: number;
  readonly incidentIds: readonly string[];
}

/** When a disk is full, if it goes on like this. */
export interface DiskForecast {
  readonly what: string;
  readonly bytesLeft: number;
  readonly bytesPerDay: number;
  readonly fullAt: Date;
  /** Between these in 19 of 20 cases, as the series goes; null for never. */
  readonly earliest: Date;
  readonly latest: Date | null;
  /** What it rests on. */
  readonly points: number;
  readonly since: Date;
}

export interface CertificateForecast {
  readonly what: string;
  readonly expiresAt: Date;
  /** How long before its end it was renewed so far; null where no renewal was seen. */
  readonly renewedBeforeMs: number | null;
  /** Later than it was ever renewed. */
  readonly isLate: boolean;
}

export interface FoundPatterns {
  readonly flapping: readonly Flapping[];
  readonly together: readonly Together[];
  readonly ignored: readonly Ignored[];
  readonly recurring: readonly Recurring[];
  /** What could not be said, and why. */
  readonly lacking: readonly string[];
}

export interface Forecasts {
  readonly disks: readonly DiskForecast[];
  readonly certificates: readonly CertificateForecast[];
  readonly lacking: readonly string[];
}

export interface Patterns extends FoundPatterns {
  readonly from: Date;
  readonly to: Date;
  readonly alerts: number;
  readonly forecasts: Forecasts;
}
