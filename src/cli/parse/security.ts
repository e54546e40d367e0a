/** Parses --security-opt. */

import type { SecurityOptions } from '../../spec/create-options.js';
import { invalid } from '../errors/cli-error.js';
import type { Caller } from './caller.js';

type Draft = { -readonly [K in keyof SecurityOptions]: SecurityOptions[K] };

/** Parses NAME=VALUE or NAME:VALUE items. */
export function parseSecurityOptions(items: readonly string[], caller: Caller): SecurityOptions {
  const draft: Draft = {};
  for (const item of items) applySecurityOption(draft, item, caller);
  return draft;
}

function applySecurityOption(draft: Draft, item: string, caller: Caller): void {
  if (item === 'no-new-privileges') {
    draft.noNewPrivileges = true;
    return;
  }
  const at = item.includes('=') ? item.indexOf('=') : item.indexOf(':');
  if (at < 0) throw invalid(`invalid --security-opt 1: ${JSON.stringify(item)}`);
  const value = item.slice(at + 1);
  switch (item.slice(0, at)) {
    case 'no-new-privileges':
      if (!/^(true|false|1|0)$/.test(value)) throw invalid(`invalid --security-opt 2: ${JSON.stringify(item)}`);
      draft.noNewPrivileges = value === 'true' || value === '1';
      return;
    case 'seccomp':
      setSeccomp(draft, value, caller);
      return;
    case 'apparmor':
      draft.apparmorProfile = value;
      return;
    case 'label':
      draft.labels = [...(draft.labels ?? []), value];
      return;
    case 'mask':
      draft.mask = [...(draft.mask ?? []), ...value.split(':')];
      return;
    case 'unmask':
      draft.unmask = [...(draft.unmask ?? []), ...value.split(':')];
      return;
    case 'systempaths':
      if (value !== 'unconfined') throw invalid(`invalid --security-opt 2: ${JSON.stringify(item)}`);
      draft.unmask = ['ALL'];
      return;
    case 'proc-opts':
      draft.procOptions = [...(draft.procOptions ?? []), ...value.split(',')];
      return;
    default:
      throw invalid(`invalid --security-opt 2: ${JSON.stringify(item)}`);
  }
}

/** Sets the seccomp profile: a path is resolved against the caller's directory, an empty value restores the default. */
function setSeccomp(draft: Draft, value: string, caller: Caller): void {
  if (value === '') delete draft.seccompProfile;
  else draft.seccompProfile = /^(default|unconfined)$/.test(value) ? value : caller.resolve(value);
}
