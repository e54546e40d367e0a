/** Which files of the package are the addon and the monitor. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from './package-root.js';

/** Tests may name another addon and another monitor (built with sanitizers); nobody else may. */
function testOverride(name: 'TSPOD_ADDON' | 'TSPOD_MONITOR'): string | undefined {
  return process.env['TSPOD_TEST'] === '1' ? process.env[name] : undefined;
}

/**
 * The addon: a build of this machine before one that was shipped. What is nearly always right is looked for here: node-gyp-build, which knows
 * the rest, takes longer to load than the addon itself.
 */
export function addonPath(): string {
  const override = testOverride('TSPOD_ADDON');
  if (override !== undefined) return override;
  const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
  const likely = ['build/Release/tspod.node', `prebuilds/linux-${process.arch}/tspod.${libc}.node`];
  const found = likely.map((path) => join(packageRoot(), path)).find((path) => existsSync(path));
  return found ?? searchedAddonPath();
}

function searchedAddonPath(): string {
  const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build') as { path: (root: string) => string };
  return nodeGypBuild.path(packageRoot());
}

/** The monitor that belongs to the addon: it lies beside it. */
export function monitorPath(): string {
  return testOverride('TSPOD_MONITOR') ?? join(dirname(addonPath()), 'tspod-monitor');
}
