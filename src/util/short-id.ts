/** Returns the first 12 digits of an id, as shown where it need not be complete. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
