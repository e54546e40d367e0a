/**
 * Reads files and directories that count as empty if they cannot be read: missing, not accessible, or of a process that
 * has ended.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Returns the text of a file, or ''. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Returns the names in a directory, or none. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
