/** docs/model.md, made of the items. */
import { readFileSync } from 'node:fs';
import { AREAS } from './items.mjs';

const HEAD = `# The container model

Everything that a container has and does, and the test that shows it. This page is made by \`npm run model\` of \`scripts/model/items.mjs\`; a unit test fails when an item has no test and no reason why, when
a test does not exist, or when the page is not what the script makes.
`;

export function modelPage() {
  return [HEAD, ...AREAS.map(areaText)].join('\n');
}

function areaText({ name, items }) {
  const shown = items
    .filter(({ title }) => title !== undefined)
    .map(({ item, file, title }) => [item, `\`${file}\``, title]);
  const missing = items.filter((each) => each.missing !== undefined).map((each) => `- ${each.item}: ${each.missing}`);
  return `## ${name}\n\n${table([['what', 'file', 'test'], ...shown])}\n${missing.length === 0 ? '' : `\nMissing:\n\n${missing.join('\n')}\n`}`;
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
  return AREAS.flatMap(({ items }) => items).flatMap(({ item, file, title, missing }) => {
    if (missing !== undefined) return missing.trim() === '' ? [`${item}: neither a test nor a reason`] : [];
    let source;
    try {
      source = readFileSync(`${root}/${file}`, 'utf8');
    } catch {
      return [`${item}: there is no ${file}`];
    }
    const literals = [`'${title}'`, `\`${title}\``];
    return literals.some((literal) => source.includes(literal)) ? [] : [`${item}: ${file} has no test "${title}"`];
  });
}
