/** Durations and sizes in the words of Docker and Podman. */

const HOUR = 3600;
const DAY = 24;

/** Returns a duration in words: 'Less than a second', '3 minutes', 'About an hour', '2 weeks', ... */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(ms / 1000 / HOUR + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < DAY * 7 * 2) return `${Math.trunc(hours / DAY)} days`;
  if (hours < DAY * 30 * 2) return `${Math.trunc(hours / DAY / 7)} weeks`;
  if (hours < DAY * 365 * 2) return `${Math.trunc(hours / DAY / 30)} months`;
  return `${Math.trunc(ms / 1000 / HOUR / DAY / 365)} years`;
}

/** Returns how long ago a time was: '3 minutes ago' */
export function ago(moment: Date, now: Date): string {
  return `${humanDuration(now.getTime() - moment.getTime())} ago`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;

/** Formats a size with powers of 1000 and three significant digits: 1.23MB. */
export function humanSize(bytes: number): string {
  return sizeText(bytes, 3);
}

/** Formats a size with powers of 1000 and four significant digits: 1.234MB. */
export function preciseSize(bytes: number): string {
  return sizeText(bytes, 4);
}

function sizeText(bytes: number, digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${UNITS[unit]}`;
}

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Formats a size with powers of 1024 and four significant digits: 1.177GiB. */
export function binarySize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${BINARY_UNITS[unit]}`;
}
