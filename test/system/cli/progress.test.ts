/** What a pull shows on a terminal: bars while bytes come, lines for what is done. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import test from 'ava';

import { OCI_MANIFEST } from '../../../src/oci/media-types.js';
import { output, run } from '../../helpers/cli.js';
import { startServer } from '../../helpers/http-server.js';
import { writeArchive } from '../../helpers/images.js';
import { busyboxLayer, imageOf, layerOf, partsOf } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { openTerminal } from '../../helpers/tmux.js';

test('pull on a terminal: a bar for each blob under way, a line when it is done, and an orderly screen at the end', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'tmux')) return;
  const big = layerOf([{ path: 'big', content: randomBytes(4 << 20) }]);
  const image = imageOf({ layers: [busyboxLayer(), big], config: { Cmd: ['true'] } });
  let goOn = (): void => undefined;
  const { host } = await startServer(t, ({ url }, response) => {
    const digest = url.split('/').at(-1) ?? '';
    const isManifest = url.includes('/manifests/');
    const bytes = isManifest ? image.manifest.bytes : image.blobs.get(digest);
    response.writeHead(bytes === undefined && url !== '/v2/' ? 404 : 200, {
      'content-type': isManifest ? OCI_MANIFEST : 'application/octet-stream',
      ...(bytes === undefined ? {} : { 'content-length': bytes.length }),
    });
    if (digest !== big.descriptor.digest || bytes === undefined) {
      response.end(bytes);
      return;
    }
    // The second half comes when the test has looked.
    response.write(bytes.subarray(0, bytes.length / 2));
    goOn = () => response.end(bytes.subarray(bytes.length / 2));
  });
  const terminal = await openTerminal(t);
  terminal.keys(`tspod pull --tls-verify=false ${host}/app:1; echo status $?`, 'Enter');
  const half = big.descriptor.digest.slice(7, 19);
  // Bytes are told of by the quarter of a mebibyte.
  await terminal.shows(new RegExp(`Copying blob ${half} \\[=+>-+\\] (1\\.[789]\\d*|2(\\.\\d+)?)MiB / 4(\\.\\d+)?MiB`));
  goOn();
  await terminal.shows(/status 0/);
  const screen = terminal.screen();
  t.regex(screen, new RegExp(`^Copying blob ${half} done$`, 'm'), screen);
  t.regex(screen, /^Copying config [0-9a-f]{12} done$/m, screen);
  t.regex(screen, new RegExp(`^Writing manifest to image destination\n${image.id.slice(0, 60)}`, 'm'), screen);
  t.notRegex(screen, /\[[=>-]+\]|\n\n/);
  t.is((await output(t, 'images', '--quiet', '--no-trunc')).trim(), `sha256:${image.id}`);
});

test('run on a terminal: where nothing is pulled the screen is left as it is', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'tmux')) return;
  const archive = join(temporaryDirectory(t), 'archive.tar');
  await writeArchive(t, `${archive}:localhost/app:1`, partsOf(imageOf({ layers: [busyboxLayer()] })));
  await run(t, 0, 'load', '-q', '-i', archive);
  const terminal = await openTerminal(t);
  const words = 'tspod run --rm --network none localhost/app:1 echo there';
  terminal.keys(`clear; printf 'here and '; ${words}; echo status $?`, 'Enter');
  await terminal.shows(/status 0/);
  t.regex(terminal.screen(), /^here and there$/m, terminal.screen());
});
