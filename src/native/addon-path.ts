/** Paths of the addon and of the monitor in the package. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from './package-root.js';

/**
 * Returns the path that a test gives for the addon or the monitor (such as one built with sanitizers); only tests may.
 */
function testOverride(name: 'TSPOD_ADDON' | 'TSPOD_MONITOR'): string | undefined {
  return process.env['TSPOD_TEST'] === '1' ? process.env[name] : undefined;
}

/**
 * Returns the path of the addon: one built on this machine before one that was shipped. The usual places are tried
 * here, because node-gyp-build, which knows the others, takes longer to load than the addon itself.
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

/** Returns the path of the monitor that belongs to the addon, in the same directory. */
export function monitorPath(): string {
  return testOverride('TSPOD_MONITOR') ?? join(dirname(addonPath()), 'tspod-monitor');
}
