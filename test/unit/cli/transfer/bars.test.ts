/** The bars of a pull or a push, as a terminal gets them. */
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';

import { TransferBars } from '../../../../src/cli/transfer/bars.js';
import type { BlobProgress } from '../../../../src/engine/images/progress.js';
import { until } from '../../../helpers/until.js';

function blob(letter: string, currentBytes: number, state: BlobProgress['state'] = 'transferring'): BlobProgress {
  return { kind: 'blob', digest: `sha256:${letter.repeat(64)}`, role: 'layer', state, currentBytes, totalBytes: 100 };
}

test('a bar that stands still is drawn again below what is done', async (t) => {
  let written = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  using bars = new TransferBars(Object.assign(stream, { isTTY: true, columns: 80 }) as unknown as NodeJS.WriteStream);
  bars.tell(blob('a', 10));
  bars.tell(blob('b', 50));
  await until('both are drawn', () => written.includes('aaaaaaaaaaaa') && written.includes('bbbbbbbbbbbb'));
  await delay(200);
  written = '';
  bars.tell(blob('a', 100, 'done'));
  t.regex(written, /Copying blob a{12} done\n[^]*Copying blob b{12} \[=+>-+\] 50B \/ 100B/);
});
