/** Ids for automatic user namespaces that are a test file's own: the machine's files are left alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Ids {
  readonly first: number;
  readonly size: number;
}

/** The ids of the user `containers`, for this process and those that it starts. Answers what takes them away again. */
export function giveSubordinateIds({ uids, gids }: { readonly uids: Ids; readonly gids: Ids }): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'tspod-subids-'));
  writeFileSync(join(directory, 'subuid'), `other:1000000:5\ncontainers:${uids.first}:${uids.size}\n`);
  writeFileSync(join(directory, 'subgid'), `other:1000000:5\ncontainers:${gids.first}:${gids.size}\n`);
  process.env['TSPOD_TEST'] = '1';
  process.env['TSPOD_SUBIDS'] = directory;
  return () => {
    rmSync(directory, { recursive: true, force: true });
  };
}
