/** Checks of names that become parts of paths, host names and records. */
import { invalid } from '../../errors.js';
import { quote } from './quote.js';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
export const MAX_NAME = 255;

/**
 * Whether the text is a valid name of a container, a pod, a volume or a network: it begins with a letter or a digit,
 * followed by letters, digits, `_`, `.` and `-`.
 */
export function isName(text: string): boolean {
  return text.length <= MAX_NAME && NAME.test(text);
}

/** Returns the name if isName() accepts it; throws INVALID_ARGUMENT otherwise. */
export function checkName(name: string): string {
  if (isName(name)) return name;
  throw invalid(
    name.length > MAX_NAME
      ? `name is longer than ${MAX_NAME} characters: ${quote(name)}`
      : `names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: ${quote(name)} does not: invalid argument`,
  );
}

/**
 * Returns a host or domain name for the UTS namespace if it is valid; throws INVALID_ARGUMENT otherwise. sethostname(2)
 * takes 64 bytes; the characters are those of DNS and `_`.
 */
export function checkHostname(what: string, name: string): string {
  if (isHostname(name)) return name;
  throw invalid(`${what} must be 1 to 64 letters, digits, dots, dashes or underscores, not ${quote(name)}`);
}

/** Whether checkHostname() accepts the name. */
export function isHostname(name: string): boolean {
  return name.length >= 1 && name.length <= 64 && /^[a-zA-Z0-9_.-]+$/.test(name);
}

/** Returns the path if it is absolute and not too long, otherwise throws INVALID_ARGUMENT. The caller cleans it. */
export function checkAbsolutePath(what: string, path: string): string {
  if (!path.startsWith('/')) throw invalid(`${what} must be an absolute path, not ${quote(path)}`);
  if (Buffer.byteLength(path) >= 4096) throw invalid(`${what} is longer than 4095 bytes: ${quote(path)}`);
  return path;
}

/** Returns a copy of labels or annotations. Throws INVALID_ARGUMENT for an empty key; all others are allowed. */
export function checkLabels(what: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.hasOwn(labels, '')) throw invalid(`${what} must have a name`);
  return { ...labels };
}
