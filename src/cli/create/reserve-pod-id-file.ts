/** --pod-id-file of pod create: the file is there before the pod, so that no two pods get the same. */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';

import { messageOf } from '../../errors.js';
import { invalid } from '../errors/cli-error.js';
import type { Context } from '../context.js';

export interface PodIdFile extends Disposable {
  write(id: string): void;
}

/** Disposed of before write(), the file is gone again. Throws CliError if there is one. */
export function reservePodIdFile({ caller }: Pick<Context, 'caller'>, file: string | undefined): PodIdFile {
  if (file === undefined) return { write: () => undefined, [Symbol.dispose]: () => undefined };
  const path = resolve(caller.directory, file);
  const fd = openNew(path, file);
  let isWritten = false;
  return {
    write: (id) => {
      isWritten = true;
      writeSync(fd, id);
    },
    [Symbol.dispose]: () => {
      closeSync(fd);
      if (!isWritten) unlinkSync(path);
    },
  };
}

function openNew(path: string, file: string): number {
  try {
    return openSync(path, 'wx', 0o644);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw invalid(`pod id file exists. Ensure another pod is not using it or delete ${file}`);
    throw invalid(`opening pod id file ${file}: ${messageOf(error)}`);
  }
}
