/** Parses --log-driver and --log-opt. */

import type { LogOptions } from '../../spec/create-options.js';
import { invalid, unsupported } from '../errors/cli-error.js';
import type { Caller } from './caller.js';
import { splitPair } from './key-values.js';
import { parseSize } from './size.js';

type LogDriver = NonNullable<LogOptions['driver']>;

/** Parses the value of --log-driver. */
export function parseLogDriver(name: string): LogDriver {
  switch (name) {
    case 'k8s-file':
    case 'json-file':
    case 'none':
    case 'passthrough':
      return name;
    case 'journald':
    case 'syslog':
    case 'passthrough-tty':
      throw unsupported(`--log-driver ${name}`, 'choose from k8s-file, json-file, none, passthrough');
    default:
      throw invalid(`running container create option: invalid log driver ${JSON.stringify(name)}: invalid argument`);
  }
}

/** Parses the NAME=VALUE items of --log-opt. */
export function parseLogOptions(items: readonly string[], caller: Pick<Caller, 'resolve'>): LogOptions {
  const draft: { driver?: LogDriver; path?: string; maxSizeBytes?: number; maxFiles?: number; tag?: string } = {};
  for (const item of items) {
    const [key, value] = splitPair(item);
    if (value === undefined) throw invalid(`invalid log option ${JSON.stringify(item)}`);
    switch (key) {
      case 'driver':
        draft.driver = parseLogDriver(value);
        break;
      case 'path':
        if (value !== '') draft.path = caller.resolve(value);
        break;
      case 'max-size':
        draft.maxSizeBytes = parseSize(value);
        break;
      case 'max-file':
        if (!/^[1-9]\d{0,3}$/.test(value))
          throw invalid(`invalid log option ${JSON.stringify(item)}: max-file must be 1 to 9999`);
        draft.maxFiles = Number(value);
        break;
      case 'tag':
        draft.tag = value;
        break;
      default:
        throw invalid(`invalid log option ${JSON.stringify(item)}: choose from driver, path, max-size, max-file, tag`);
    }
  }
  return draft;
}
