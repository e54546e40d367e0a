/** Handles command lines without a command, or with an unknown one. */
import { nearestWord } from '../util/nearest.js';
import { CliError, EXIT_FAILURE, invalid } from './errors/cli-error.js';
import { parseArguments } from './command-parts/parse.js';
import { commandNames, findCommand, GROUPS, isGroup, type Group } from './command-table.js';
import { commandHelp, groupHelp, rootFlags } from './help.js';
import { makeContext } from './make-context.js';
import { readGlobals } from './globals.js';
import { resolvePath } from './resolve-path.js';
import { missingCommand } from './missing-commands.js';
import { reportError } from './errors/report-error.js';
import { readVersion } from './version.js';

/** Handles --version and --help; otherwise prints the list of commands and an error. */
export async function runWithoutCommand(group: Group, argv: readonly string[]): Promise<number> {
  const path = group === '' ? 'tspod' : `tspod ${group}`;
  const { flags } = parseArguments({ path, flags: rootFlags(), passThrough: false }, argv);
  const context = makeContext(readGlobals(flags, resolvePath));
  if (flags.bool('version')) {
    await context.out(`tspod version ${readVersion().Version}\n`);
    return 0;
  }
  await context.out(await groupHelp(group));
  if (flags.bool('help')) return 0;
  await context.out('\n');
  await reportError(context, invalid(`missing command '${path} COMMAND'`));
  return EXIT_FAILURE;
}

/**
 * Handles `tspod help [GROUP] [COMMAND]`. As in Podman, an unknown command prints the list of commands and is not a
 * failure.
 */
export async function showHelp(words: readonly string[]): Promise<number> {
  const flag = words.find((word) => word.startsWith('-') && word !== '--help' && word !== '-h');
  if (flag !== undefined) throw new CliError(unknownFlag(flag), { hint: "See 'tspod help --help'" });
  const topic = words.filter((word) => !word.startsWith('-'));
  const [first = ''] = topic;
  const group: Group = isGroup(first) ? first : '';
  const [name] = topic.slice(group === '' ? 0 : 1);
  const context = makeContext({ logLevel: 'warn', eventsBackend: 'file', hooksDirectories: [], stdout: 1 });
  const command = name === undefined ? undefined : await findCommand(group, name);
  if (command === undefined && group === '' && name !== undefined) {
    await context.err(`Unknown help topic [${topic.map((word) => `\`${word}\``).join(' ')}]\n${await groupHelp('')}`);
    return 0;
  }
  if (command === undefined) {
    await context.out(await groupHelp(group));
    return 0;
  }
  await context.out(commandHelp(['tspod', group, command.name].filter(Boolean).join(' '), command));
  return 0;
}

export function unknownCommand(group: Group, name: string): CliError {
  const path = group === '' ? 'tspod' : `tspod ${group}`;
  const hint = `Try '${path} --help' for more information`;
  if (name.startsWith('-')) return new CliError(unknownFlag(name), { hint: `See '${path} --help'` });
  const missing = missingCommand(group, name);
  if (missing !== undefined) {
    const { why, instead } = missing;
    const help = instead === '' ? '' : `; use ${instead}`;
    return new CliError(`unrecognized command \`${path} ${name}\`, which only Podman has: ${why}${help}`, { hint });
  }
  const near = nearestWord(name, [...commandNames(group), ...(group === '' ? Object.keys(GROUPS) : [])]);
  const suggestion = near === undefined ? '' : `\nDid you mean this?\n\t${near}\n\n`;
  return new CliError(`unrecognized command \`${path} ${name}\``, { hint: suggestion + hint });
}

function unknownFlag(word: string): string {
  return word.startsWith('--')
    ? `unknown flag: ${word.split('=')[0] ?? ''}`
    : `unknown shorthand flag: '${word[1] ?? ''}' in ${word}`;
}
