/** --pod-id-file of pod create: the file is created before the pod, so that two pods cannot use the same file. */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';

import { messageOf } from '../../errors.js';
import { invalid } from '../errors/cli-error.js';
import type { Context } from '../context.js';

export interface PodIdFile extends Disposable {
  write(id: string): void;
}

/** Creates the file; disposing it before write() removes it again. Throws CliError if the file exists. */
export function reservePodIdFile({ caller }: Pick<Context, 'caller'>, file: string | undefined): PodIdFile {
  if (file === undefined) return { write: () => undefined, [Symbol.dispose]: () => undefined };
  const path = caller.resolve(file);
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
