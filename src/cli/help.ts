/** Texts of --help. */
import { allCommands, GROUPS, type Group } from './command-table.js';
import type { Command } from './command-parts/definition.js';
import { takesValue, type Flag } from './command-parts/flag.js';
import { globalFlags } from './flags/global.js';

/** Returns the help of a command. `path`: how it is called: 'tspod run', 'tspod container run'. */
export function commandHelp(path: string, command: Command): string {
  const groups = groupFlags([...command.flags, ...globalFlags]);
  return [
    `${command.summary}\n`,
    `Description:\n${wrap(command.description, '  ')}`,
    `Usage:\n  ${path} ${command.usage}\n`,
    `Examples:\n${command.examples.map((example) => `  tspod ${example}\n`).join('')}`,
    ...[...groups].map(([heading, flags]) => `${heading}:\n${flagTable(flags)}`),
  ].join('\n');
}

export async function groupHelp(group: Group): Promise<string> {
  const commands = await allCommands(group);
  const groups = group === '' ? Object.entries(GROUPS).map(([name, summary]) => ({ name, summary })) : [];
  const width = Math.max(...[...commands, ...groups].map(({ name }) => name.length));
  const list = [...commands, ...groups].map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}\n`).join('');
  const path = group === '' ? 'tspod' : `tspod ${group}`;
  return [
    `${group === '' ? 'Run containers without a daemon' : GROUPS[group]}\n`,
    `Usage:\n  ${path} [options] COMMAND\n`,
    `Available Commands:\n${sortLines(list)}`,
    `Options:\n${flagTable(rootFlags().filter(({ hidden }) => hidden !== true))}`,
    `Use '${path} COMMAND --help' for more about a command.\n`,
  ].join('\n');
}

/** Returns the flags that are accepted without a command. */
export function rootFlags(): readonly Flag[] {
  return [...globalFlags, { name: 'version', short: 'v', kind: 'bool', help: 'Print the version and exit' }];
}

function sortLines(text: string): string {
  return `${text.trimEnd().split('\n').sort().join('\n')}\n`;
}

/** Groups visible flags by their headings, in the order in which the headings first occur. */
function groupFlags(flags: readonly Flag[]): Map<string, Flag[]> {
  const groups = new Map<string, Flag[]>();
  for (const flag of flags.filter(({ hidden }) => hidden !== true)) {
    const heading = flag.group ?? 'Options';
    groups.set(heading, [...(groups.get(heading) ?? []), flag]);
  }
  return groups;
}

function flagTable(flags: readonly Flag[]): string {
  const left = flags.map(flagName);
  const width = Math.min(36, Math.max(...left.map(({ length }) => length)));
  return [...flags]
    .map((flag, i) => {
      const fallback = flag.default === undefined ? '' : ` (default ${flag.default})`;
      return `  ${(left[i] ?? '').padEnd(width)}   ${flag.help}${fallback}\n`;
    })
    .join('');
}

/** Returns a flag as help shows it: -m, --memory size */
export function flagName(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${flag.name}${takesValue(flag) ? ` ${flag.value ?? 'value'}` : ''}`;
}

/** Wraps a text into lines of at most 100 characters. */
function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent.trimEnd();
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > 100) {
      lines.push(line);
      line = indent.trimEnd();
    }
    line += line.trim() === '' ? `${indent.slice(line.length)}${word}` : ` ${word}`;
  }
  return `${[...lines, line].join('\n')}\n`;
}
