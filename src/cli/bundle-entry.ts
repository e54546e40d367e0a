/** What the bundle of the program begins with. */
import { runMain } from './main.js';

void runMain();
