/** Times as log records hold them. */

/** `2006-01-02T15:04:05.123000000`, in UTC: texts of this form sort like the times. */
export function recordTime(date: Date): Buffer {
  // toISOString ends with milliseconds and Z.
  return Buffer.from(`${date.toISOString().slice(0, -1)}000000`);
}
