/** Methods of times that templates may call: {{.Created.Format "15:04"}}. */
import type { GoTime, GoValue } from './values.js';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * Returns the zone's offset in minutes, the time on that zone's clock as if it were UTC, and nine digits of the
 * fraction of the second.
 */
function localClock(time: GoTime): { readonly clock: Date; readonly offsetMin: number; readonly fraction: string } {
  const zone = /([+-])(\d\d):(\d\d)$/.exec(time.text);
  const offsetMin = zone === null ? 0 : (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3]));
  const fraction = /\.(\d+)/.exec(time.text)?.[1] ?? '';
  return { clock: new Date(Date.parse(time.text) + offsetMin * 60_000), offsetMin, fraction: fraction.padEnd(9, '0') };
}

/** Matches the parts of Go's reference time, which stand for themselves in a layout. */
const LAYOUT =
  /January|Jan|Monday|Mon|MST|2006|Z07:00|-07:00|-0700|-07|01|02|03|04|05|06|15|_2|PM|pm|[.,](?:0{1,9}|9{1,9})(?!\d)|1|2|3|4|5/g;

function format(time: GoTime, layout: string): string {
  const { clock, offsetMin, fraction } = localClock(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const zone = (separator: string): string => {
    const magnitude = Math.abs(offsetMin);
    return `${offsetMin < 0 ? '-' : '+'}${two(Math.floor(magnitude / 60))}${separator}${two(magnitude % 60)}`;
  };
  const hour12 = clock.getUTCHours() % 12 || 12;
  const parts: Readonly<Record<string, () => string>> = {
    January: () => MONTHS[clock.getUTCMonth()] as string,
    Jan: () => (MONTHS[clock.getUTCMonth()] as string).slice(0, 3),
    Monday: () => DAYS[clock.getUTCDay()] as string,
    Mon: () => (DAYS[clock.getUTCDay()] as string).slice(0, 3),
    MST: () => (offsetMin === 0 ? 'UTC' : zone('')),
    2006: () => String(clock.getUTCFullYear()).padStart(4, '0'),
    'Z07:00': () => (offsetMin === 0 ? 'Z' : zone(':')),
    '-07:00': () => zone(':'),
    '-0700': () => zone(''),
    '-07': () => zone('').slice(0, 3),
    '01': () => two(clock.getUTCMonth() + 1),
    '02': () => two(clock.getUTCDate()),
    '03': () => two(hour12),
    '04': () => two(clock.getUTCMinutes()),
    '05': () => two(clock.getUTCSeconds()),
    '06': () => two(clock.getUTCFullYear() % 100),
    15: () => two(clock.getUTCHours()),
    _2: () => String(clock.getUTCDate()).padStart(2, ' '),
    PM: () => (clock.getUTCHours() < 12 ? 'AM' : 'PM'),
    pm: () => (clock.getUTCHours() < 12 ? 'am' : 'pm'),
    1: () => String(clock.getUTCMonth() + 1),
    2: () => String(clock.getUTCDate()),
    3: () => String(hour12),
    4: () => String(clock.getUTCMinutes()),
    5: () => String(clock.getUTCSeconds()),
  };
  return layout.replace(LAYOUT, (part) => {
    const known = parts[part];
    if (known !== undefined) return known();
    const digits = fraction.slice(0, part.length - 1);
    if (part.includes('0')) return part[0] + digits;
    const trimmed = digits.replace(/0+$/, '');
    return trimmed === '' ? '' : part[0] + trimmed;
  });
}

/** Returns the result of a method; undefined if times have no such method. */
export function callTimeMethod(
  time: GoTime,
  name: string,
  values: readonly GoValue[],
): { readonly result: GoValue } | undefined {
  const ms = Date.parse(time.text);
  switch (name) {
    case 'Format':
      return { result: format(time, typeof values[0] === 'string' ? values[0] : '') };
    case 'String':
      return { result: format(time, '2006-01-02 15:04:05.999999999 -0700 MST') };
    case 'Unix':
      return { result: Math.floor(ms / 1000) };
    case 'UnixMilli':
      return { result: ms };
    case 'IsZero':
      return { result: time.text.startsWith('0001-01-01T00:00:00') };
    case 'UTC':
      return {
        result: { kind: 'time', text: new Date(ms).toISOString().replace(/\.\d+Z$/, `.${localClock(time).fraction}Z`) },
      };
    case 'Year':
      return { result: localClock(time).clock.getUTCFullYear() };
    default:
      return undefined;
  }
}
