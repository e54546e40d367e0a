/** The lists of docs/podman.md: the differences for users, and the keys for maintainers. */
import { GROUPS } from './known.mjs';

export function differencesText() {
  return GROUPS.map(({ title, seen, reasons }) => {
    const list = reasons.map(({ why }) => `- ${why}\n`).join('');
    return `### ${title}\n\n${seen}\n\n${list}`;
  }).join('\n');
}

export function keysText() {
  const reasons = GROUPS.flatMap((group) => group.reasons);
  return reasons.map(({ why, what }) => `- ${why}\n${what.map((key) => `  - ${code(key)}\n`).join('')}`).join('');
}

/** A key may have backticks of its own. */
function code(text) {
  if (!text.includes('`')) return `\`${text}\``;
  return text.endsWith('`') ? `\`\` ${text} \`\`` : `\`\`${text}\`\``;
}
