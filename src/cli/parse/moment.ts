/**
 * Parses the times of --since and --until: a date, seconds since 1970, or a duration, which is counted backwards from
 * now for --since and forwards for --until.
 */
import { parseMoment } from '../../util/moment.js';
import { invalid } from '../errors/cli-error.js';

/** Parses the time of a flag, which messages name. Throws CliError. */
export function parseMomentFlag(flag: '--since' | '--until', text: string, now: Date): Date {
  const moment = parseMoment(text, { now, durations: flag === '--since' ? 'before' : 'after' });
  if (moment === undefined) throw invalid(`parsing ${flag} ${JSON.stringify(text)}: unable to interpret time value`);
  return moment;
}
