/** Moments for --since and --until: a date, seconds since 1970, or a duration: before now for what begins, from now on for what ends. */
import { invalid } from '../errors/cli-error.js';
import { parseDuration } from './duration.js';

const LOCAL_DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?$/;

/** `flag` is named in the message. Dates without a zone are local. */
export function parseMoment(flag: '--since' | '--until', text: string, now: Date): Date {
  const sign = flag === '--since' ? -1 : 1;
  const moment = parseNumeric(text) ?? parseDate(text) ?? parseRelative(text, { now, sign });
  if (moment === undefined || Number.isNaN(moment.getTime())) {
    throw invalid(`parsing ${flag} ${JSON.stringify(text)}: unable to interpret time value`);
  }
  return moment;
}

function parseNumeric(text: string): Date | undefined {
  return /^\d+(\.\d{1,9})?$/.test(text) ? new Date(Number(text) * 1000) : undefined;
}

function parseDate(text: string): Date | undefined {
  const local = LOCAL_DATE.exec(text);
  if (local !== null) {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = local
      .slice(1, 7)
      .map((part) => Number(part ?? 0));
    const ms = Math.trunc(Number(`0.${local[7] ?? '0'}`) * 1000);
    return new Date(year, month - 1, day, hour, minute, second, ms);
  }
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/i.test(text)) return undefined;
  return new Date(text.replace(' ', 'T'));
}

function parseRelative(text: string, { now, sign }: { readonly now: Date; readonly sign: 1 | -1 }): Date | undefined {
  try {
    return new Date(now.getTime() + sign * parseDuration(text));
  } catch {
    return undefined;
  }
}
