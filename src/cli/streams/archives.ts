/** Archives that commands write to stdout or a file, and read from stdin. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

import { isTerminal } from '../../host/is-terminal.js';
import { CliError } from '../errors/cli-error.js';
import type { Flag } from '../command-parts/flag.js';
import type { Context } from '../context.js';

export const OUTPUT_FLAG: Flag = {
  name: 'output',
  short: 'o',
  kind: 'text',
  value: 'file',
  completion: 'file',
  help: 'Write to a file instead of stdout',
};

/** Throws CliError if an archive would be written to a terminal. */
export function refuseTerminal(
  { globals: { stdout } }: Context,
  file: string | undefined,
  doing: 'export' | 'save',
): void {
  if (file === undefined && stdout !== undefined && isTerminal(stdout))
    throw new CliError(`refusing to ${doing} to terminal. Use -o flag or redirect`);
}

/** Returns stdin as an archive. Throws CliError if it is a terminal; `or`: what the user may do besides redirecting. */
export function stdinArchive(or = ''): Readable {
  if (isTerminal(0)) throw new CliError(`cannot read from terminal, use command-line redirection${or}`);
  return createReadStream('', { fd: 0, autoClose: false });
}
