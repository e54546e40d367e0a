/** Pages that say for each of a list of items which test shows it: docs/model.md and docs/security.md, made of the items. */
import { readFileSync } from 'node:fs';
import { AREAS } from './items.mjs';
import { SECURITY_AREAS } from './security.mjs';
import { seenProblems, unbrokenText } from './seen.mjs';

const MODEL_HEAD = `# The container model

Everything that a container has and does, and the test that shows it. \`npm run model\` makes this page from \`scripts/model/items.mjs\`; a check fails if an item has neither a test nor
a reason why not, if a test does not exist, or if the page differs from what the script makes.
`;

const SECURITY_HEAD = `# Attacks, and the tests that try them

The kernel, root, and callers of tspod with the options that they choose are trusted. The content of images and archives, the answers of registries, and everything that runs in a container are hostile: none of it may affect the host, another
container or the engine beyond what these options allow. If you have found a way around that, please report it privately, through a security advisory on the repository, not in an issue.

The tables list attacks on container engines and runtimes that have been published, by what goes wrong, with the test that tries each on tspod. \`npm run test:security\` runs the tests in \`security/\`; most of them also show that the
legitimate use that resembles the attack works. \`npm run model\` makes this page from \`scripts/model/security.mjs\`; a check fails if a test does not exist.

The last column says how a test was seen to fail: it names a guard without which the test fails. \`npm run test:guards\` takes each of these guards out of a copy of the sources, builds the copy and demands that the test fails
([testing.md](testing.md#without-a-guard)). If a second guard would also stop the attack, both are taken out; if tspod is safe because it does not do a thing at all, the copy does it. A few tests were never seen to
fail: they are listed [below](#tests-that-no-broken-build-was-seen-to-fail), with the reason. If Debian 12's Podman, crun or runc are open to an attack, the test tries it on them as well, if they are installed.

## What is not kept out

- A container with \`CAP_SYS_PTRACE\` and no user namespace of its own is trusted: it may trace a command of \`tspod exec\` that is entering it and has not given up the engine's rights yet. The same holds for runc and
  crun. With a user namespace (\`--userns=auto\`), or without the capability, a container cannot do this (the first table has the tests).
- \`--privileged\`, \`--pid=host\` with capabilities, and mounts of the host's devices, sockets or system directories give control of the host, as with any engine. With \`--cgroups disabled\` nothing guards devices: then
  \`CAP_MKNOD\` without a user namespace also gives control of the host.
- A container in systemd mode ([cgroups.md](cgroups.md#systemd-in-a-container)) makes, freezes and kills cgroups in its own, and divides its limits among them. On cgroup v1 their number has no limit but the host's memory, and
  with \`notify_on_release\` it can have the host's release agent for \`name=systemd\` called with names that it has chosen; so it can with Podman. \`--systemd false\` turns the mode off, also for an image whose command is systemd.
- The source of a mount is looked up at each launch. If it is in a place where the same container can write, links there cannot lead out of that place. If it is in a directory where another container can write, or that
  this one reaches through a mount below a read-only one, the container gets whatever was put there by then. The same holds for the root of \`--rootfs\` and devices there, and with \`--runtime\` the runtime looks up all sources itself.
- A pid file (\`--pidfile\`, \`--conmon-pidfile\`) or a log (\`--log-opt path\`) is written below the directory that its path leads to. If a container can write there, it can lead the path elsewhere. The file
  itself is never a link, a fifo or a device.
- A container can fill its \`/etc/hosts\`, \`/etc/hostname\` and \`/etc/resolv.conf\`, and with them the file system of the run directory, usually a tmpfs of the host. With \`--read-only\` it cannot.
- A container may leave its namespaces for new ones of its own, by unshare(2). Networks are connected to the network namespace that it was started in, which its monitor holds, and egress lists hold there. But \`exec\`,
  \`stats\`, other containers that join it, and programs that open the paths below \`/proc/PID/ns\` that \`inspect\` or the library return, use the namespaces that its first process is in by then.
- In the library, \`stdout: 'inherit'\`, or a descriptor of the caller that is a terminal, gives that terminal to the container.
`;

/** Each page, by its path. */
export const PAGES = {
  'docs/model.md': { areas: AREAS, head: MODEL_HEAD },
  'docs/security.md': { areas: SECURITY_AREAS, head: SECURITY_HEAD, foot: unbrokenText() },
};

export function pageText(path) {
  const { areas, head, foot } = PAGES[path];
  return [head, ...areas.map(areaText), ...(foot === undefined ? [] : [foot])].join('\n');
}

function areaText({ name, items, columns = ['what', 'file', 'test'] }) {
  const shown = items
    .filter(({ title }) => title !== undefined)
    .map(({ item, cells = [], file, title, more = [] }) => [item, ...cells, `\`${file}\``, title, ...more]);
  const missing = items.filter((each) => each.missing !== undefined).map((each) => `- ${each.item}: ${each.missing}`);
  return `## ${name}\n\n${table([columns, ...shown])}\n${missing.length === 0 ? '' : `\nMissing:\n\n${missing.join('\n')}\n`}`;
}

/** As prettier lays it out. */
function table(rows) {
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = escaped[0].map((_, column) => Math.max(...escaped.map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = escaped;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** Items whose test is not there, and why. `root` is the repository. */
export function problems(root) {
  const itemsOf = (areas) => areas.flatMap(({ items }) => items);
  return [
    ...Object.values(PAGES).flatMap(({ areas }) => itemsOf(areas).flatMap((item) => problemsOf(root, item))),
    ...seenProblems(root, itemsOf(SECURITY_AREAS)),
  ];
}

function problemsOf(root, { item, file, title, missing }) {
  if (missing !== undefined) return missing.trim() === '' ? [`${item}: neither a test nor a reason`] : [];
  let source;
  try {
    source = readFileSync(`${root}/${file}`, 'utf8');
  } catch {
    return [`${item}: there is no ${file}`];
  }
  const literals = [`'${title}'`, `\`${title}\``, `"${title}"`];
  return literals.some((literal) => source.includes(literal)) ? [] : [`${item}: ${file} has no test "${title}"`];
}
