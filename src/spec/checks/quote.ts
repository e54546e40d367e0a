/** Returns a user's word as an error shows it: quoted, with control characters escaped, and truncated if it is long. */
export function quote(text: string): string {
  const shown = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return JSON.stringify(shown);
}
