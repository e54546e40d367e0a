/**
 * Names of files are bytes, in any encoding or none. Where they are worked with they are binary text: a string with a character for each
 * byte, so that nothing is lost and "/" is still "/".
 */
export type BinaryText = string;

/** Of a name that a user typed: its UTF-8 bytes. */
export function toBinaryText(text: string): BinaryText {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** For people; bytes that are no UTF-8 become U+FFFD. */
export function fromBinaryText(text: BinaryText): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

export function binaryBytes(text: BinaryText): Buffer {
  return Buffer.from(text, 'latin1');
}
