/** Names that become parts of paths, host names and records. */
import { invalid } from '../../errors.js';
import { quote } from './quote.js';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
export const MAX_NAME = 255;

/** Whether a container, a pod, a volume or a network can have it: begins with a letter or a digit, then also `_`, `.` and `-`. */
export function isName(text: string): boolean {
  return text.length <= MAX_NAME && NAME.test(text);
}

/** A container's name, as isName() has it; INVALID_ARGUMENT otherwise. */
export function checkName(name: string): string {
  if (isName(name)) return name;
  throw invalid(
    name.length > MAX_NAME
      ? `name is longer than ${MAX_NAME} characters: ${quote(name)}`
      : `names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: ${quote(name)} does not: invalid argument`,
  );
}

/** Host and domain names of the UTS namespace: sethostname(2) takes 64 bytes; the characters are those of DNS and `_`. */
export function checkHostname(what: string, name: string): string {
  if (isHostname(name)) return name;
  throw invalid(`${what} must be 1 to 64 letters, digits, dots, dashes or underscores, not ${quote(name)}`);
}

/** As checkHostname() takes it. */
export function isHostname(name: string): boolean {
  return name.length >= 1 && name.length <= 64 && /^[a-zA-Z0-9_.-]+$/.test(name);
}

/** An absolute path without surprises, cleaned by the caller; INVALID_ARGUMENT otherwise. */
export function checkAbsolutePath(what: string, path: string): string {
  if (!path.startsWith('/')) throw invalid(`${what} must be an absolute path, not ${quote(path)}`);
  if (Buffer.byteLength(path) >= 4096) throw invalid(`${what} is longer than 4095 bytes: ${quote(path)}`);
  return path;
}

/** Labels and annotations: any keys but the empty one. */
export function checkLabels(what: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.hasOwn(labels, '')) throw invalid(`${what} must have a name`);
  return { ...labels };
}
