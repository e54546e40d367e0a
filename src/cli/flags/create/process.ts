/** Flags of create and run: the container's first process. */
import { unsupported } from '../../errors/cli-error.js';
import { parseEnv, readEnvFile, parsePairs } from '../../parse/key-values.js';
import type { CreateFlag } from './draft.js';

const PROCESS = 'Process';

export const processFlags: readonly CreateFlag[] = [
  {
    name: 'env-host',
    kind: 'bool',
    group: PROCESS,
    help: "Pass all of the caller's environment",
    set: (draft, value, caller) => {
      if (value) draft.env = { ...draft.env, ...parseEnv(['*'], caller) };
    },
  },
  {
    name: 'env-file',
    kind: 'list',
    value: 'file',
    completion: 'file',
    group: PROCESS,
    help: 'Read environment variables from a file',
    set: (draft, files, caller) => {
      for (const file of files) draft.env = { ...draft.env, ...readEnvFile(file, caller) };
    },
  },
  {
    name: 'env',
    short: 'e',
    kind: 'items',
    value: 'key[=value]',
    group: PROCESS,
    help: "Set an environment variable; without a value, or with KEY*, take the caller's",
    set: (draft, items, caller) => {
      const given = items.filter((item) => item !== '');
      draft.env = { ...draft.env, ...parseEnv(given, caller) };
    },
  },
  {
    name: 'env-merge',
    kind: 'items',
    value: 'key=value',
    group: PROCESS,
    help: 'Set an environment variable; ${NAME} in the value stands for another variable of the container',
    set: (draft, items) => {
      draft.envMerge = parsePairs(items, () => 'variables must be formatted KEY=VALUE');
    },
  },
  {
    name: 'unsetenv',
    kind: 'items',
    value: 'key',
    group: PROCESS,
    help: 'Unset a default environment variable',
    set: (draft, names) => {
      draft.unsetEnv = names;
    },
  },
  {
    name: 'unsetenv-all',
    kind: 'bool',
    group: PROCESS,
    help: 'Unset all default environment variables',
    set: (draft, value) => {
      draft.unsetEnvAll = value;
    },
  },
  {
    name: 'http-proxy',
    kind: 'bool',
    default: 'true',
    group: PROCESS,
    help: "Pass the caller's proxy variables",
    set: (draft, value) => {
      draft.httpProxy = value;
    },
  },
  {
    name: 'entrypoint',
    kind: 'text',
    value: 'command',
    group: PROCESS,
    help: 'Entrypoint: a program, or a JSON list of words',
    emptyCounts: true,
    set: (draft, value) => {
      draft.entrypoint = parseEntrypoint(value);
    },
  },
  {
    name: 'workdir',
    short: 'w',
    kind: 'text',
    value: 'directory',
    group: PROCESS,
    help: 'Working directory inside the container',
    set: (draft, value) => {
      draft.workdir = value;
    },
  },
  {
    name: 'user',
    short: 'u',
    kind: 'text',
    value: 'user[:group]',
    group: PROCESS,
    help: 'User, and group, by name or number',
    set: (draft, value) => {
      // A colon without a group has no meaning: the user's group is used.
      const user = value.replace(/:$/, '');
      if (user !== '') draft.user = user;
    },
  },
  {
    name: 'group-add',
    kind: 'list',
    value: 'group',
    group: PROCESS,
    help: 'Add a supplementary group',
    set: (draft, groups) => {
      if (groups.includes('keep-groups')) throw unsupported('--group-add keep-groups', 'name the groups');
      draft.groups = groups;
    },
  },
  {
    name: 'umask',
    kind: 'text',
    value: 'octal',
    default: '0022',
    group: PROCESS,
    help: 'Set the umask',
    set: (draft, value) => {
      draft.umask = value;
    },
  },
  {
    name: 'init',
    kind: 'bool',
    group: PROCESS,
    help: 'Run a tiny init as PID 1 that forwards signals and reaps processes',
    set: (draft, value) => {
      draft.init = value;
    },
  },
  {
    name: 'interactive',
    short: 'i',
    kind: 'bool',
    group: PROCESS,
    help: 'Keep stdin open even if not attached',
    set: (draft, value) => {
      draft.interactive = value;
    },
  },
  {
    name: 'tty',
    short: 't',
    kind: 'bool',
    group: PROCESS,
    help: 'Allocate a terminal',
    set: (draft, value) => {
      draft.tty = value;
    },
  },
  {
    name: 'tz',
    kind: 'text',
    value: 'zone',
    group: PROCESS,
    help: "Set the time zone: a name such as Europe/Zurich, or local for the host's",
    set: (draft, value) => {
      draft.timezone = value;
    },
  },
  {
    name: 'personality',
    kind: 'text',
    value: 'name',
    completion: ['LINUX', 'LINUX32'],
    group: PROCESS,
    help: 'Execution domain: LINUX or LINUX32',
    set: (draft, value) => {
      draft.personality = value;
    },
  },
];

/** Parses an entry point: a JSON list of words, or one word; an empty text means no entry point. */
export function parseEntrypoint(text: string): readonly string[] {
  if (text === '') return [];
  try {
    const words: unknown = JSON.parse(text);
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  } catch {
    // Not JSON, hence the name of a program.
  }
  return [text];
}
