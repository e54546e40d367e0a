#!/usr/bin/env node
/**
 * Fuzzes what reads images: parsers of manifests and configs, the index of archives, registries.conf, references.
 *
 *   fuzz-images.mjs [SECONDS] [--seed NUMBER]
 *
 * Inputs are those of test/corpus/images, changed at random; the seed makes a run that can be repeated. A reader may answer or throw a
 * TspodError, within a second. Anything else is written to .cache/fuzz/images-crash-* and ends the run with status 1. Needs `npm run build:test`.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { indexTar } from '../out/src/image/archive/tar-index.js';
import { parseImageName } from '../out/src/image/reference.js';
import { parseRegistries } from '../out/src/image/registries/parse.js';
import { parseChallenges } from '../out/src/image/registry/challenge.js';
import { isTspodError } from '../out/src/errors.js';
import { parseImageConfig, parseManifest } from '../out/src/oci/parse-image.js';

/** By the first word of a file's name in the corpus. */
const TARGETS = {
  manifest: (bytes) => parseManifest(bytes),
  config: (bytes) => parseImageConfig(bytes),
  tar: (bytes) => indexTar({ size: bytes.length, bytes: async (at, length) => bytes.subarray(at, at + length) }),
  registries: (bytes) => parseRegistries('fuzz', bytes.toString('utf8')),
  name: (bytes) => parseImageName(bytes.toString('utf8')),
  challenge: (bytes) => parseChallenges(bytes.toString('latin1')),
};
const MAX_MS = 1000;
const MAX_BYTES = 64 * 1024;
/** What parsers stumble over. */
const WORDS = [
  'null',
  '-1',
  '1e400',
  '9007199254740993',
  '"__proto__"',
  '[[[[',
  '{}',
  '"\\ud800"',
  '\0',
  '../',
  '"sha256:',
  'ustar\0',
  '\xff',
  ':',
  '@',
  '//',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const corpus = join(root, 'test/corpus/images');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' } } });
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
process.exitCode = await fuzz(Number(positionals[0] ?? 10));

async function fuzz(seconds) {
  const random = generator(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const inputs = readdirSync(corpus).map((name) => ({
    target: name.split('-')[0],
    bytes: readFileSync(join(corpus, name)),
  }));
  const end = Date.now() + seconds * 1000;
  let runs = 0;
  for (const input of inputs) if (!(await survives(input, input.bytes))) return 1;
  while (Date.now() < end) {
    const input = pick(inputs);
    if (!(await survives(input, changed(input.bytes, { random, pick, inputs })))) return 1;
    runs += 1;
  }
  console.log(`images: ${runs} inputs, seed ${seed}`);
  return 0;
}

async function survives({ target }, bytes) {
  const started = performance.now();
  let failure;
  try {
    await TARGETS[target](bytes);
  } catch (error) {
    if (!isTspodError(error)) failure = error;
  }
  const took = performance.now() - started;
  if (failure === undefined && took <= MAX_MS) return true;
  mkdirSync(join(root, '.cache/fuzz'), { recursive: true });
  const path = join(root, `.cache/fuzz/images-crash-${target}-${Date.now()}`);
  writeFileSync(path, bytes);
  console.error(
    `${path}: ${failure === undefined ? `took ${Math.round(took)} ms` : (failure.stack ?? failure)} (seed ${seed})`,
  );
  return false;
}

function changed(bytes, { random, pick, inputs }) {
  let result = Buffer.from(bytes);
  const at = () => Math.floor(random() * (result.length + 1));
  const cut = (from, to, middle) =>
    Buffer.concat([result.subarray(0, from), middle, result.subarray(Math.max(from, to))]);
  const changes = [
    () => void (result.length > 0 && (result[Math.min(at(), result.length - 1)] = Math.floor(random() * 256))),
    () => void (result.length > 0 && (result[Math.min(at(), result.length - 1)] ^= 1 << Math.floor(random() * 8))),
    () => void (result = cut(at(), at(), Buffer.alloc(0))),
    () => void (result = cut(at(), 0, Buffer.from(pick(WORDS), 'latin1'))),
    () => void (result = cut(at(), 0, Buffer.from(result.subarray(at(), at())))),
    () => void (result = result.subarray(0, at())),
    () => void (result = cut(at(), at(), pick(inputs).bytes)),
    () => void (result = Buffer.concat([result, result])),
    () => void fixChecksum(result, Math.floor(at() / 512) * 512),
  ];
  const count = 1 + Math.floor(random() * 6);
  for (let index = 0; index < count; index += 1) pick(changes)();
  // Headers whose checksum is wrong say nothing.
  if (random() < 0.7)
    for (let block = 0; block + 512 <= result.length; block += 512)
      if (result[block + 257] === 0x75) fixChecksum(result, block);
  return result.subarray(0, MAX_BYTES);
}

function fixChecksum(bytes, block) {
  if (block + 512 > bytes.length) return;
  bytes.fill(0x20, block + 148, block + 156);
  const sum = bytes.subarray(block, block + 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, block + 148, 'latin1');
}

/** mulberry32: numbers below 1 that a seed repeats. */
function generator(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
