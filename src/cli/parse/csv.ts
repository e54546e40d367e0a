/** Parses lists in one argument: a,b,"c,d". */
import { invalid } from '../errors/cli-error.js';

/**
 * Splits at commas outside double quotes; "" inside quotes is one quote. A quote counts only at the start of an item.
 */
export function splitCommas(text: string): string[] {
  if (!text.includes('"')) return text.split(',');
  const items: string[] = [];
  for (let at = 0; at <= text.length;) {
    if (text[at] !== '"') {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      items.push(bareItem(text.slice(at, end)));
      at = end + 1;
      continue;
    }
    const [item, end] = quotedItem(text, at + 1);
    items.push(item);
    at = end + 1;
  }
  return items;
}

function bareItem(item: string): string {
  if (item.includes('"'))
    throw invalid(`parse error on line 1, column ${item.indexOf('"') + 1}: bare " in non-quoted field`);
  return item;
}

/** Returns the quoted item whose text starts at `start`, and the index of the comma (or end) after it. */
function quotedItem(text: string, start: number): readonly [string, number] {
  let item = '';
  for (let at = start; at < text.length; at++) {
    if (text[at] !== '"') {
      item += text[at];
    } else if (text[at + 1] === '"') {
      item += text[at++];
    } else {
      if (at + 1 < text.length && text[at + 1] !== ',') break;
      return [item, at + 1];
    }
  }
  throw invalid(`parse error on line 1: extraneous or missing " in quoted-field`);
}
