/** What this machine lacks for containers. */
import type { EngineInfo } from './types.js';

export function hostProblems(): EngineInfo['problems'] {
  return [];
}
