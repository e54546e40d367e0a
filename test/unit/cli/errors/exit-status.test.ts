import test from 'ava';

import { CliError } from '../../../../src/cli/errors/cli-error.js';
import {
  endStatus,
  execFailure,
  exitStatus,
  processStatus,
  removeStatus,
  startFailure,
} from '../../../../src/cli/errors/exit-status.js';
import { TspodError, type ErrorCode } from '../../../../src/errors.js';

const failed = (code: ErrorCode): TspodError => new TspodError(code, code);

test('an error without a status of its own is 125', (t) => {
  t.is(exitStatus(new Error('x')), 125);
  t.is(exitStatus(failed('NAME_IN_USE')), 125);
  t.is(exitStatus(new CliError('x')), 125);
  t.is(exitStatus(new CliError('x', { exitCode: 1 })), 1);
  t.is(exitStatus('not even an error'), 125);
});

test('run: 127 for a missing command, 126 for whatever else fails at the start', (t) => {
  t.is(exitStatus(startFailure(failed('COMMAND_NOT_FOUND'))), 127);
  t.is(exitStatus(startFailure(failed('COMMAND_NOT_EXECUTABLE'))), 126);
  t.is(exitStatus(startFailure(failed('LAUNCH_FAILED'))), 126);
  t.is(exitStatus(startFailure(new Error('no such file'))), 126);
});

test('exec: 125, 126, 127 and 255', (t) => {
  const cases: readonly [ErrorCode, number][] = [
    ['COMMAND_NOT_FOUND', 127],
    ['COMMAND_NOT_EXECUTABLE', 126],
    ['STATE_INVALID', 255],
    ['CONTAINER_STOPPED', 255],
    ['INVALID_ARGUMENT', 125],
    ['NO_SUCH_CONTAINER', 125],
  ];
  for (const [code, status] of cases) t.is(exitStatus(execFailure(failed(code))), status, code);
});

test('rm: 1 wins over 2, and 2 over 125', (t) => {
  t.is(removeStatus([failed('NO_SUCH_CONTAINER')]), 1);
  t.is(removeStatus([failed('STATE_INVALID')]), 2);
  t.is(removeStatus([failed('HAS_DEPENDENTS')]), 125);
  t.is(removeStatus([failed('STATE_INVALID'), failed('NO_SUCH_CONTAINER')]), 1);
  t.is(removeStatus([failed('HAS_DEPENDENTS'), failed('STATE_INVALID')]), 2);
});

test('the status of a process, of an unknown end and of a time limit', (t) => {
  t.is(processStatus(0), 0);
  t.is(processStatus(137), 137);
  t.is(processStatus(-1), 255);
  const end = { signal: 'SIGKILL', oomKilled: false };
  t.is(endStatus({ ...end, exitCode: 137, timedOut: true }), 255);
  t.is(endStatus({ ...end, exitCode: 137, timedOut: false }), 137);
});
