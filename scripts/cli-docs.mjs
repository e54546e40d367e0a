/** The reference of the command line, written from the definitions of its commands: what src/cli exports comes as `cli`. */

/** docs/commands.md: every command with its flags. */
export async function commandReference(cli) {
  const sections = (await grouped(cli)).map(({ path, command }) => section(`tspod ${path}`, command, cli));
  return [
    '# Commands\n',
    'Written by `npm run commands` from the definitions in `src/cli`; see [cli.md](cli.md) for what they have in common.\n',
    'Every command about containers can also be called as `tspod container COMMAND`, those about images as `tspod image COMMAND`.\n',
    '## Flags of every command\n',
    flagTable(cli.globalFlags, cli),
    ...sections,
  ].join('\n');
}

/** Each command once, at the place where it is first found. */
async function grouped({ allCommands, GROUPS }) {
  const found = new Map();
  for (const group of ['', ...Object.keys(GROUPS)])
    for (const command of await allCommands(group))
      if (!found.has(command)) found.set(command, `${group} ${command.name}`.trim());
  return [...found].map(([command, path]) => ({ path, command }));
}

function section(path, command, cli) {
  const flags = command.flags.filter(({ hidden }) => hidden !== true);
  return [
    `## ${path}\n`,
    `${command.description}\n`,
    `\`\`\`\n${path} ${command.usage}\n\`\`\`\n`,
    ...(flags.length === 0 ? [] : [flagTable(flags, cli)]),
    `Examples:\n\n\`\`\`sh\n${command.examples.map((example) => `tspod ${example}\n`).join('')}\`\`\`\n`,
  ].join('\n');
}

function flagTable(flags, { flagName }) {
  const rows = flags
    .filter(({ hidden }) => hidden !== true)
    .map((flag) => [
      `\`${flagName(flag).trim()}\``,
      cell(flag.help),
      flag.default === undefined ? '' : `\`${flag.default}\``,
    ])
    .map(line);
  return `| flag | meaning | default |\n| --- | --- | --- |\n${rows.join('')}`;
}

/** Flags of Podman's that are refused, with the reason and the values that are taken all the same. */
export async function missingTable(cli) {
  const rows = new Map();
  const all = (await grouped(cli)).map(({ path, command: { flags } }) => ({ name: path, flags }));
  for (const { name, flags } of [{ name: 'all commands', flags: cli.globalFlags }, ...all]) {
    for (const flag of flags.filter(({ missing }) => missing !== undefined)) {
      const key = `\`--${flag.name}\` | ${cell(flag.missing)} | ${(flag.harmless ?? []).map((value) => `\`${value}\``).join(', ')}`;
      rows.set(key, [rows.get(key), name].filter(Boolean).join(', '));
    }
  }
  const lines = [...rows].map(([key, commands]) => `| ${commands} | ${key} |\n`).sort();
  return `| commands | flag | why it is missing | values that are taken |\n| --- | --- | --- | --- |\n${lines.join('')}`;
}

/** Commands of Podman's that are not here, with the reason and an alternative. */
export function missingCommandsTable({ MISSING_COMMANDS }) {
  const lines = MISSING_COMMANDS.map(({ path, why, instead }) => line([`\`${path}\``, cell(why), cell(instead)]));
  return `| command | why it is missing | alternative |\n| --- | --- | --- |\n${lines.join('')}`;
}

function line(cells) {
  return `| ${cells.join(' | ')} |\n`;
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
