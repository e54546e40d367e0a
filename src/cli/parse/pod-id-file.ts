/** --pod-id-file where a pod is looked for. */
import { messageOf } from '../../errors.js';
import { invalid } from '../errors/cli-error.js';
import type { Caller } from './caller.js';

/** Throws CliError. */
export function readPodIdFile(caller: Caller, file: string): string {
  try {
    return caller.readFile(file).split('\n')[0]?.trim() ?? '';
  } catch (error) {
    throw invalid(`reading pod ID file: ${messageOf(error)}`);
  }
}
