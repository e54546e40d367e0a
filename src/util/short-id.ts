/** How ids are shown where they need not be whole: their first 12 digits. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
