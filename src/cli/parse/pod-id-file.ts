/** Reads --pod-id-file of commands that look for a pod. */
import { messageOf } from '../../errors.js';
import { invalid } from '../errors/cli-error.js';
import type { Caller } from './caller.js';

/** Returns the id in the file. Throws CliError. */
export function readPodIdFile(caller: Caller, file: string): string {
  try {
    return caller.readFile(file).split('\n')[0]?.trim() ?? '';
  } catch (error) {
    throw invalid(`reading pod ID file: ${messageOf(error)}`);
  }
}
