/**
 * What keeps attacks out, and how it is switched off: each entry is a change of the sources without which the tests that it names must fail. A guard that
 * another stands behind has the edits of both; where tspod has no guard because it does not do a thing, the edit makes it do it.
 */
import { CONFINEMENT } from './confinement.mjs';
import { ENTER } from './enter.mjs';
import { IMAGES } from './images.mjs';
import { MONITORS } from './monitors.mjs';
import { MOUNTS } from './mounts.mjs';
import { NETWORKS } from './networks.mjs';
import { STORAGE } from './storage.mjs';

/** @typedef {{ file: string, from: string, to: string }} Edit `from` must be in the file exactly once */
/** @typedef {{ file: string, title: string }} Test the title, or its beginning if no other test of the file begins so */
/**
 * @typedef {object} Guard
 * @property {string} name what is switched off
 * @property {readonly Edit[]} edits
 * @property {readonly Test[]} tests each of them must fail
 * @property {number} [rounds] of tests that race; 10 if there is nothing here
 * @property {string} [says] a pattern of what a failure says that is no failed assertion
 * @property {boolean} [isQuick] one of those that a short run tries
 */

/** @type {readonly Guard[]} */
export const GUARDS = [...MOUNTS, ...ENTER, ...CONFINEMENT, ...STORAGE, ...IMAGES, ...MONITORS, ...NETWORKS];
