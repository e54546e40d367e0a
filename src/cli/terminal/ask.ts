/** Asks the user for lines, on a terminal or not. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

import { CliError } from '../errors/cli-error.js';

/** Maximum length of a password, in bytes. */
const MAX_INPUT_BYTES = 64 * 1024;

export interface Questions {
  /** Asks for a line. Throws CliError at the end of the input. */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
  close(): void;
}

/** Prepares questions, which are printed with `say`. On a terminal, typed text is echoed unless it is hidden. */
export function openQuestions(say: (text: string) => Promise<void>): Questions {
  let isHidden = false;
  const echo = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (isHidden) done();
      else say(chunk.toString('utf8')).then(() => done(), done);
    },
  });
  const terminal = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, output: echo, terminal, historySize: 0 });
  const waiting = lines[Symbol.asyncIterator]();
  return {
    ask: async (question, { hidden = false } = {}) => {
      await say(question);
      isHidden = hidden;
      const answer = (await waiting.next()) as IteratorResult<string, undefined>;
      isHidden = false;
      if (hidden && terminal) await say('\n');
      if (answer.done === true) throw new CliError('reading input: EOF');
      return answer.value;
    },
    close: () => lines.close(),
  };
}

/** Reads all of stdin, without the line end at its end. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_INPUT_BYTES) throw new CliError(`the password is longer than ${MAX_INPUT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
