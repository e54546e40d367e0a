/** Moments for --since and --until: a date, seconds since 1970, or a duration: before now for what begins, from now on for what ends. */
import { parseMoment } from '../../util/moment.js';
import { invalid } from '../errors/cli-error.js';

/** `flag` is named in the message. */
export function parseMomentFlag(flag: '--since' | '--until', text: string, now: Date): Date {
  const moment = parseMoment(text, { now, durations: flag === '--since' ? 'before' : 'after' });
  if (moment === undefined) throw invalid(`parsing ${flag} ${JSON.stringify(text)}: unable to interpret time value`);
  return moment;
}
