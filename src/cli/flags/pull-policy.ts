/** Pull policies on the command line. */
import { PULL_POLICIES, type PullPolicy } from '../../spec/pull-policy.js';
import { invalid } from '../errors/cli-error.js';

/** Parses a pull policy; also accepts the names that Kubernetes uses. */
export function pullPolicy(text: string): PullPolicy {
  const word = text.toLowerCase();
  const policy = word === 'ifnotpresent' ? 'missing' : PULL_POLICIES.find((known) => known === word);
  if (policy === undefined) throw invalid(`unsupported pull policy ${JSON.stringify(text)}`);
  return policy;
}
