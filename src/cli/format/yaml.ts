/** Prints plain data as YAML, as `info` does. */

/** Prints a value as YAML, with keys in alphabetical order. */
export function yamlText(value: unknown): string {
  return isEmpty(value) || !isCollection(value) ? `${scalar(value)}\n` : lines(value, 0);
}

function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isEmpty(value: unknown): boolean {
  return isCollection(value) && Object.keys(value).length === 0;
}

function lines(value: object, depth: number): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(value)) return value.map((item: unknown) => listItem(item, depth)).join('');
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]: [string, unknown]) => {
      if (!isCollection(item) || isEmpty(item)) return `${indent}${key}: ${scalar(item)}\n`;
      // A list is not indented below its key.
      return `${indent}${key}:\n${lines(item, Array.isArray(item) ? depth : depth + 1)}`;
    })
    .join('');
}

function listItem(item: unknown, depth: number): string {
  const indent = '  '.repeat(depth);
  if (!isCollection(item) || isEmpty(item)) return `${indent}- ${scalar(item)}\n`;
  return `${indent}- ${lines(item, depth + 1).trimStart()}`;
}

function scalar(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object') return '{}';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'null';
  return isPlain(value) ? value : JSON.stringify(value);
}

/** Whether no reader would take the text for a number, a boolean, null or structure, so that it needs no quotes. */
function isPlain(text: string): boolean {
  return (
    /^[A-Za-z/][\w./ @()+-]*$/.test(text) && !/\s$/.test(text) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text)
  );
}
