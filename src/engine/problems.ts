/** Finds out what this machine lacks for containers. */
import { preflight } from '../native/preflight/preflight.js';
import type { EngineInfo } from './types.js';

/** Returns what the machine lacks, each with a remedy; first what every container needs. */
export async function hostProblems(): Promise<EngineInfo['problems']> {
  const { checks } = await preflight();
  const problems = checks.flatMap(({ name, ok, required, detail, remedy = '' }) =>
    ok ? [] : [{ problem: `${name}: ${detail}`, remedy, fatal: required }],
  );
  return problems.sort((a, b) => Number(b.fatal) - Number(a.fatal));
}
