/** The lists of docs/podman.md. */
import { GROUPS } from './known.mjs';

export function differencesText() {
  return GROUPS.map(({ title, seen, reasons }) => {
    const list = reasons.map(({ why }) => `- ${why}\n`).join('');
    return `### ${title}\n\n${seen}\n\n${list}`;
  }).join('\n');
}
