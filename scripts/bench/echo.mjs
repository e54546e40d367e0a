/** How long a line takes to a program and back. */
import { spawn } from 'node:child_process';
import { childEnvironment } from './measure.mjs';

/** Runs a program that answers each line with the same line, to its end. Resolves to the nanoseconds of each round trip, the first left out. */
export async function echoLines(file, args, { env = childEnvironment, lines }) {
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${file} ${args.join(' ')}: ended with ${code}`)),
    );
  });
  // A program that has ended takes no more: `ended` says why.
  child.stdin.on('error', () => undefined);
  const samples = await Promise.race([roundTrips(child.stdin, child.stdout, lines), ended.then(() => undefined)]);
  child.stdin.end();
  await ended;
  return samples;
}

/** The same with streams that are there. */
export async function roundTrips(stdin, stdout, lines) {
  const samples = [];
  for (let number = 0; number <= lines; number++) {
    const begin = process.hrtime.bigint();
    await answered(stdin, stdout, `line ${number}\n`);
    if (number > 0) samples.push(Number(process.hrtime.bigint() - begin));
  }
  return samples;
}

function answered(stdin, stdout, line) {
  return new Promise((resolve, reject) => {
    let missing = Buffer.byteLength(line);
    const take = (chunk) => {
      missing -= chunk.length;
      if (missing > 0) return;
      stdout.off('data', take);
      if (missing === 0) resolve();
      else reject(new Error('more came back than was sent'));
    };
    stdout.on('data', take);
    stdin.write(line);
  });
}
