/** The flag --format, which many commands have. */
import type { Flag } from '../command-parts/flag.js';

/** Returns the flag --format for commands that print a template's text; `completion`: the formats that shells offer. */
export function formatFlag(...completion: readonly string[]): Flag {
  return { name: 'format', kind: 'text', value: 'template', completion, help: 'json, or a Go template' };
}
