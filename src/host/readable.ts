/** Files and directories that say nothing where they cannot be read: missing, closed to this process, or of a process that has ended. */
import { readdirSync, readFileSync } from 'node:fs';

/** The text of a file, or ''. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The names in a directory, or none. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
