/** Tells of a pull or a push, a line for each step, in Podman's words. */
import type { TransferProgress } from '../engine/images/progress.js';
import type { Context } from './context.js';

/** What to pass as `onProgress`. Lines go to stderr, each blob is told of once. */
export function transferLines(context: Context): (progress: TransferProgress) => void {
  const told = new Set<string>();
  const say = (line: string) => {
    if (told.has(line)) return;
    told.add(line);
    void context.err(`${line}\n`);
  };
  return (progress) => {
    if (progress.kind === 'image') {
      if (progress.state === 'resolving') say(`Trying to pull ${progress.reference}...`);
      if (progress.state === 'manifest') say('Getting image source signatures');
      if (progress.state === 'stored') say('Writing manifest to image destination');
      return;
    }
    const what = progress.role === 'config' ? 'config' : 'blob';
    const digest = progress.role === 'config' ? progress.digest.replace(/^\w+:/, '').slice(0, 10) : progress.digest;
    if (progress.state === 'transferring') say(`Copying ${what} ${digest}`);
    if (progress.state === 'exists' && what === 'blob') say(`Copying blob ${digest} skipped: already exists`);
    if (progress.state === 'waiting') say(`Waiting for ${what} ${digest}, which another process fetches`);
  };
}
