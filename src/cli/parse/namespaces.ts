/** Parses the modes of --pid, --ipc, --uts, --cgroupns and --userns. */
import type { IpcMode, NamespaceMode } from '../../spec/create-options.js';
import { invalid } from '../errors/cli-error.js';

/** Parses host, private, container:NAME or ns:PATH; undefined for the default. */
export function parseNamespace(text: string): NamespaceMode | undefined {
  if (text === '') return undefined;
  if (text === 'host' || text === 'private') return text;
  const shared = parseShared(text);
  if (shared === undefined) throw invalid(`unrecognized namespace mode ${text} passed`);
  return shared;
}

/** Parses container:NAME or ns:PATH; undefined for anything else. */
export function parseShared(text: string): `path:${string}` | `container:${string}` | undefined {
  const [kind, rest = ''] = [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)];
  if (!text.includes(':')) return undefined;
  if (kind === 'container') {
    if (rest === '') throw invalid('must provide a name or ID of a container: container:NAME');
    return `container:${rest}`;
  }
  if (kind !== 'ns') return undefined;
  if (!rest.startsWith('/')) throw invalid(`namespace path must be absolute: ${JSON.stringify(rest)}`);
  return `path:${rest}`;
}

/** Parses a mode as parseNamespace() does, and also shareable and none. */
export function parseIpc(text: string): IpcMode | undefined {
  return text === 'shareable' || text === 'none' ? text : parseNamespace(text);
}
