/** Prints values as Go's fmt does with %v and %+v. */
import { isList, isTagged, sortedKeys, type GoTime, type GoValue } from './values.js';

/** Prints a value as %v does; with `fieldNames` as %+v does, with the names of struct fields. */
export function goString(value: GoValue, fieldNames = false): string {
  if (value === undefined || value === null) return '<nil>';
  if (isList(value)) return `[${value.map((item) => goString(item, fieldNames)).join(' ')}]`;
  if (!isTagged(value)) return String(value);
  switch (value.kind) {
    case 'float':
      return floatString(value.value);
    case 'time':
      return timeString(value);
    case 'map':
      return `map[${sortedKeys(value)
        .map((key) => `${key}:${goString(value.entries.get(key), fieldNames)}`)
        .join(' ')}]`;
    case 'struct':
      return `{${Object.entries(value.fields)
        .map(([name, field]) => (fieldNames ? `${name}:` : '') + goString(field, fieldNames))
        .join(' ')}}`;
  }
}

/** From this exponent on, and below -4, %g uses exponents. */
const EXPONENT_FROM = 6;

/** Prints a float as %g without a precision does. */
export function floatString(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const scientific = value.toExponential();
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1));
  return exponent < -4 || exponent >= EXPONENT_FROM ? goExponent(scientific) : value.toString();
}

/** Pads the exponent to two digits, as Go does: 1e-7 becomes 1e-07. */
export function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Prints a time as 2006-01-02 15:04:05.999999999 -0700 MST, in the zone of its text. */
function timeString(time: GoTime): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(time.text);
  if (match === null) return time.text;
  const [, date, clock, fraction = '', zone = 'Z'] = match;
  const trimmed = fraction.replace(/\.?0+$/, '');
  const offset = zone === 'Z' ? '+0000 UTC' : `${zone.replace(':', '')} ${zone.replace(':', '')}`;
  return `${date} ${clock}${trimmed} ${offset}`;
}

/** fmt.Sprint: puts a space between two operands if neither is a string. */
export function sprint(values: readonly GoValue[]): string {
  return values
    .map((value, i) => {
      const spaced = i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string';
      return (spaced ? ' ' : '') + goString(value);
    })
    .join('');
}

/** fmt.Sprintln: puts spaces between all operands, and ends the line. */
export function sprintln(values: readonly GoValue[]): string {
  return `${values.map((value) => goString(value)).join(' ')}\n`;
}
