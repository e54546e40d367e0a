/** Durations as Go's time.Duration prints them: 1h2m3.5s, 250ms, 0s. */

const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;

export function goDuration(nanoseconds: number): string {
  const ns = Math.round(nanoseconds);
  if (ns === 0) return '0s';
  if (ns < 1000) return `${ns}ns`;
  if (ns < NS_PER_MS) return `${decimal(ns, 1000)}µs`;
  if (ns < NS_PER_SECOND) return `${decimal(ns, NS_PER_MS)}ms`;
  const minutes = Math.floor(ns / NS_PER_SECOND / 60);
  const seconds = `${decimal(ns - minutes * 60 * NS_PER_SECOND, NS_PER_SECOND)}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** Returns value / unit with all its digits and without trailing zeros. */
function decimal(value: number, unit: number): string {
  const whole = Math.floor(value / unit);
  const rest = String(value - whole * unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '');
  return rest === '' ? String(whole) : `${whole}.${rest}`;
}
