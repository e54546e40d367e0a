import { createReadStream, createWriteStream, lstatSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { SAVE_FORMATS, type SaveFormat, type SaveOptions } from '../../../engine/images/types.js';
import type { Engine } from '../../../engine/types.js';
import { spoolDirectory } from '../../../host/directories.js';
import { OUTPUT_FLAG, refuseTerminal } from '../../streams/archives.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import type { FlagValues } from '../../command-parts/flag-values.js';
import { missingSwitch } from '../../flags/missing.js';
import { outputStream } from '../../streams/output.js';
import { showTransfer } from '../../transfer/display.js';

export const command: Command = {
  name: 'save',
  summary: 'Save images to an archive or a directory',
  description:
    'Writes an image as a docker-archive (to stdout or a file) or an oci-archive, or to a directory. Config and layers keep their digests. Additional arguments are more names for the image or, with -m, more images.',
  usage: '[options] IMAGE [IMAGE...]',
  examples: [
    'save --output app.tar app:2',
    'save --format oci-dir -o app-dir app:2',
    'save -m -o all.tar app:2 db:5',
    'save app:2 | gzip > app.tar.gz',
  ],
  flags: [
    missingSwitch('compress', 'layers are saved as they are'),
    missingSwitch('uncompressed', 'layers are saved as they are'),
    {
      name: 'format',
      kind: 'text',
      value: 'format',
      default: 'docker-archive',
      completion: SAVE_FORMATS,
      help: 'docker-archive, oci-archive, oci-dir (OCI layout), docker-dir (manifest and blobs)',
    },
    { name: 'multi-image-archive', short: 'm', kind: 'bool', help: 'Additional arguments are images, not names' },
    OUTPUT_FLAG,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Do not show progress' },
  ],
  completion: ['images'],
  check: ({ args, flags }) => {
    if (args.length === 0) throw invalid('need at least 1 argument');
    const format = formatOf(flags);
    if (format === undefined)
      throw invalid('format value must be one of oci-dir oci-archive docker-dir docker-archive');
    if (flags.bool('multi-image-archive') && format !== 'docker-archive')
      throw invalid('multi-image archives are supported for docker-archive only');
    const output = flags.text('output');
    if (output?.includes(':') === true) throw invalid(`invalid filename (should not contain ':') "${output}"`);
  },
  run: async (context, { args, flags }) => {
    const output = flags.text('output');
    const { stdout } = context.globals;
    refuseTerminal(context, output, 'save');
    const format = formatOf(flags) ?? 'docker-archive';
    if (output === undefined && format.endsWith('-dir'))
      throw new CliError(`--format ${format} writes a directory: name it with --output`);
    const engine = await context.engine();
    const [image = '', ...names] = args;
    const isMulti = flags.bool('multi-image-archive');
    const images = isMulti ? args : image;
    await showTransfer(context, flags.bool('quiet'), async (shown) => {
      const options: SaveOptions = { format, ...(isMulti ? {} : { names }), ...shown };
      if (output !== undefined && !isStream(output)) await engine.images.save(images, output, options);
      else if (output !== undefined) await through(engine, images, { options, to: createWriteStream(output) });
      else if (stdout !== undefined) await through(engine, images, { options, to: outputStream(stdout) });
    });
    return 0;
  },
};

function formatOf(flags: FlagValues): SaveFormat | undefined {
  return SAVE_FORMATS.find((known) => known === (flags.text('format') ?? 'docker-archive'));
}

/**
 * Whether to write into the file instead of replacing it: a pipe or device, or a link such as /dev/stdout even if it
 * leads to a file, since others who have that file open see only what is written into it.
 */
function isStream(path: string): boolean {
  const target = statSync(path, { throwIfNoEntry: false });
  if (target === undefined || target.isDirectory()) return false;
  return !target.isFile() || lstatSync(path).isSymbolicLink();
}

/**
 * Writes the archive to a temporary file first, because its beginning is known only at its end, and copies that to the
 * stream.
 */
async function through(
  engine: Engine,
  images: string | readonly string[],
  { options, to }: { readonly options: SaveOptions; readonly to: NodeJS.WritableStream },
): Promise<void> {
  const directory = mkdtempSync(join(spoolDirectory(), 'tspod-save-'));
  try {
    const path = join(directory, 'archive');
    await engine.images.save(images, path, options);
    // Unlinked from here on, so that nothing is left if the process is killed.
    const archive = openSync(path, 'r');
    rmSync(path);
    await pipeline(createReadStream('', { fd: archive }), to);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
