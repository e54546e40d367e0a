import type { Container } from '../../../container/api/container.js';
import { isTspodError } from '../../../errors.js';
import type { Command } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { checkCreate, readCreateRequest, type CreateRequest } from '../../create/container.js';
import { createFlags, createOnlyFlags } from '../../flags/create/all.js';
import { showTransfer } from '../../transfer/display.js';

export const command: Command = {
  name: 'create',
  summary: 'Create but do not start a container',
  description:
    'Creates a container and prints its id; `tspod start` runs it. The image host: is the file system of this machine, under a layer of the container.',
  usage: '[options] IMAGE [COMMAND [ARG...]]',
  examples: ['create --name web host: python3 -m http.server', 'create --rootfs /srv/alpine:O /bin/sh'],
  flags: [...createFlags, ...createOnlyFlags],
  passThrough: true,
  completion: ['roots'],
  check: checkCreate,
  run: async (context, invocation) => {
    const container = await createContainer(context, await readCreateRequest(context, invocation));
    await context.out(`${container.id}\n`);
    return 0;
  },
};

/** Creates a container; with `replace`, first removes one that has the same name. */
export async function createContainer(context: Context, request: CreateRequest): Promise<Container> {
  const { options, replace } = request;
  const engine = await context.engine();
  await pullFor(context, request);
  if (replace && options.name !== undefined) await removeNamed(context, options.name);
  return engine.containers.create({ ...options, pull: 'missing' });
}

/** Fetches the image if necessary, showing the same progress as a pull. */
async function pullFor(context: Context, { options, registry, quiet }: CreateRequest): Promise<void> {
  const { image, pull = 'missing', platform } = options;
  if (image === undefined || image === '' || image.startsWith('host:')) return;
  const engine = await context.engine();
  const pulling = { policy: pull, registry, ...(platform === undefined ? {} : { platform }) };
  await showTransfer(context, quiet, (shown) => engine.images.pull(image, { ...pulling, ...shown }));
}

async function removeNamed(context: Context, name: string): Promise<void> {
  const engine = await context.engine();
  try {
    const existing = engine.containers.get(name);
    // The name may also be an id prefix of another container, which must not be removed.
    if (existing.name === name) await existing.remove({ force: true });
  } catch (error) {
    if (!isTspodError(error, 'NO_SUCH_CONTAINER') && !isTspodError(error, 'AMBIGUOUS')) throw error;
  }
}
