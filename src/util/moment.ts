/** Points in time as users write them. */
import { readDuration } from './duration.js';

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?$/;

const DATE_WITH_ZONE = /^(\d{4})-(\d\d)-(\d\d)[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/i;

export interface MomentRules {
  readonly now: Date;
  /** Whether a duration means a time before or after now. @default 'before' */
  readonly durations?: 'before' | 'after';
}

/**
 * Parses seconds since 1970, a date (RFC 3339, possibly shortened at its end; local time without a zone), or a
 * duration; undefined for anything else.
 */
export function parseMoment(text: string, { now, durations = 'before' }: MomentRules): Date | undefined {
  const moment = numericMoment(text) ?? localMoment(text) ?? momentWithZone(text);
  if (moment !== undefined) return Number.isNaN(moment.getTime()) ? undefined : moment;
  const duration = readDuration(text);
  if (duration === undefined || duration.rest !== '') return undefined;
  return new Date(now.getTime() + (durations === 'before' ? -duration.ms : duration.ms));
}

function numericMoment(text: string): Date | undefined {
  return /^\d+(\.\d{1,9})?$/.test(text) ? new Date(Number(text) * 1000) : undefined;
}

function localMoment(text: string): Date | undefined {
  const found = DATE.exec(text);
  if (found === null || !isDay(found)) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Math.trunc(Number(`0.${found[7] ?? '0'}`) * 1000);
  return new Date(year, month - 1, day, hour, minute, second, ms);
}

function momentWithZone(text: string): Date | undefined {
  const found = DATE_WITH_ZONE.exec(text);
  return found === null || !isDay(found) ? undefined : new Date(text.replace(' ', 'T'));
}

/** Whether the date exists. JavaScript would take February 30 for March 1 or 2. */
function isDay([, year, month, day]: RegExpExecArray): boolean {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}
