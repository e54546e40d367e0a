/** The other program that copies images. */
import { spawnSync } from 'node:child_process';
import type { ExecutionContext } from 'ava';

/** `skopeo ...args` must succeed; answers what it prints. It needs no /etc/containers/policy.json. A test that uses it requires 'skopeo'. */
export function skopeo(t: ExecutionContext<unknown>, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('skopeo', ['--insecure-policy', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  t.is(status, 0, `skopeo ${args.join(' ')}: ${stderr}`);
  return stdout;
}
