/** OCI hooks from the create options. */
import { invalid } from '../errors.js';
import { HOOK_KINDS } from '../oci/spec.js';
import type { OciHook, OciHookKind, OciHooks } from '../oci/spec.js';
import type { HookOptions } from './create-options.js';
import { checkAbsolutePath } from './checks/names.js';
import { checkInteger } from './checks/numbers.js';
import { quote } from './checks/quote.js';

/** Highest number of hooks of a container, all kinds together. */
const MAX_HOOKS = 64;

/** Returns the hooks by kind, in the order given. Throws INVALID_ARGUMENT. */
export function normalizeHooks(hooks: readonly HookOptions[]): OciHooks {
  if (hooks.length > MAX_HOOKS) throw invalid(`${hooks.length} hooks, at most ${MAX_HOOKS} are allowed`);
  const byKind: { [K in OciHookKind]?: OciHook[] } = {};
  for (const hook of hooks) {
    if (!HOOK_KINDS.includes(hook.kind))
      throw invalid(`hook kind must be one of ${HOOK_KINDS.join(', ')}, not ${quote(String(hook.kind))}`);
    (byKind[hook.kind] ??= []).push(checkHook(hook));
  }
  return byKind;
}

/** Returns the hooks with further ones added after them. */
export function addHooks(hooks: OciHooks, further: readonly HookOptions[]): OciHooks {
  const added = normalizeHooks(further);
  const kinds = HOOK_KINDS.filter((kind) => hooks[kind] !== undefined || added[kind] !== undefined);
  return Object.fromEntries(kinds.map((kind) => [kind, [...(hooks[kind] ?? []), ...(added[kind] ?? [])]]));
}

function checkHook(hook: HookOptions): OciHook {
  const path = checkAbsolutePath(`path of ${hook.kind} hook`, hook.path);
  for (const item of hook.env ?? []) {
    if (!/^[^=]+=/.test(item))
      throw invalid(`env of ${hook.kind} hook ${path} must be KEY=value items, not ${quote(item)}`);
  }
  const timeout = hook.timeoutSec;
  if (timeout !== undefined) checkInteger(`timeout of ${hook.kind} hook ${path}`, timeout, { min: 1, max: 4000000 });
  return {
    path,
    ...(hook.args === undefined ? {} : { args: hook.args }),
    ...(hook.env === undefined ? {} : { env: hook.env }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}
