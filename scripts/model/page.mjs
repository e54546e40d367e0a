/** Pages that say for each of a list of items which test shows it: docs/model.md and docs/security.md, made of the items. */
import { readFileSync } from 'node:fs';
import { AREAS } from './items.mjs';
import { SECURITY_AREAS } from './security.mjs';
import { seenProblems, unbrokenText } from './seen.mjs';

const MODEL_HEAD = `# The container model

Everything that a container has and does, and the test that shows it. This page is made by \`npm run model\` of \`scripts/model/items.mjs\`; a check fails when an item has no test and no reason why, when
a test does not exist, or when the page is not what the script makes.
`;

const SECURITY_HEAD = `# Attacks, and the tests that try them

Trusted are the kernel, root, and whoever calls tspod with the options that they choose. Hostile are the content of images and archives, what registries answer, and everything that runs in a container: none of it may reach the host, another
container or the engine further than these options allow. Whoever has found a way around that reports it in private, by a security advisory of the repository, and not in an issue.

What has been published about engines and runtimes of containers, by what goes wrong, and the test that tries it on tspod. \`npm run test:security\` runs those in \`security/\`; most of them also show that the legitimate
use beside the attack works. This page is made by \`npm run model\` of \`scripts/model/security.mjs\`; a check fails when a test does not exist.

How a test was seen to fail: the last column names what was taken out of tspod; without it the test fails. \`npm run test:guards\` takes each of these guards out of a copy of the sources, builds it and demands that
([testing.md](testing.md#without-a-guard)). Where another guard stands behind one, both are taken out; where tspod has no guard because it does not do a thing at all, the copy does it. A few tests were not seen to
fail so: they stand [below](#tests-that-no-broken-build-was-seen-to-fail), with the reason. Where Debian 12's Podman, crun or runc fall for an attack, the test tries it on them as well, if they are installed.

## What is not kept out

- Who gives a container \`CAP_SYS_PTRACE\` without a user namespace of its own trusts it: it may trace a command of \`tspod exec\` that is on its way into it and has not given up the engine's rights yet. runc and crun are
  the same in this. With a user namespace (\`--userns=auto\`), or without the capability, it is kept out (the first table has the tests).
- \`--privileged\`, \`--pid=host\` with capabilities, and mounts of the host's devices, sockets or system directories give the host away, as everywhere. With \`--cgroups disabled\` nothing guards devices: \`CAP_MKNOD\` without a user namespace is as much then.
- The source of a mount is looked up at each launch. Where it lies in what the same container may write, links in there lead nowhere else; one that lies in a directory that another container may write, or that this one
  reaches by a mount below a read-only one, is what that has put there by then. So are the root of \`--rootfs\` and devices there, and with \`--runtime\` the runtime looks for all sources itself.
- In the library, \`stdout: 'inherit'\` and descriptors of one's own that are a terminal give that to the container.
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
