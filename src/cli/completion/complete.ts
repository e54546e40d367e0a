/** Implements `tspod __complete`, which the completion scripts of shells ask for possible next words. */
import { aliases, commandNames, findCommand, GROUPS, isGroup, type Group } from '../command-table.js';
import type { Command } from '../command-parts/definition.js';
import { longNames, takesValue, type Completion, type Flag } from '../command-parts/flag.js';
import { mergeFlags } from '../command-parts/merge-flags.js';
import { firstArgument } from '../command-parts/normalize.js';
import { parseArguments } from '../command-parts/parse.js';
import type { Globals } from '../context.js';
import { globalFlags } from '../flags/global.js';
import { readGlobals } from '../globals.js';
import { resolvePath } from '../resolve-path.js';
import { rootFlags } from '../help.js';
import { makeContext } from '../make-context.js';
import { namesOf, type Candidate, type Typing } from './names.js';

/** What the shell adds by itself. */
type Directive = 'none' | 'files' | 'directories';

interface Candidates {
  readonly words: readonly Candidate[];
  readonly directive: Directive;
}

const NOTHING: Candidates = { words: [], directive: 'none' };

/**
 * Completes `words`, which follow the program's name; the last one is being typed. Prints one candidate per line with a
 * tab and its description, and on the last line a colon and the directive.
 */
export async function complete(words: readonly string[]): Promise<number> {
  const globals = readGlobalsQuietly(words);
  const context = makeContext({ ...globals, stdout: 1 });
  const typed = words.at(-1) ?? '';
  const { words: candidates, directive } = await candidatesFor(words.slice(0, -1), typed, globals).catch(() => NOTHING);
  const lines = candidates.filter(({ word }) => word.startsWith(typed)).map(({ word, help }) => `${word}\t${help}\n`);
  await context.out(`${lines.join('')}:${directive}\n`);
  return 0;
}

/**
 * Reads the global flags before the command's name, which say where the store is; the defaults if they cannot be
 * parsed.
 */
function readGlobalsQuietly(words: readonly string[]): Globals {
  try {
    const before = words.slice(0, firstArgument(globalFlags, words.slice(0, -1)));
    return readGlobals(
      parseArguments({ path: 'tspod', flags: globalFlags, passThrough: false }, before).flags,
      resolvePath,
    );
  } catch {
    return { logLevel: 'warn', eventsBackend: 'file', hooksDirectories: [], stdout: 1 };
  }
}

async function candidatesFor(before: readonly string[], typed: string, globals: Globals): Promise<Candidates> {
  const at = firstArgument(globalFlags, before);
  const first = before[at];
  if (first === undefined) return inGroup('', before, { typed, globals });
  if (!isGroup(first)) return inCommand(await findCommand('', first), before.slice(at + 1), { typed, globals });
  const rest = before.slice(at + 1);
  const second = firstArgument(globalFlags, rest);
  if (rest[second] === undefined) return inGroup(first, rest, { typed, globals });
  return inCommand(await findCommand(first, rest[second]), rest.slice(second + 1), { typed, globals });
}

/** Returns candidates where no command is named yet. */
async function inGroup(group: Group, before: readonly string[], typing: Typing): Promise<Candidates> {
  const pending = pendingFlag(globalFlags, before);
  if (pending !== undefined) return valuesOf(pending.completion, typing);
  if (typing.typed.startsWith('-')) return flagCandidates(rootFlags(), typing);
  const words = await Promise.all(
    commandNames(group).map(async (word) => ({ word, help: (await findCommand(group, word))?.summary ?? '' })),
  );
  if (group === '')
    words.push(...Object.entries(GROUPS).map(([word, help]) => ({ word, help })), {
      word: 'help',
      help: 'Help about a command',
    });
  else words.push(...Object.entries(aliases(group)).map(([word, name]) => ({ word, help: `As ${name}` })));
  return { words, directive: 'none' };
}

async function inCommand(command: Command | undefined, before: readonly string[], typing: Typing): Promise<Candidates> {
  if (command === undefined) return NOTHING;
  const flags = mergeFlags(command.flags, globalFlags);
  const passThrough = command.passThrough === true;
  const firstPlace = firstArgument(flags, before);
  const ended = passThrough && firstPlace < before.length;
  const pending = ended ? undefined : pendingFlag(flags, before);
  if (pending !== undefined) return valuesOf(pending.completion, typing);
  if (!ended && typing.typed.startsWith('-')) return flagCandidates(flags, typing);
  const place = countArguments(flags, before, passThrough);
  const { completion = [] } = command;
  return valuesOf(completion[Math.min(place, passThrough ? place : completion.length - 1)], typing);
}

/** Returns the flag whose value is about to be typed. */
function pendingFlag(flags: readonly Flag[], before: readonly string[]): Flag | undefined {
  const last = before.at(-1) ?? '';
  if (last.startsWith('--')) {
    const flag = flags.find((candidate) => longNames(candidate).includes(last.slice(2)));
    return flag !== undefined && takesValue(flag) ? flag : undefined;
  }
  if (!/^-[^-]/.test(last)) return undefined;
  const flag = flags.find(({ short }) => short === last.at(-1));
  return flag !== undefined && takesValue(flag) ? flag : undefined;
}

function countArguments(flags: readonly Flag[], before: readonly string[], passThrough: boolean): number {
  let count = 0;
  for (let at = firstArgument(flags, before); at < before.length; count++) {
    if (passThrough) return before.length - at;
    at += 1 + firstArgument(flags, before.slice(at + 1));
  }
  return count;
}

async function flagCandidates(flags: readonly Flag[], typing: Typing): Promise<Candidates> {
  const { typed } = typing;
  const equals = typed.indexOf('=');
  if (equals < 0) {
    const words = flags.filter(({ hidden }) => hidden !== true).map(({ name, help }) => ({ word: `--${name}`, help }));
    return { words, directive: 'none' };
  }
  const flag = flags.find((candidate) => longNames(candidate).includes(typed.slice(2, equals)));
  const values = await valuesOf(flag?.completion, typing);
  return {
    ...values,
    words: values.words.map(({ word, help }) => ({ word: typed.slice(0, equals + 1) + word, help })),
  };
}

async function valuesOf(completion: Completion | undefined, typing: Typing): Promise<Candidates> {
  if (completion === undefined) return NOTHING;
  if (completion === 'file') return { words: [], directive: 'files' };
  if (completion === 'directory') return { words: [], directive: 'directories' };
  if (typeof completion === 'string') return { words: await namesOf(completion, typing), directive: 'none' };
  return { words: completion.map((word) => ({ word, help: '' })), directive: 'none' };
}
