#!/usr/bin/env node
/**
 * Links node_modules/.bin/tspod to the clone's own program, as npm does for an installed package: without it `npx tspod` would
 * first install the clone into npm's cache. Runs as part of `prepare`, which npm calls in a clone only.
 */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';

const directory = new URL('../node_modules/.bin/', import.meta.url);
mkdirSync(directory, { recursive: true });
rmSync(new URL('tspod', directory), { force: true });
symlinkSync('../../bin/tspod', new URL('tspod', directory));
