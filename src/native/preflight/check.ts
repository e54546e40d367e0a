/** A check of one requirement. */

export interface PreflightCheck {
  /** Subject of the check: `namespace net`, `overlay`, `cgroups`, `capability CAP_NET_ADMIN`, ... */
  readonly name: string;
  readonly ok: boolean;
  /** Whether a container with default options needs it. */
  readonly required: boolean;
  /** Result of the check, in words. */
  readonly detail: string;
  /** What to do if the check is not ok. */
  readonly remedy?: string;
}

export function found(name: string, required: boolean, detail: string): PreflightCheck {
  return { name, ok: true, required, detail };
}

export function lacking(name: string, required: boolean, problem: { detail: string; remedy: string }): PreflightCheck {
  return { name, ok: false, required, ...problem };
}

/** Checks by trying: ok, with `detail`, unless `attempt` throws. */
export async function tried(
  wanted: { readonly name: string; readonly required: boolean; readonly detail: string },
  remedy: string | ((error: Error) => string),
  attempt: () => unknown,
): Promise<PreflightCheck> {
  try {
    await attempt();
    return found(wanted.name, wanted.required, wanted.detail);
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const advice = typeof remedy === 'string' ? remedy : remedy(error);
    return lacking(wanted.name, wanted.required, { detail: error.message, remedy: advice });
  }
}
