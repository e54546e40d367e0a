/**
 * Credential helpers: programs docker-credential-NAME that store logins, with JSON on stdin and stdout
 * (https://github.com/docker/docker-credential-helpers).
 */
import { spawn } from 'node:child_process';

import { isTspodError, TspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';
import type { Credentials } from '../registry/credentials.js';
import type { Environment } from '../registry/environment.js';

const MAX_OUTPUT_BYTES = 1024 * 1024;
/** Long enough for a helper that asks the user. */
const TIMEOUT_MS = 120_000;
/** User name that marks a stored identity token. */
const TOKEN_USER = '<token>';

export interface HelperOptions {
  readonly helper: string;
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** Returns the helper's login for a registry; undefined if it has none. Throws INVALID_ARGUMENT if the helper fails. */
export async function helperGet(server: string, options: HelperOptions): Promise<Credentials | undefined> {
  const { status, stdout } = await runHelper('get', server, options);
  if (status !== 0) {
    if (isMissing(stdout)) return undefined;
    throw failed(options.helper, 'get', stdout);
  }
  const answer = parsed(stdout);
  const { Username: username, Secret: secret } = (answer ?? {}) as { Username?: unknown; Secret?: unknown };
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw failed(options.helper, 'get', 'it returned no credentials');
  return username === TOKEN_USER ? { kind: 'token', token: secret } : { kind: 'password', username, password: secret };
}

/** Whether an error of this module means that the helper is not installed. */
export function isMissingHelper(error: unknown): boolean {
  return isTspodError(error) && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

export async function helperStore(server: string, login: Credentials, options: HelperOptions): Promise<void> {
  const [Username, Secret] = login.kind === 'token' ? [TOKEN_USER, login.token] : [login.username, login.password];
  const { status, stdout } = await runHelper('store', JSON.stringify({ ServerURL: server, Username, Secret }), options);
  if (status !== 0) throw failed(options.helper, 'store', stdout);
}

/** Removes a login; no error if there is none. */
export async function helperErase(server: string, options: HelperOptions): Promise<void> {
  const { status, stdout } = await runHelper('erase', server, options);
  if (status !== 0 && !isMissing(stdout)) throw failed(options.helper, 'erase', stdout);
}

interface HelperResult {
  readonly status: number | null;
  readonly stdout: string;
}

/** Runs the helper. Secrets go through pipes, because a program's arguments are visible to all users. */
function runHelper(verb: string, input: string, { helper, environment, signal }: HelperOptions): Promise<HelperResult> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(helper))
    throw new TspodError('INVALID_ARGUMENT', `${JSON.stringify(helper)} is not a valid name of a credential helper`);
  const program = `docker-credential-${helper}`;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: environment,
      ...(signal === undefined ? {} : { signal }),
    });
    // Not spawn()'s own timeout: for a program that could not be started, it keeps the process alive.
    const timer = setTimeout(() => child.kill(), TIMEOUT_MS);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(
        signal?.aborted === true
          ? abortedError(`run ${program}`, signal)
          : new TspodError('INVALID_ARGUMENT', `run ${program}: ${error.message}`, { cause: error }),
      );
    });
    // A child that could not be started for lack of descriptors has no pipes; its error event follows.
    if (child.pid === undefined) return;
    const chunks: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    // A helper that ends without reading its input is judged by its exit status.
    child.stdin.on('error', () => undefined);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, stdout: Buffer.concat(chunks).toString('utf8') });
    });
    child.stdin.end(input);
  });
}

/** Whether the helper says that it has no such login: the fixed text of the helpers' library, which clients compare. */
function isMissing(output: string): boolean {
  return output.trim() === 'credentials not found in native keychain';
}

function failed(helper: string, verb: string, output: string): TspodError {
  const words = output.trim().slice(0, 512);
  return new TspodError(
    'INVALID_ARGUMENT',
    `docker-credential-${helper} ${verb}: ${words === '' ? 'it failed' : words}`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
