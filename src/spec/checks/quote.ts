/** A user's word as it is shown in an error: quoted, control characters escaped, cut where it is long. */
export function quote(text: string): string {
  const shown = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return JSON.stringify(shown);
}
