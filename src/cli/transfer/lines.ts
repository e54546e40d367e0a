/** Shows the progress of a transfer as lines, one for each step, worded as in Podman. */
import type { BlobProgress, ImageProgress, OnProgress } from '../../engine/images/progress.js';
import type { Context } from '../context.js';

/** Returns a function to pass as `onProgress`; it prints to stderr, each line once. */
export function transferLines(context: Context): OnProgress {
  const told = new Set<string>();
  const say = (line: string | undefined) => {
    if (line === undefined || told.has(line)) return;
    told.add(line);
    void context.err(`${line}\n`);
  };
  return (progress) => {
    say(progress.kind === 'image' ? imageLine(progress) : blobLine(progress));
  };
}

export function imageLine({ state, reference }: ImageProgress): string {
  if (state === 'resolving') return `Trying to pull ${reference}...`;
  return state === 'manifest' ? 'Getting image source signatures' : 'Writing manifest to image destination';
}

function blobLine({ role, digest, state }: BlobProgress): string | undefined {
  const what = role === 'config' ? `config ${hexOf(digest).slice(0, 10)}` : `blob ${digest}`;
  if (state === 'transferring') return `Copying ${what}`;
  if (state === 'waiting') return `Waiting for ${what}, which another process is fetching`;
  return state === 'exists' && role === 'layer' ? `Copying ${what} skipped: already exists` : undefined;
}

export function hexOf(digest: string): string {
  return digest.replace(/^\w+:/, '');
}
