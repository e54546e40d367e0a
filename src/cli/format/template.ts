/** Go templates, for --format. */
import { evaluateTemplate } from './evaluate.js';
import { FUNCTIONS } from './functions.js';
import type { ParsedTemplate } from './nodes.js';
import { parseTemplate } from './parser.js';
import type { GoValue } from './values.js';

const NAMES: ReadonlySet<string> = new Set(FUNCTIONS.keys());

/** Parses a template; `name` appears in messages. Throws TemplateError. */
export function compileTemplate(name: string, source: string): ParsedTemplate {
  return parseTemplate(name, source, NAMES);
}

/** Returns the text that a template produces for a value. Throws TemplateError. */
export function renderTemplate(name: string, source: string, data: GoValue): string {
  return evaluateTemplate(compileTemplate(name, source), data);
}
