/** When an image is fetched that may be here already. */
import { invalid } from '../errors/cli-error.js';

export const PULL_POLICIES = ['always', 'missing', 'never', 'newer'] as const;

/** Also in Kubernetes' words. */
export function pullPolicy(text: string): (typeof PULL_POLICIES)[number] {
  const word = text.toLowerCase();
  const policy = word === 'ifnotpresent' ? 'missing' : PULL_POLICIES.find((known) => known === word);
  if (policy === undefined) throw invalid(`unsupported pull policy ${JSON.stringify(text)}`);
  return policy;
}
