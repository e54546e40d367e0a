import { isTspodError } from '../../../errors.js';
import {
  defaultRegistry,
  keptLogin,
  login,
  readLoginKey,
  tryLogin,
  type Credentials,
} from '../../../engine/registries/registries.js';
import type { RegistryAccess } from '../../../engine/images/types.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import {
  authFileFlag,
  certDirectoryFlag,
  checkAuthFiles,
  compatAuthFileFlag,
  registryAccess,
  tlsVerifyFlag,
} from '../../flags/registry.js';
import { openQuestions, readStdin } from '../../terminal/ask.js';

export const command: Command = {
  name: 'login',
  summary: 'Log in to a container registry',
  description:
    'Verifies credentials with a registry and stores them in the auth file, which only its owner can read. Without a registry, logs in to the first one that registries.conf lists.',
  usage: '[options] [REGISTRY]',
  examples: [
    'login quay.io',
    'login --username me --password-stdin quay.io/team < password',
    'login --get-login quay.io',
  ],
  flags: [
    authFileFlag,
    certDirectoryFlag,
    compatAuthFileFlag,
    { name: 'get-login', kind: 'bool', help: 'Print the user who is logged in' },
    {
      name: 'password',
      short: 'p',
      kind: 'text',
      value: 'password',
      help: 'Password (visible to other users of this machine)',
    },
    { name: 'password-stdin', kind: 'bool', help: 'Read the password from stdin' },
    tlsVerifyFlag,
    { name: 'username', short: 'u', kind: 'text', value: 'name', help: 'User' },
    { name: 'verbose', short: 'v', kind: 'bool', help: 'Print where the credentials are stored' },
  ],
  completion: [[]],
  check: ({ args, flags }) => {
    if (args.length > 1) throw invalid('login accepts only one registry to login to');
    checkAuthFiles(flags);
    if (!flags.bool('password-stdin')) return;
    if (flags.has('password')) throw invalid("can't specify both --password-stdin and --password");
    if (flags.text('username') === undefined) throw invalid('must provide --username with --password-stdin');
  },
  run: async (context, { args, flags }) => {
    const request = registryAccess(flags);
    const registry = args[0] ?? defaultRegistry(request);
    const { key } = readLoginKey(registry);
    const known = await keptLogin(registry, request);
    if (flags.bool('get-login')) {
      if (known?.kind !== 'password') throw new CliError(`not logged into ${key}`);
      await context.out(`${known.username}\n`);
      return 0;
    }
    const wantsOther = ['username', 'password', 'password-stdin'].some((name) => flags.has(name));
    if (known !== undefined && !wantsOther && (await isStillValid(context, { key, known, request }))) return 0;
    const credentials = await askFor(context, flags, known);
    const dockerKeys = flags.has('compat-auth-file');
    const file = await tried(key, () => login(registry, credentials, { ...request, dockerKeys }));
    if (flags.bool('verbose')) await context.out(`Used:  ${file}\n`);
    await context.out('Login Succeeded!\n');
    return 0;
  },
};

async function isStillValid(
  context: Context,
  { key, known, request }: { key: string; known: Credentials; request: RegistryAccess },
): Promise<boolean> {
  await context.out(`Authenticating with existing credentials for ${key}\n`);
  try {
    await tryLogin(key, known, request);
  } catch (error) {
    if (!isTspodError(error, 'UNAUTHORIZED')) throw error;
    await context.out('Existing credentials are invalid, please enter valid username and password\n');
    return false;
  }
  await context.out(`Existing credentials are valid. Already logged in to ${key}\n`);
  return true;
}

async function askFor(
  context: Context,
  flags: Invocation['flags'],
  known: Credentials | undefined,
): Promise<Credentials> {
  const before = known?.kind === 'password' ? known.username : '';
  const given = flags.bool('password-stdin') ? await readStdin() : flags.text('password');
  const named = flags.text('username');
  if (named !== undefined && given !== undefined) return { kind: 'password', username: named, password: given };
  const questions = openQuestions((text) => context.out(text));
  try {
    const asked = named ?? (await questions.ask(before === '' ? 'Username: ' : `Username (${before}): `)).trim();
    const username = asked === '' ? before : asked;
    return { kind: 'password', username, password: given ?? (await questions.ask('Password: ', { hidden: true })) };
  } finally {
    questions.close();
  }
}

async function tried<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isTspodError(error, 'UNAUTHORIZED'))
      throw new CliError(`logging into ${JSON.stringify(key)}: invalid username/password`);
    if (isTspodError(error)) throw new CliError(`authenticating creds for ${JSON.stringify(key)}: ${error.message}`);
    throw error;
  }
}
