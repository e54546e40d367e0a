/** Linux signal numbers by name (signal(7)); x86, ARM and most others share them. */
import { constants } from 'node:os';

/** First real-time signal that a C library leaves to programs, and the last (glibc and musl keep those below for themselves). */
export const SIGRTMIN = 34;
const SIGRTMAX = 64;

const NUMBER_BY_NAME: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals));

const NAME_BY_NUMBER: ReadonlyMap<number, string> = new Map(
  // Where two names share a number the first is the usual one: SIGABRT before SIGIOT.
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/**
 * The number of a signal given as a number ("9"), a name ("KILL", "SIGKILL", any case) or a real-time one ("RTMIN+3", "RTMAX-1");
 * undefined when there is none such. Signals are 1 to 64; 0 is not one.
 */
export function parseSignal(text: string | number): number | undefined {
  const words = String(text).trim().toUpperCase();
  if (/^\d{1,2}$/.test(words)) return inRange(Number(words));
  const name = words.startsWith('SIG') ? words.slice(3) : words;
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime !== null) return parseRealTime(realTime);
  return NUMBER_BY_NAME.get(`SIG${name}`);
}

function parseRealTime(match: RegExpExecArray): number | undefined {
  const [, end, sign, digits] = match;
  const base = end === 'MIN' ? SIGRTMIN : SIGRTMAX;
  const offset = digits === undefined ? 0 : Number(digits) * (sign === '-' ? -1 : 1);
  const number = base + offset;
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}

function inRange(number: number): number | undefined {
  return number >= 1 && number <= SIGRTMAX ? number : undefined;
}

/** SIGTERM for 15; SIGRTMIN+3 for 37; the number as text where there is no name. */
export function signalName(number: number): string {
  const name = NAME_BY_NUMBER.get(number);
  if (name !== undefined) return name;
  if (number === SIGRTMIN) return 'SIGRTMIN';
  if (number > SIGRTMIN && number <= SIGRTMAX) return `SIGRTMIN+${number - SIGRTMIN}`;
  return String(number);
}
