/** Errors of another OCI runtime, in its own words. */
import { readFileSync } from 'node:fs';

import { TspodError, type ErrorCode } from '../../errors.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { ContainerPaths } from '../../storage/paths.js';
import { runtimeLog } from './command.js';

/** Limit of the part of the log's last line that is looked at, in characters; that line says why the runtime failed. */
const MAX_LINE = 4096;

/** The steps of a plan that a runtime carries out. */
const RUNTIME_STEPS: ReadonlySet<unknown> = new Set(['adopt', 'runProgram']);

/**
 * If another runtime has failed, returns the error with the runtime's words, which are all that it reports, and with
 * the code that they stand for. Returns any other launch error as it is.
 */
export function withRuntimeWords(error: TspodError, { config, paths }: Subject): TspodError {
  if (config.runtime === undefined || !RUNTIME_STEPS.has(error.details['op'])) return error;
  const words = lastWords(paths);
  if (words === '') return error;
  return new TspodError(codeFor(words), `${config.runtime.name}: ${words}`, { details: error.details, cause: error });
}

interface Subject {
  readonly config: Pick<ContainerConfig, 'runtime'>;
  readonly paths: Pick<ContainerPaths, 'run'>;
}

function lastWords(paths: Pick<ContainerPaths, 'run'>): string {
  let text;
  try {
    text = readFileSync(runtimeLog(paths), 'utf8');
  } catch {
    return '';
  }
  const line = text.trimEnd().split('\n').at(-1)?.slice(0, MAX_LINE) ?? '';
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record === 'object' && record !== null && 'msg' in record && typeof record.msg === 'string')
      return record.msg.trim();
  } catch {
    // not every runtime keeps to the format that was asked for
  }
  return line;
}

/** Returns the code that a runtime's words stand for, as Podman reads them. */
function codeFor(words: string): ErrorCode {
  if (/permission denied|is a directory/i.test(words)) return 'COMMAND_NOT_EXECUTABLE';
  if (/executable file|no such file|not found/i.test(words)) return 'COMMAND_NOT_FOUND';
  return 'LAUNCH_FAILED';
}
