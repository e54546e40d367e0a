/**
 * File names are bytes, in any encoding or none. They are processed as binary text: a string with one character per
 * byte, so that nothing is lost and "/" is still "/".
 */
export type BinaryText = string;

/** Converts a name that a user typed to the binary text of its UTF-8 bytes. */
export function toBinaryText(text: string): BinaryText {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Converts to readable text; bytes that are not UTF-8 become U+FFFD. */
export function fromBinaryText(text: BinaryText): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

export function binaryBytes(text: BinaryText): Buffer {
  return Buffer.from(text, 'latin1');
}
