/** The reference of the command line, written from the definitions of its commands. */
import { allCommands } from './commands.js';
import type { Command } from './command/definition.js';
import type { Flag } from './command/flag.js';
import { flagName } from './help.js';
import { globalFlags } from './flags/global.js';

/** docs/commands.md: every command with its flags. */
export async function commandReference(): Promise<string> {
  const commands = await allCommands('');
  const only = (await allCommands('container')).filter(
    ({ name }) => !commands.some((command) => command.name === name),
  );
  return [
    '# Commands\n',
    'Written by `node scripts/generate-cli-docs.mjs` from the definitions in `src/cli`; see [cli.md](cli.md) for what they have in common.\n',
    'Every command about containers can also be called as `tspod container COMMAND`.\n',
    '## Flags of every command\n',
    flagTable(globalFlags),
    ...commands.map((command) => section(`tspod ${command.name}`, command)),
    ...only.map((command) => section(`tspod container ${command.name}`, command)),
    ...(await allCommands('healthcheck')).map((command) => section(`tspod healthcheck ${command.name}`, command)),
  ].join('\n');
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
  for (const { name, flags } of [{ name: 'all commands', flags: globalFlags }, ...(await allCommands(''))]) {
    for (const flag of flags.filter(({ missing }) => missing !== undefined)) {
      const key = `\`--${flag.name}\` | ${cell(flag.missing ?? '')} | ${(flag.harmless ?? []).map((value) => `\`${value}\``).join(', ')}`;
      rows.set(key, [rows.get(key), name].filter(Boolean).join(', '));
    }
  }
  const lines = [...rows].map(([key, commands]) => `| ${commands} | ${key} |\n`).sort();
  return `| commands | flag | why it is missing | values that are taken |\n| --- | --- | --- | --- |\n${lines.join('')}`;
}
