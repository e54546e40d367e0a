'use strict';
/**
 * Runs the bundle with the code that V8 made of it before, since compiling it takes longer than running it. A cache belongs to one bundle
 * (by its digest) and one version of Node; where there is none for this one yet, it is made when the program ends, if the directory can
 * be written to. V8 checks a cache before it uses it.
 */
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');

const filename = `${__dirname}/tspod.cjs`;
const cacheName = `${__dirname}/@DIGEST@-${process.version}-${process.arch}.cache`;

let cachedData;
try {
  cachedData = readFileSync(cacheName);
} catch {
  // none yet
}
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
if (cachedData === undefined || script.cachedDataRejected) process.once('exit', saveCache);
script.runInThisContext()(require, { filename, exports: {} }, {});

function saveCache() {
  try {
    const temporary = `${cacheName}.${process.pid}`;
    writeFileSync(temporary, script.createCachedData(), { flag: 'wx' });
    renameSync(temporary, cacheName);
  } catch {
    // a read-only directory: the program starts a little later each time
  }
}
