/** Points of time as users write them in filters. */

const UNITS_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 };

const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;

/** Seconds since 1970, a duration before `now` (`1h30m`), or a date that Date.parse knows; undefined for anything else. */
export function parseMoment(text: string, now: Date): Date | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return new Date(Number(text) * 1000);
  if (DURATION.test(text)) return new Date(now.getTime() - durationMs(text));
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}

function durationMs(text: string): number {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (UNITS_MS[unit ?? ''] ?? 0);
  }
  return total;
}
