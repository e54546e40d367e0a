/** What a command may say where a call of the system has failed under it. */
import type { ExecutionContext } from 'ava';

import type { CliResult } from './cli.js';

const STATUSES = [0, 1, 2, 125, 126, 127];

/** It did without what failed, or failed, and said in one line what it was about. */
export function checkOutcome(t: ExecutionContext<unknown>, what: string, { status, stderr }: CliResult): void {
  t.true(STATUSES.includes(status), `${what}: exit code ${String(status)}: ${stderr}`);
  t.notRegex(stderr, /^\s+at /m, what);
  t.notRegex(stderr, /internal error|undefined|\[object/i, what);
  if (status === 0) return;
  t.regex(stderr, /^Error: [^\n]+\n$/, what);
  t.notRegex(stderr, BARE, what);
}

/** What node says of a call, with nothing about what for. */
const BARE = /^Error: (?:E[A-Z]+: [^,/]+, \w+|E[A-Z]+|[a-z ]+: E[A-Z]+)\n$/;
