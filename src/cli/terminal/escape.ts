/** Prevents names, labels and commands of containers from controlling the reader's terminal. */

/** Control characters except tab and line end, and characters that change the direction of writing. */
// eslint-disable-next-line no-control-regex -- matching control characters is the purpose
const DANGEROUS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Escapes control characters for a terminal: \x1b as text instead of the character. */
export function escapeControls(text: string): string {
  return text.replaceAll(DANGEROUS, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** Returns JSON in which such characters are escaped in JSON's way. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(
    DANGEROUS,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
