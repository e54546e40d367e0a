/** Timing: contestants take turns, so that a machine's moods hit all of them alike. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A variable that makes every start of Node read a certificate store: no part of what is measured. */
const { NODE_EXTRA_CA_CERTS: certificates, ...environment } = process.env;
export const childEnvironment = environment;

/** Nanoseconds of one call, as a number. */
export async function timed(action) {
  const elapsed = stopwatch();
  await action();
  return elapsed();
}

/** Answers a function that says how many nanoseconds have gone by since. */
export function stopwatch() {
  const begin = process.hrtime.bigint();
  return () => Number(process.hrtime.bigint() - begin);
}

/**
 * Runs every contestant `rounds` times, one after the other in each round, after `warmUp` rounds that do not count.
 * A contestant is `{ name, once }`; `once` resolves to the nanoseconds that it took.
 */
export async function race(contestants, { rounds, warmUp }) {
  const samples = new Map(contestants.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const { name, once } of contestants) {
      const nanoseconds = await once();
      if (round >= 0) samples.get(name).push(nanoseconds);
    }
  }
  return Object.fromEntries([...samples].map(([name, values]) => [name, summary(values)]));
}

/** Milliseconds: the median, the 10th and 90th percentile, and how many samples there are. */
export function summary(nanoseconds) {
  const sorted = nanoseconds.toSorted((a, b) => a - b);
  const at = (fraction) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] / 1e6;
  return { medianMs: at(0.5), p10Ms: at(0.1), p90Ms: at(0.9), samples: sorted.length };
}

/**
 * Runs a program to its end with its output collected, as a program that shells out does; `output: 'ignore'` sends it to /dev/null,
 * which what goes on in the background needs, and `'count'` reads it and keeps only how many bytes there were. `input` is a file for its
 * standard input; `onPeak` hears the most bytes of memory that it has had.
 */
export async function runProgram(file, args = [], { input, ...options } = {}) {
  if (input === undefined) return runWith('ignore', file, args, options);
  const stdin = openSync(input, 'r');
  try {
    return await runWith(stdin, file, args, options);
  } finally {
    closeSync(stdin);
  }
}

function runWith(stdin, file, args, { env = childEnvironment, cwd, output = 'pipe', expect = 0, onPeak }) {
  const target = output === 'ignore' ? 'ignore' : 'pipe';
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, cwd, stdio: [stdin, target, target] });
    if (onPeak !== undefined) watchPeak(child, onPeak);
    const collected = collect(child, output);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const { stdout, stderr } = collected;
      if (code === expect) resolve({ code, ...collected });
      else reject(new Error(`${file} ${args.join(' ')}: ended with ${code ?? signal}: ${stderr || stdout}`));
    });
  });
}

function collect(child, output) {
  const collected = { stdout: '', stderr: '' };
  child.stderr?.setEncoding('utf8').on('data', (text) => (collected.stderr += text));
  if (output !== 'count') {
    child.stdout?.setEncoding('utf8').on('data', (text) => (collected.stdout += text));
    return collected;
  }
  collected.bytes = 0;
  child.stdout.on('data', (chunk) => (collected.bytes += chunk.length));
  return collected;
}

/** Reads the peak of its resident memory until it ends: the last reading is at most 20 ms old. */
function watchPeak(child, onPeak) {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended.
    }
  }, 20);
  child.on('close', () => {
    clearInterval(timer);
    onPeak(peak);
  });
}
