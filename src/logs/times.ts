/** Times in the format of log records. */

/** Formats a date as `2006-01-02T15:04:05.123000000`, in UTC: such texts sort like their times. */
export function recordTime(date: Date): Buffer {
  // toISOString ends with milliseconds and Z.
  return Buffer.from(`${date.toISOString().slice(0, -1)}000000`);
}
