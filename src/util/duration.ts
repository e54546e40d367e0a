/** Durations in Go's format (time.ParseDuration): 1h30m, 250ms, 1.5s, -3h. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** The duration read, and the text that follows it: '' if the whole text is a duration. */
export interface ReadDuration {
  /** May be negative or fractional. */
  readonly ms: number;
  readonly rest: string;
}

/** Reads as much of the text as is a duration; undefined for an empty text. */
export function readDuration(text: string): ReadDuration | undefined {
  const body = text.replace(/^[+-]/, '');
  if (body === '') return undefined;
  if (body === '0') return { ms: 0, rest: '' };
  let end = 0;
  let ms = 0;
  for (const [part, number, unit] of body.matchAll(PART)) {
    ms += Number(number) * (UNIT_MS[unit ?? ''] ?? 0);
    end += part.length;
  }
  return { ms: text.startsWith('-') ? -ms : ms, rest: body.slice(end) };
}
