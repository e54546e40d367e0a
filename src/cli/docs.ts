/** The reference of the command line, written from the definitions of its commands. */
import { allCommands, GROUPS, type Group } from './commands.js';
import type { Command } from './command/definition.js';
import type { Flag } from './command/flag.js';
import { flagName } from './help.js';
import { MISSING_COMMANDS } from './missing-commands.js';
import { globalFlags } from './flags/global.js';

/** docs/commands.md: every command with its flags. */
export async function commandReference(): Promise<string> {
  const groups = await grouped();
  return [
    '# Commands\n',
    'Written by `node scripts/generate-cli-docs.mjs` from the definitions in `src/cli`; see [cli.md](cli.md) for what they have in common.\n',
    'Every command about containers can also be called as `tspod container COMMAND`, those about images as `tspod image COMMAND`.\n',
    '## Flags of every command\n',
    flagTable(globalFlags),
    ...groups.map(({ path, command }) => section(`tspod ${path}`, command)),
  ].join('\n');
}

/** Each command once, at the place where it is first found. */
async function grouped(): Promise<readonly { readonly path: string; readonly command: Command }[]> {
  const found = new Map<Command, string>();
  for (const group of ['', ...Object.keys(GROUPS)] as const)
    for (const command of await allCommands(group as Group))
      if (!found.has(command)) found.set(command, `${group} ${command.name}`.trim());
  return [...found].map(([command, path]) => ({ path, command }));
}

function section(path: string, command: Command): string {
  const flags = command.flags.filter(({ hidden }) => hidden !== true);
  return [
    `## ${path}\n`,
    `${command.description}\n`,
    `\`\`\`\n${path} ${command.usage}\n\`\`\`\n`,
    ...(flags.length === 0 ? [] : [flagTable(flags)]),
    `Examples:\n\n\`\`\`sh\n${command.examples.map((example) => `tspod ${example}\n`).join('')}\`\`\`\n`,
  ].join('\n');
}

function flagTable(flags: readonly Flag[]): string {
  const rows = flags
    .filter(({ hidden }) => hidden !== true)
    .map(
      (flag) =>
        `| \`${flagName(flag).trim()}\` | ${cell(flag.help)} | ${flag.default === undefined ? '' : `\`${flag.default}\``} |\n`,
    );
  return `| flag | meaning | default |\n| --- | --- | --- |\n${rows.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

/** Flags of Podman's that are refused, with the reason and the values that are taken all the same. */
export async function missingTable(): Promise<string> {
  const rows = new Map<string, string>();
  const all = (await grouped()).map(({ path, command: { flags } }) => ({ name: path, flags }));
  for (const { name, flags } of [{ name: 'all commands', flags: globalFlags }, ...all]) {
    for (const flag of flags.filter(({ missing }) => missing !== undefined)) {
      const key = `\`--${flag.name}\` | ${cell(flag.missing ?? '')} | ${(flag.harmless ?? []).map((value) => `\`${value}\``).join(', ')}`;
      rows.set(key, [rows.get(key), name].filter(Boolean).join(', '));
    }
  }
  const lines = [...rows].map(([key, commands]) => `| ${commands} | ${key} |\n`).sort();
  return `| commands | flag | why it is missing | values that are taken |\n| --- | --- | --- | --- |\n${lines.join('')}`;
}

/** Commands of Podman's that are not here, with the reason and what comes near them. */
export function missingCommandsTable(): string {
  const lines = MISSING_COMMANDS.map(({ path, why, instead }) => `| \`${path}\` | ${cell(why)} | ${cell(instead)} |\n`);
  return `| command | why it is missing | what comes near it |\n| --- | --- | --- |\n${lines.join('')}`;
}
