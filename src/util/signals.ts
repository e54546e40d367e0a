/** Linux signal numbers by name (signal(7)); x86, ARM and most others share them. */
import { constants } from 'node:os';

/**
 * First and last real-time signal that C libraries leave to programs (glibc and musl use those below 34 themselves).
 */
export const SIGRTMIN = 34;
const SIGRTMAX = 64;

const NUMBER_BY_NAME: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals));

const NAME_BY_NUMBER: ReadonlyMap<number, string> = new Map(
  // If two names share a number, the first is the usual one: SIGABRT before SIGIOT.
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/**
 * Returns the number of a signal given as a number ("9"), a name ("KILL", "SIGKILL", any case) or a real-time signal
 * ("RTMIN+3", "RTMAX-1"); undefined if there is no such signal. Valid numbers are 1 to 64.
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

/** Returns SIGTERM for 15, SIGRTMIN+3 for 37, and the number as text if it has no name. */
export function signalName(number: number): string {
  const name = NAME_BY_NUMBER.get(number);
  if (name !== undefined) return name;
  if (number === SIGRTMIN) return 'SIGRTMIN';
  if (number > SIGRTMIN && number <= SIGRTMAX) return `SIGRTMIN+${number - SIGRTMIN}`;
  return String(number);
}
