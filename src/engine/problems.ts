/** What this machine lacks for containers, with what to do about it. */
import { preflight } from '../native/preflight/preflight.js';
import type { EngineInfo } from './types.js';

/** What is required and missing comes first. */
export async function hostProblems(): Promise<EngineInfo['problems']> {
  const { checks } = await preflight();
  const problems = checks.flatMap(({ name, ok, required, detail, remedy = '' }) =>
    ok ? [] : [{ problem: `${name}: ${detail}`, remedy, fatal: required }],
  );
  return problems.sort((a, b) => Number(b.fatal) - Number(a.fatal));
}
